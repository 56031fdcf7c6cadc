import subprocess
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any, cast

import pytest

from daemon.config import load_config, show_config
from daemon.config.quantity import parse_duration

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "systemd" / "syncline.service"
OLDER = ROOT / "systemd" / "syncline.service.d" / "before-254.conf"
EXPOSURE_IN_TENTHS = 15
PROGRAM = "/opt/syncline/venv/bin/syncline"
UNITS = sorted(path for path in UNIT.parent.iterdir() if path.suffix in {".service", ".timer"})
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def settings() -> dict[str, str]:
    lines = [line for line in UNIT.read_text().splitlines() if not line.startswith(("#", "["))]
    return dict(line.split("=", 1) for line in lines if line)


def test_systemd_waits_longer_for_the_stop_than_the_accounts_may_take() -> None:
    environ = {"QBO_CLIENT_ID": "a", "QBO_CLIENT_SECRET": "b"}
    grace_s = load_config(ROOT / "config.yaml", environ).server.shutdown_grace_s
    timeout_s = parse_duration(settings()["TimeoutStopSec"])
    assert timeout_s is not None
    assert timeout_s >= grace_s + 5


def test_console_script_of_an_environment_of_its_own_is_started() -> None:
    expected = "/opt/syncline/venv/bin/syncline run --config /etc/syncline/config.yaml"
    assert settings()["ExecStart"] == expected


def test_systemd_hears_of_start_reload_and_progress() -> None:
    unit = settings()
    assert (unit["Type"], unit["NotifyAccess"]) == ("notify-reload", "main")
    assert "WatchdogSec" in unit


def test_restarts_go_on_whatever_the_exit_code_was() -> None:
    unit = settings()
    assert (unit["Restart"], unit["StartLimitIntervalSec"]) == ("on-failure", "0")
    assert "RestartPreventExitStatus" not in unit


def test_credentials_are_called_as_the_secrets_that_they_are() -> None:
    lines = UNIT.read_text().splitlines()
    loaded = [line.partition("=")[2].partition(":") for line in lines if line[:5] == "LoadC"]
    for service in SERVICES:
        others = [line for line in service.read_text().splitlines() if line[:5] == "LoadC"]
        assert others == [line for line in lines if line[:5] == "LoadC"], service.name
    environ = {"QBO_CLIENT_ID": "a", "QBO_CLIENT_SECRET": "b", "CREDENTIALS_DIRECTORY": "/none"}
    shown = show_config(load_config(ROOT / "config.yaml", environ))
    for name, _, file in loaded:
        assert file == f"syncline.{name}"
        *sections, key = name.split(".")
        assert key in reduce(getitem, sections, cast("Any", shown))
    assert len(loaded) == 4


@pytest.mark.parametrize("timer", [path for path in UNITS if path.suffix == ".timer"])
def test_every_timer_starts_a_service_that_is_here(timer: Path) -> None:
    assert timer.with_suffix(".service") in SERVICES


@pytest.mark.parametrize("drop_ins", [[], [OLDER]], ids=["as it is", "for older systemd"])
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_every_line(
    unit: Path, drop_ins: list[Path], tmp_path: Path, systemd_analyze: str
) -> None:
    # It also looks for the program, which is not installed here.
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace(PROGRAM, "/bin/true"))
    folder = tmp_path / f"{UNIT.name}.d"
    folder.mkdir()
    for path in drop_ins:
        (folder / path.name).write_text(path.read_text())
    done = subprocess.run(
        [systemd_analyze, "verify", tmp_path / unit.name],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    # New in systemd 253 and 254; an older one ignores them and says so.
    newer = ("notify-reload", "'RestartSteps'", "'RestartMaxDelaySec'")
    said = [line for line in done.stderr.splitlines() if not any(word in line for word in newer)]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_service_is_exposed_no_more_than_it_was(unit: Path, systemd_analyze: str) -> None:
    command = [systemd_analyze, "security", "--offline=true", "--no-pager"]
    command += [f"--threshold={EXPOSURE_IN_TENTHS}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
