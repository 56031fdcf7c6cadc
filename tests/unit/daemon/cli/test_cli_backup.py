import hashlib
import json
import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from daemon.backup import BackupError, make_backup
from daemon.durable_file import replace_text
from daemon.metrics.recovery import RecoveryCollector
from daemon.recovery_note import read_note
from store.sqlite import SqliteStore
from store.sqlite.lock import locked
from support.backed_up import (
    BACKUP_NAME,
    KEY,
    drilled,
    fill_folder,
    go_on,
    rows,
    with_store,
)
from support.command_line import NOW, CommandLine
from support.store_fixtures import on_writer, own, record


@pytest.fixture
def filled(cli: CommandLine) -> CommandLine:
    fill_folder(cli)
    return cli


def alter(backup: Path, statement: str) -> None:
    """Change a backup behind everybody's back, and its checksum so that it seems right."""
    with closing(sqlite3.connect(backup)) as connection:
        connection.executescript(statement)
    digest = hashlib.sha256(backup.read_bytes()).hexdigest()
    backup.with_name(f"{backup.name}.sha256").write_text(f"{digest}  {backup.name}\n")


def test_a_backup_is_one_private_file_with_its_checksum(filled: CommandLine) -> None:
    result = filled.run("backup", str(filled.folder / "copy.db"), "--json")
    assert result.code == 0, result.err
    made, path = json.loads(result.out), filled.folder / "copy.db"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.with_name("copy.db.sha256").read_text() == f"{digest}  copy.db\n"
    assert made["sha256"] == digest
    assert (made["accounts"], made["last_seq"], made["taken_at"]) == (1, 5, "2026-03-01T12:00:00Z")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [name.name for name in filled.folder.glob("*copy*")] != []
    assert not list(filled.folder.glob("*copy.db-*"))
    assert not list(filled.folder.glob(".*"))
    assert rows(path, "SELECT count(*) FROM objects") == [(5,)]


def test_tokens_go_along_and_the_keys_do_not(filled: CommandLine) -> None:
    said = filled.run("backup", str(filled.folder / "copy.db")).err
    assert len(rows(filled.folder / "copy.db", "SELECT * FROM credentials")) == 1
    assert KEY.encode() not in (filled.folder / "copy.db").read_bytes()
    assert "keys that open its tokens are not in it" in said


def test_it_says_how_far_it_is(filled: CommandLine) -> None:
    assert "copying: 100 %" in filled.run("backup", str(filled.folder / "copy.db")).err


def test_nothing_is_overwritten(filled: CommandLine) -> None:
    (filled.folder / "copy.db").write_text("precious")
    result = filled.run("backup", str(filled.folder / "copy.db"))
    assert (result.code, result.out) == (1, "")
    assert "is not overwritten" in result.err
    assert (filled.folder / "copy.db").read_text() == "precious"


def test_in_a_folder_it_is_named_by_the_time_and_old_ones_go(filled: CommandLine) -> None:
    folder = filled.folder / "backups"
    folder.mkdir()
    for day in (1, 2, 3):
        for name in (
            f"syncline-2026020{day}T000000Z.db",
            f"syncline-2026020{day}T000000Z.db.sha256",
        ):
            (folder / name).write_text("")
    (folder / "syncline-20260204T000000Z.db").write_text("unfinished, and somebody else's care")
    assert filled.run("backup", str(folder), "--keep", "2").code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "syncline-20260203T000000Z.db",
        "syncline-20260203T000000Z.db.sha256",
        "syncline-20260204T000000Z.db",
        BACKUP_NAME,
        f"{BACKUP_NAME}.sha256",
    ]


def test_keep_without_a_folder_is_wrong_usage(filled: CommandLine) -> None:
    assert filled.run("backup", str(filled.folder / "copy.db"), "--keep", "2").code == 2


def test_a_damaged_database_is_not_backed_up(filled: CommandLine) -> None:
    database = filled.folder / "syncline.db"
    spoiled = bytearray(database.read_bytes())
    for place in range(8192 * 3, len(spoiled) - 8192, 8192):
        spoiled[place : place + 200] = b"\xff" * 200
    database.write_bytes(spoiled)
    result = filled.run("backup", str(filled.folder / "copy.db"))
    assert result.code == 1
    assert not list(filled.folder.glob("*copy.db*"))


def test_without_a_database_it_says_so_and_leaves_nothing(cli: CommandLine) -> None:
    result = cli.run("backup", str(cli.folder / "copy.db"))
    assert result.code == 1
    assert "there is no database" in result.err
    assert [path.name for path in cli.folder.iterdir()] == ["config.yaml"]


def test_what_is_written_meanwhile_is_not_in_it(tmp_path: Path) -> None:
    large = b'{"Id":"%d","text":"' + b"x" * 500_000 + b'"}'

    async def work(store: SqliteStore) -> None:
        company = await own(store)
        many = [record(f"{number}", payload=large % number) for number in range(30)]
        await store.apply_page(company.page(*many))
        with closing(sqlite3.connect(tmp_path / "syncline.db")) as other:

            def write(done: int, total: int) -> None:
                assert done <= total
                other.execute("UPDATE accounts SET name = name || '!'")
                other.commit()

            backup = make_backup(tmp_path / "syncline.db", tmp_path / "copy.db", NOW, write)
            assert backup.facts.last_seq == 30
            (changed,) = other.execute("SELECT name FROM accounts").fetchone()
        assert changed.endswith("!!")
        assert rows(tmp_path / "copy.db", "SELECT name FROM accounts") == [("Company realm-1",)]

    with_store(tmp_path, work)


def test_a_drill_passes_though_the_live_database_went_on(filled: CommandLine) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    with_store(filled.folder, go_on)
    result, report = drilled(filled, "--textfile", str(filled.folder / "drill.prom"))
    assert (result.code, report["problems"]) == (0, [])
    assert (report["passed"], report["age_s"], report["last_seq"]) == (True, 0.0, 5)
    assert (report["accounts"], report["objects"]) == (1, 5)
    assert (report["tokens"], report["tokens_opened"]) == (1, 1)
    assert datetime.fromisoformat(report["oldest_exact_as_of"]).minute == 0
    assert "syncline_restore_drill_successful 1.0" in (filled.folder / "drill.prom").read_text()
    collector = RecoveryCollector()
    collector.read = lambda: read_note(filled.folder / "syncline.db")
    shown = {family.name: [each.value for each in family.samples] for family in collector.collect()}
    assert shown["syncline_restore_drill_successful"] == [1.0]
    assert shown["syncline_backup_timestamp_seconds"] == [NOW.timestamp()]
    assert shown["syncline_backup_size_bytes"][0] > 8192


def test_a_drill_for_people_says_what_was_compared(filled: CommandLine) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    result = filled.run("restore-drill", str(filled.folder / "copy.db"))
    assert result.code == 0
    assert "passed: " in result.out
    assert "1 account and 5 objects compared, 1 of 1 accounts' tokens opened" in result.out


ALTERATIONS = {
    "another payload": "DROP TRIGGER objects_changed; DROP TRIGGER objects_superseded;"
    "UPDATE objects SET payload = '{}' WHERE object_id = '3'",
    "another payload of what changed since": "DROP TRIGGER objects_changed;"
    "DROP TRIGGER objects_superseded; UPDATE objects SET payload = '{}' WHERE object_id = '0'",
    "one more object": "DROP TRIGGER objects_added; INSERT INTO objects SELECT account_id,"
    " object_type, '99', version, updated_at, synced_at, deleted, via, payload, look_id"
    " FROM objects LIMIT 1",
    "an object less": "DELETE FROM objects WHERE object_id = '3'",
    "another change": "UPDATE changes SET op = 'delete' WHERE seq = 2",
    "an account that nobody knows": "UPDATE accounts SET id = 'nobody'",
}


@pytest.mark.parametrize("statement", ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_drill_fails_when_the_backup_is_not_what_the_database_was(
    filled: CommandLine, statement: str
) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    with_store(filled.folder, go_on)
    alter(filled.folder / "copy.db", statement)
    result, report = drilled(filled)
    assert (result.code, report["passed"]) == (1, False)
    assert report["problems"]
    assert not read_note(filled.folder / "syncline.db").drill_passed


def test_a_drill_fails_when_the_live_database_lost_what_the_backup_has(
    filled: CommandLine,
) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    with closing(sqlite3.connect(filled.folder / "syncline.db")) as connection:
        connection.execute("DELETE FROM objects WHERE object_id = '4'")
        connection.commit()
    _, report = drilled(filled)
    assert report["problems"] == [
        "1 differences that nothing explains: account of realm-1 Invoice 4"
    ]


def test_a_drill_fails_when_a_bit_flipped(filled: CommandLine) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    spoiled = bytearray((filled.folder / "copy.db").read_bytes())
    spoiled[-100] ^= 1
    (filled.folder / "copy.db").write_bytes(spoiled)
    result, report = drilled(filled)
    assert result.code == 1
    assert "is not as it was made" in report["problems"][0]


def test_a_drill_fails_when_the_keys_do_not_open_the_tokens(filled: CommandLine) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    (filled.folder / "syncline.db.key").unlink()
    result, report = drilled(filled)
    assert result.code == 1
    assert "1 of 1 accounts' tokens cannot be opened" in report["problems"][0]


def test_restoring_puts_the_database_aside_and_leaves_open_writes_to_a_person(
    filled: CommandLine,
) -> None:
    async def with_action(store: SqliteStore) -> None:
        await on_writer(store, insert_action)

    with_store(filled.folder, with_action)
    filled.run("backup", str(filled.folder / "copy.db"))
    with_store(filled.folder, go_on)
    result = filled.run("restore", str(filled.folder / "copy.db"), "--yes")
    assert result.code == 0, result.err
    assert "1 write may have been sent since" in result.err
    assert "error" not in result.err
    database = filled.folder / "syncline.db"
    aside = filled.folder / "syncline.db.before-20260301T120000Z"
    assert rows(database, "SELECT max(seq) FROM changes") == [(5,)]
    assert rows(aside, "SELECT max(seq) FROM changes") == [(9,)]
    assert rows(database, "SELECT state, parked FROM actions") == [("unknown", 1)]
    assert database.stat().st_mode & 0o777 == 0o600
    assert not [path for path in filled.folder.iterdir() if path.name.startswith(".")]
    with_store(filled.folder, go_on)


def insert_action(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO actions (id, account_id, type, payload, fingerprint, created_at, asked_at)"
        " VALUES ('one', 'account of realm-1', 'payment.create', '{}', 'f', 'now', 'now')"
    )


def test_what_root_makes_belongs_to_whom_the_database_belongs(filled: CommandLine) -> None:
    folder, database = filled.folder, filled.folder / "syncline.db"
    (folder / "backups").mkdir()
    if os.geteuid() == 0:
        for path in (folder, folder / "backups", *folder.iterdir()):
            os.chown(path, 4321, 4321)
    owner = database.stat().st_uid
    assert filled.run("backup", str(folder / "backups")).code == 0
    assert filled.run("restore-drill", str(folder / "backups")).code == 0
    (folder / "syncline.db.lock").unlink()
    assert filled.run("restore", str(folder / "backups"), "--yes").code == 0
    assert filled.run("keys", "rotate").code == 0
    foreign = [path.name for path in folder.rglob("*") if path.stat().st_uid != owner]
    assert foreign == []


def test_restoring_needs_the_daemon_stopped(filled: CommandLine) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    before = (filled.folder / "syncline.db").read_bytes()
    with locked(filled.folder / "syncline.db"):
        result = filled.run("restore", str(filled.folder / "copy.db"), "--yes")
    assert result.code == 1
    assert "stop that one first" in result.err
    assert (filled.folder / "syncline.db").read_bytes() == before


def test_restoring_what_does_not_fit_the_keys_says_that_the_daemon_will_not_start(
    filled: CommandLine,
) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    replace_text(filled.folder / "syncline.db.key", f"{Fernet.generate_key().decode()}\n")
    result = filled.run("restore", str(filled.folder / "copy.db"), "--yes")
    assert "the daemon will not start" in result.err


def test_a_backup_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "syncline.db").write_bytes(b"")
    with pytest.raises(BackupError, match="is empty"):
        make_backup(tmp_path / "syncline.db", tmp_path / "copy.db", NOW, lambda *_: None)
