import json
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from actors.credential import Sealer
from daemon.config import Config, load_config
from daemon.doctor import (
    Host,
    check_clock,
    check_credentials,
    check_database,
    check_exposure,
    check_secrets,
    check_server,
    check_sqlite,
    check_vendors,
)
from daemon.doctor_units import check_recovery, check_unit
from daemon.finding import Finding, Level
from daemon.generated_secret import ensure_keys
from daemon.recovery_note import RecoveryNote, write_note
from daemon.sealing_proof import PROOF_KEY
from store.relational.metadata import write_metadata
from store.sqlite.connection import open_writer
from support.command_line import NOW, CommandLine, FrozenClock

QUICKBOOKS = """
vendors:
  quickbooks:
    client_id: a
    client_secret: b
    endpoints: {authorize_url: "http://v/a", token_url: "http://v/t", revoke_url: "http://v/r",
                api_url: "http://api"}
"""


def load(folder: Path, text: str = "") -> Config:
    path = folder / "config.yaml"
    path.write_text(text)
    return load_config(path, {})


def answering(status: int, *, skew_s: float = 0.0, text: str = "") -> httpx.Client:
    date = format_datetime(NOW - timedelta(seconds=skew_s), usegmt=True)
    reply = httpx.Response(status, headers={"Date": date}, text=text)
    return httpx.Client(transport=httpx.MockTransport(lambda _: reply))


def dead() -> httpx.Client:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Name or service not known", request=request)

    return httpx.Client(transport=httpx.MockTransport(refuse))


def host(http: httpx.Client) -> Host:
    return Host({}, FrozenClock(), http, lambda _: None)


def levels(findings: Iterator[Finding]) -> list[tuple[str, Level]]:
    return [(finding.check, finding.level) for finding in findings]


def test_old_sqlite_fails() -> None:
    (finding,) = check_sqlite((3, 37, 2))
    assert finding.level is Level.FAIL
    assert "3.38" in finding.advice


def test_database_without_a_folder_fails_with_the_command_that_makes_it(tmp_path: Path) -> None:
    (finding,) = check_database(tmp_path / "nowhere" / "syncline.db")
    assert finding.level is Level.FAIL
    assert finding.advice == f"mkdir -p {tmp_path / 'nowhere'}"


def test_database_that_cannot_be_written_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.doctor.os.access", lambda *_: False)
    findings = list(check_database(tmp_path / "syncline.db"))
    assert findings[0].level is Level.FAIL


def test_disk_without_room_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1 << 20})
    monkeypatch.setattr("daemon.doctor.shutil.disk_usage", lambda _: usage)
    assert levels(check_database(tmp_path / "syncline.db"))[-1] == ("disk", Level.FAIL)


def test_secrets_not_made_yet_are_fine(tmp_path: Path) -> None:
    assert levels(check_secrets(load(tmp_path))) == [
        ("admin token", Level.OK),
        ("sealing key", Level.OK),
    ]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """Make a database that was sealed with the key beside it; return the key's file."""
    database = tmp_path / "syncline.db"
    key = ensure_keys(database)
    connection = open_writer(database, durable=False, busy_timeout_s=1.0)
    write_metadata(connection, PROOF_KEY, Sealer([key.value.reveal()]).proof())
    connection.close()
    return key.path


def test_key_that_sealed_the_database_is_fine(tmp_path: Path, sealed: Path) -> None:
    assert levels(check_secrets(load(tmp_path)))[1] == ("sealing key", Level.OK)
    assert str(sealed) in list(check_secrets(load(tmp_path)))[1].found


def test_lost_sealing_key_beside_a_database_fails(tmp_path: Path, sealed: Path) -> None:
    sealed.unlink()
    findings = list(check_secrets(load(tmp_path)))
    assert findings[1].level is Level.FAIL
    assert "put the key file back" in findings[1].advice
    assert not sealed.exists()


@pytest.mark.parametrize("text", ["A" * 43 + "=", "garbage", "", " \n"])
def test_key_file_that_does_not_open_the_database_fails(
    tmp_path: Path, sealed: Path, text: str
) -> None:
    sealed.write_text(text)
    assert levels(check_secrets(load(tmp_path)))[1] == ("sealing key", Level.FAIL)


@pytest.mark.usefixtures("sealed")
def test_configured_key_that_does_not_open_the_database_fails(tmp_path: Path) -> None:
    config = load(tmp_path, f"secrets: {{keys: ['{'A' * 43}=']}}")
    assert levels(check_secrets(config))[1] == ("sealing key", Level.FAIL)


@pytest.mark.usefixtures("sealed")
def test_database_of_a_later_version_fails(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "syncline.db")) as connection:
        connection.execute("PRAGMA user_version = 999")
    (finding, _) = check_database(tmp_path / "syncline.db")
    assert finding.level is Level.FAIL
    assert "newer version" in finding.found


def test_database_of_another_program_fails(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "syncline.db")) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert "another program's" in next(check_database(tmp_path / "syncline.db")).found


def test_file_that_is_no_database_and_a_folder_fail(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but long enough to be read" * 9)
    (tmp_path / "folder.db").mkdir()
    for name in ("text.db", "folder.db"):
        assert levels(check_database(tmp_path / name))[0] == ("database", Level.FAIL)


def test_token_that_others_can_read_fails(tmp_path: Path) -> None:
    token = tmp_path / "syncline.db.admin-token"
    token.write_text("x")
    token.chmod(0o644)
    findings = list(check_secrets(load(tmp_path)))
    assert findings[0].level is Level.FAIL
    assert "chmod 600" in findings[0].found


def test_running_daemon_is_recognised(tmp_path: Path) -> None:
    http = answering(200, text='{"status": "ok", "version": "1.2.3"}')
    config = load(tmp_path, "server: {admin_token: ours-and-long-enough}")
    (finding,) = check_server(config, "http://127.0.0.1:8321", http)
    assert finding.level is Level.OK
    assert "version 1.2.3" in finding.found


@pytest.mark.parametrize("text", ["", "server: {admin_token: ours-and-long-enough}"])
def test_a_different_syncline_on_the_port_fails(tmp_path: Path, text: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/health":
            return httpx.Response(200, json={"status": "ok", "version": "1.2.3"})
        return httpx.Response(401)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    (finding,) = check_server(load(tmp_path, text), "http://127.0.0.1:8321", http)
    assert finding.level is Level.FAIL
    assert "another Syncline" in finding.found


@pytest.mark.parametrize("text", ["<html>", "[]", '{"status": "ok"}'])
def test_another_program_on_the_port_fails(tmp_path: Path, text: str) -> None:
    http = answering(200, text=text)
    assert levels(check_server(load(tmp_path), "http://x", http)) == [("port", Level.FAIL)]


def test_free_port_is_fine_and_a_taken_one_fails(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = load(tmp_path, f"server: {{port: {taken.getsockname()[1]}}}")
        assert levels(check_server(config, "http://x", dead())) == [("port", Level.FAIL)]
    assert levels(check_server(config, "http://x", dead())) == [("port", Level.OK)]


def test_plain_http_beyond_this_machine_is_warned_of(tmp_path: Path) -> None:
    text = "server: {host: 0.0.0.0, public_url: 'http://sync.example.com'}"
    assert levels(check_exposure(load(tmp_path, text))) == [
        ("exposure", Level.WARN),
        ("exposure", Level.WARN),
    ]


def test_loopback_with_a_public_https_address_is_fine(tmp_path: Path) -> None:
    text = "server: {public_url: 'https://sync.example.com'}"
    assert list(check_exposure(load(tmp_path, text))) == []


def test_every_host_of_a_vendor_is_asked_once(tmp_path: Path) -> None:
    findings = list(check_vendors(load(tmp_path, QUICKBOOKS), host(answering(404))))
    assert [(finding.level, finding.found) for finding in findings[:-1]] == [
        (Level.OK, "http://v answers"),
        (Level.OK, "http://api answers"),
    ]


def test_vendor_out_of_reach_fails_and_says_how(tmp_path: Path) -> None:
    findings = list(check_vendors(load(tmp_path, QUICKBOOKS), host(dead())))
    assert {finding.level for finding in findings} == {Level.FAIL}
    assert "Name or service not known" in findings[0].found


def test_clock_that_is_off_fails(tmp_path: Path) -> None:
    findings = list(check_vendors(load(tmp_path, QUICKBOOKS), host(answering(404, skew_s=-600))))
    assert findings[-1].level is Level.FAIL
    assert findings[-1].found == "600 s behind the vendors'"


def test_one_vendor_with_a_wrong_clock_is_not_our_clock() -> None:
    assert levels(check_clock([3_600.0, 0.4])) == [("clock", Level.OK)]


def test_credential_that_nothing_takes_is_warned_of(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name in ("vendors.quickbooks.client_secret", "qbo-secret"):
        (folder / name).touch()
    environ = {"CREDENTIALS_DIRECTORY": str(folder)}
    findings = {each.level: each for each in check_credentials(load(tmp_path, QUICKBOOKS), environ)}
    assert findings[Level.OK].found == "vendors.quickbooks.client_secret"
    assert findings[Level.WARN].found == "nothing takes qbo-secret"


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (None, []),
        ("LoadState=not-found\nActiveState=inactive\n", [("systemd", Level.OK)]),
        ("LoadState=loaded\nActiveState=active\nNRestarts=2\n", [("systemd", Level.OK)] * 3),
        (
            "LoadState=loaded\nActiveState=failed\n",
            [("systemd", Level.FAIL)] + [("systemd", Level.WARN)] * 2,
        ),
    ],
    ids=["no systemd", "not installed", "active", "failed"],
)
def test_unit_is_looked_at_where_there_is_systemd(
    shown: str | None, found: list[tuple[str, Level]]
) -> None:
    def systemctl(arguments: Sequence[str]) -> str | None:
        if arguments == ("--version",):
            return "systemd 257 (257.9-1)\n+PAM"
        assert arguments[0] == "show"
        return shown

    assert levels(check_unit(systemctl)) == found


@pytest.mark.parametrize("drop_in", [True, False])
def test_systemd_that_is_too_old_for_the_unit_needs_the_drop_in(drop_in: bool) -> None:
    shown = "LoadState=loaded\nActiveState=active\n"
    if drop_in:
        shown += "DropInPaths=/etc/systemd/system/syncline.service.d/before-254.conf\n"

    def systemctl(arguments: Sequence[str]) -> str | None:
        return "systemd 252 (252.38-1~deb12u1)\n" if arguments == ("--version",) else shown

    bad = [each for each in check_unit(systemctl) if each.level is Level.FAIL]
    assert bool(bad) is not drop_in


def test_backup_and_drill_are_asked_for_when_they_are_missing_or_old(tmp_path: Path) -> None:
    def found(note: RecoveryNote) -> list[Level]:
        write_note(tmp_path / "s.db", note)
        return [each.level for each in check_recovery(tmp_path / "s.db", NOW)]

    recent, old = NOW - timedelta(hours=1), NOW - timedelta(hours=60)
    assert found(RecoveryNote()) == [Level.WARN, Level.WARN]
    good = RecoveryNote(backup_at=recent, drill_at=recent, drill_passed=True)
    assert found(good) == [Level.OK, Level.OK]
    stale = RecoveryNote(backup_at=old, drill_at=old, drill_passed=True)
    assert found(stale) == [Level.WARN, Level.WARN]
    assert found(RecoveryNote(backup_at=recent, drill_at=recent)) == [Level.OK, Level.FAIL]


def test_doctor_prints_a_table_and_passes_on_a_sound_host(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/health", httpx.Response(200, json={"status": "ok", "version": "9"}))
    result = cli.run("doctor")
    assert result.code == 0
    assert result.out.splitlines()[0].split() == ["CHECK", "FOUND", "WHAT", "TO", "DO"]
    assert "version 9" in result.out


def test_doctor_fails_when_anything_does(cli: CommandLine) -> None:
    cli.daemon.on("GET", "/health", httpx.Response(200, text="another program"))
    result = cli.run("doctor", "--json")
    assert result.code == 1
    failed = [each for each in json.loads(result.out) if each["level"] == "fail"]
    assert [each["check"] for each in failed] == ["port"]


def test_doctor_lists_every_problem_of_the_configuration(cli: CommandLine) -> None:
    (cli.folder / "config.yaml").write_text("server: {port: x}\nlog: {level: loud}\n")
    result = cli.run("doctor")
    assert result.code == 1
    assert "server.port" in result.out
    assert "log.level" in result.out
