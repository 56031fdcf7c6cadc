"""The commands that become a process of their own."""

from pathlib import Path

import pytest
import yaml

from actors.vendors.servicetitan import ServiceTitanSettings
from daemon import app
from daemon.cli.sandbox_section import housecall_section, sandbox_section, titan_section
from daemon.config import load_config
from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.servicetitan import ServiceTitanSandbox
from support.command_line import NOW, CommandLine


def test_run_hands_over_the_configuration_and_ends_as_the_daemon_does(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Path] = []

    def run(path: Path) -> int:
        handed.append(path)
        return 2

    monkeypatch.setattr(app, "run", run)
    assert cli.run("run").code == 2
    assert handed == [cli.folder / "config.yaml"]


def test_run_without_a_configuration_is_wrong_usage(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").unlink()
    assert cli.run("run").code == 2


def test_sandboxs_section_is_a_sound_configuration(tmp_path: Path) -> None:
    section = sandbox_section(QuickBooksSandbox(lambda: NOW), "http://127.0.0.1:8400")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"vendors": {"quickbooks": section}}))
    assert load_config(path, {}).vendors["quickbooks"].account.poll_interval_s == 5.0


def test_titan_sandboxs_section_is_a_sound_configuration(tmp_path: Path) -> None:
    section = titan_section(ServiceTitanSandbox(lambda: NOW), "http://127.0.0.1:8400/servicetitan")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"vendors": {"servicetitan": section}}))
    config = load_config(path, {}).vendors["servicetitan"]
    settings = config.settings()
    assert isinstance(settings, ServiceTitanSettings)
    assert settings.token_url == "http://127.0.0.1:8400/servicetitan/connect/token"


def test_housecall_sandboxs_section_is_a_sound_configuration(tmp_path: Path) -> None:
    section = housecall_section("http://127.0.0.1:8400/housecallpro")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"vendors": {"housecallpro": section}}))
    config = load_config(path, {}).vendors["housecallpro"]
    assert config.webhook_secret is not None
    assert config.account.limits.in_flight == 1
