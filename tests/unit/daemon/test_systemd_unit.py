import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.config import load_config
from daemon.config.quantity import parse_duration

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "systemd" / "syncline.service"
EXPOSURE_IN_TENTHS = 15

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not here")


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


@needs_systemd
def test_systemd_takes_every_line_of_the_unit(tmp_path: Path) -> None:
    # It also looks for the program, which is not installed here.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/syncline/venv/bin/syncline", "/bin/true"))
    done = subprocess.run(
        [str(ANALYZE), "verify", unit], capture_output=True, text=True, check=False
    )
    # New in systemd 253 and 254; an older one ignores them and says so.
    newer = ("notify-reload", "'RestartSteps'", "'RestartMaxDelaySec'")
    said = [line for line in done.stderr.splitlines() if not any(word in line for word in newer)]
    assert (done.returncode, said) == (0, [])


@needs_systemd
def test_service_is_exposed_no_more_than_it_was() -> None:
    command = [str(ANALYZE), "security", "--offline=true", "--no-pager"]
    command += [f"--threshold={EXPOSURE_IN_TENTHS}", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
