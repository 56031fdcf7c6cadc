"""Backups that died, logs that outlived their database, and rows that were mended since."""

import os
import shutil

import pytest
from msgspec.structs import replace

from store.models import Via
from store.sqlite import SqliteStore
from store.verification import Difference, Mend
from support.backed_up import BACKUP_NAME, drilled, fill_folder, rows, with_store
from support.command_line import NOW, CommandLine
from support.store_fixtures import Owned, record


@pytest.fixture
def filled(cli: CommandLine) -> CommandLine:
    fill_folder(cli)
    return cli


ALIEN = (
    "INSERT INTO objects SELECT account_id, 'Alien', object_id, version, updated_at, synced_at,"
    " deleted, via, payload, look_id FROM objects WHERE object_id = '3'"
)
DAMAGE = "UPDATE objects SET payload = '{\"damaged\":1}' WHERE object_id = '3'"


@pytest.mark.parametrize(("before", "after"), [(ALIEN, ""), ("", DAMAGE)])
def test_a_drill_passes_when_a_verification_put_something_right_since(
    filled: CommandLine, before: str, after: str
) -> None:
    async def mend(store: SqliteStore) -> None:
        epoch = (await store.claim("account of realm-1")).account.epoch
        company, shown = Owned("account of realm-1", epoch), record("3")
        held = (await store.unlike(company.account_id, "Invoice", [shown])).get("3")
        page = replace(
            company.page(shown, via=Via.VERIFY, observed=30),
            judged=() if held is None else (held,),
            mends=() if held is None else (Mend("Invoice", "3", Difference.DIFFERING),),
            strangers=await store.strangers(company.account_id, ["Invoice"]),
            look="verification",
        )
        assert len((await store.apply_page(page)).mended) == 1

    rows(filled.folder / "syncline.db", before)
    filled.run("backup", str(filled.folder / "copy.db"))
    rows(filled.folder / "syncline.db", after)
    with_store(filled.folder, mend)
    _, report = drilled(filled)
    assert report["problems"] == []


def test_a_log_that_a_lost_database_left_is_not_played_into_the_backup(
    filled: CommandLine,
) -> None:
    filled.run("backup", str(filled.folder / "copy.db"))
    database, log = filled.folder / "syncline.db", filled.folder / "syncline.db-wal"

    async def keep_log(store: SqliteStore) -> None:
        await store.set_metadata("later", b"than the backup")
        shutil.copy(log, filled.folder / "kept")

    with_store(filled.folder, keep_log)
    database.unlink()
    (filled.folder / "kept").rename(log)
    result = filled.run("restore", str(filled.folder / "copy.db"), "--yes")
    assert result.code == 0, result.err
    assert rows(database, "SELECT * FROM metadata WHERE key = 'later'") == []
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]


def test_a_backup_whose_checksum_cannot_be_written_leaves_nothing(
    filled: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("daemon.backup.replace_text", full)
    assert filled.run("backup", str(filled.folder / "copy.db")).code == 1
    assert not list(filled.folder.glob("*copy*"))


def test_what_a_killed_backup_left_goes_after_a_day(filled: CommandLine) -> None:
    folder = filled.folder / "backups"
    folder.mkdir()
    old, new = folder / f".{BACKUP_NAME}.old", folder / f".{BACKUP_NAME}.new"
    for draft, age_s in ((old, 90_000), (new, 60)):
        draft.write_text("half of it")
        os.utime(draft, (0, NOW.timestamp() - age_s))
    assert filled.run("backup", str(folder)).code == 0
    assert (old.exists(), new.exists()) == (False, True)
