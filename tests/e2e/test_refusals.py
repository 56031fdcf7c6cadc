"""What the daemon refuses at its start: one clear line, exit code 2, and nothing damaged."""

import signal
import socket

import pytest
import yaml

from support.real_processes import DaemonSetup, script, until

pytestmark = pytest.mark.timeout(120)


def test_second_daemon_on_the_same_file_is_refused(setup: DaemonSetup) -> None:
    with setup.running() as first:
        second = setup.command("run")
        assert second.returncode == 2
        assert f"in use by process {first.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        first.send(signal.SIGTERM)
        assert first.exit_code() == 0


def test_taken_port_is_refused(setup: DaemonSetup) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", setup.port))
        taken.listen()
        refused = setup.command("run")
    assert refused.returncode == 2
    assert str(setup.port) in refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_problem_of_the_configuration_is_listed(setup: DaemonSetup) -> None:
    setup.config.write_text("server: {port: x, hots: y}\nlog: {level: loud}\n")
    refused = setup.command("run")
    assert refused.returncode == 2
    for path in ("server.port", "server.hots", "log.level"):
        assert path in refused.stderr
    assert not setup.database.exists()


def test_wrong_sealing_key_is_refused_and_the_right_one_still_works(setup: DaemonSetup) -> None:
    with setup.running() as daemon:
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0
    right = setup.config.read_text()
    wrong = yaml.safe_load(right) | {"secrets": {"keys": ["A" * 43 + "="]}}
    setup.config.write_text(yaml.safe_dump(wrong))
    refused = setup.command("run")
    assert refused.returncode == 2
    assert "put back the key" in refused.stderr
    setup.config.write_text(right)
    with setup.running() as daemon:
        daemon.send(signal.SIGTERM)
        assert daemon.exit_code() == 0


def test_folder_that_cannot_be_written_is_refused(setup: DaemonSetup) -> None:
    setup.config.write_text("store: {url: 'sqlite:////nowhere/at/all/syncline.db'}\n")
    refused = setup.command("run")
    assert refused.returncode == 2
    assert "directory that does not exist" in refused.stderr


def test_ctrl_c_ends_it_well_too(setup: DaemonSetup) -> None:
    with setup.running() as daemon:
        daemon.send(signal.SIGINT)
        assert daemon.exit_code() == 0


def test_command_without_a_daemon_says_how_to_start_it(setup: DaemonSetup) -> None:
    refused = setup.command("accounts")
    assert refused.returncode == 1
    assert "syncline run --config" in refused.stderr


def test_sandbox_on_a_taken_port_is_refused_and_ends_well_on_sigterm(setup: DaemonSetup) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = setup.command("sandbox", "--port", str(taken.getsockname()[1]))
    assert refused.returncode == 1
    assert "cannot listen" in refused.stderr
    with script(setup.folder, "sandbox", "--port", "0") as sandbox:
        until("serving", lambda: sandbox.out)
        sandbox.send(signal.SIGTERM)
        assert sandbox.exit_code() == 0
