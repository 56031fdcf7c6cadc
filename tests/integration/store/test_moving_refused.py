"""What is not moved, what is moved otherwise, and what the person is told."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.errors import MoveError, StoreOpenError
from store.moving.source import Damage
from store.moving.take_back import take_back
from store.moving.target import open_target
from store.postgresql import open_store
from store.postgresql.opening import reach
from support.full_file import make_full_file
from support.moved import Moved
from support.postgres_server import PostgresServer
from support.store_fixtures import open_quick, own, record

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def moved(tmp_path: Path, empty_url: str) -> Moved:
    pair = Moved(tmp_path / "syncline.db", empty_url)
    make_full_file(pair.path)
    return pair


def refusal(moved: Moved) -> str:
    with pytest.raises(StoreOpenError) as refused:
        moved.move()
    return str(refused.value)


async def test_database_with_rows_of_its_own_is_refused(moved: Moved) -> None:
    async with await open_store(moved.url, durable=False) as store:
        await own(store)
    assert "is not empty (there are rows in accounts)" in refusal(moved)
    assert moved.ask("SELECT count(*) FROM accounts") == [(1,)]


async def test_database_that_nodes_share_is_refused(moved: Moved) -> None:
    async with await open_store(moved.url, durable=False):
        pass
    moved.run("INSERT INTO cluster (shard_count) VALUES (64)")
    assert "there are rows in cluster" in refusal(moved)


async def test_database_that_once_gave_numbers_is_refused(moved: Moved) -> None:
    async with await open_store(moved.url, durable=False):
        pass
    moved.run("UPDATE feed SET last_seq = 7")
    assert "is not empty" in refusal(moved)


async def test_database_that_a_daemon_uses_is_refused(
    moved: Moved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.moving.target._PATIENCE_S", 0.1)
    async with await open_store(moved.url, durable=False):
        assert "another daemon, or another move, uses the database" in refusal(moved)


def test_database_of_another_move_is_refused(
    moved: Moved, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    other = Moved(tmp_path / "other.db", moved.url)
    make_full_file(other.path)
    other.move()
    assert f"holds what another move brought (of {other.path})" in refusal(moved)
    assert other.there() == other.here()
    third = Moved(other.path, postgres_server.url(postgres_server.create_database()))
    assert "was moved to" in refusal(third)


def test_tables_of_another_version_are_refused(moved: Moved) -> None:
    with open_target(moved.url, None) as target:
        target.make_schema()
    moved.run("INSERT INTO syncline_schema (version) VALUES (999)")
    assert "made by a newer version (its schema is 999" in refusal(moved)
    moved.run("DELETE FROM syncline_schema WHERE version > 1")
    assert "made by an older version (its schema is 1" in refusal(moved)


def test_file_of_another_version_is_refused_with_what_to_do(moved: Moved) -> None:
    moved.alter("PRAGMA user_version = 3")
    assert "start this version's daemon on it once" in refusal(moved)
    moved.alter("PRAGMA user_version = 999")
    assert "install that version" in refusal(moved)
    moved.alter("PRAGMA application_id = 7")
    assert "is another program's" in refusal(moved)
    assert moved.ask("SELECT count(*) FROM pg_class WHERE relname = 'accounts'") == [(0,)]


def test_file_that_is_not_there_is_not_made(moved: Moved, tmp_path: Path) -> None:
    missing = Moved(tmp_path / "missing.db", moved.url)
    assert refusal(missing) == f"there is no database {missing.path}"
    assert not missing.path.exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://user:hunter2@[::1/name", "is no URL"),
        ("postgresql://user:hunter2@127.0.0.1:1/name", "cannot be used"),
        ("postgresql://user:hunter2@/name?host=/nowhere", "cannot be used"),
    ],
)
def test_secrets_stay_out_of_what_is_said(moved: Moved, url: str, said: str) -> None:
    refused = refusal(Moved(moved.path, url))
    assert said in refused
    assert "hunter2" not in refused


async def test_daemon_that_is_not_stopped_is_named_and_nothing_is_lost(moved: Moved) -> None:
    async with await open_quick(moved.path):
        said = refusal(moved)
    assert "the daemon must be stopped" in said
    assert "is in use by process" in said
    assert moved.move().corrected == 0
    assert moved.there() == moved.here()


def test_looking_changes_nothing_in_either(moved: Moved) -> None:
    held = moved.path.read_bytes()
    report = moved.look()
    assert moved.path.read_bytes() == held
    assert moved.ask("SELECT to_regclass('accounts')") == [(None,)]
    # The move's own id is noted in the file when it begins.
    assert moved.move().rows == report.rows + 1
    assert moved.look().already


def test_what_no_text_can_hold_is_replaced_and_named(moved: Moved) -> None:
    moved.alter(
        "UPDATE accounts SET name = 'a' || char(0) || 'b' WHERE id = 'account-1'",
        "UPDATE looks SET look = CAST(x'6cff' AS TEXT) WHERE id = 2",
    )
    report = moved.move()
    assert report.damages == [
        Damage("accounts", "account-1", "name has U+0000 in it"),
        Damage("looks", "2", "look is no UTF-8"),
    ]
    assert moved.ask("SELECT name FROM accounts WHERE id = 'account-1'") == [("a\ufffdb",)]
    assert moved.ask("SELECT look FROM looks WHERE id = 2") == [("l\ufffd",)]


def test_payloads_are_kept_whatever_bytes_they_are(moved: Moved) -> None:
    moved.alter("UPDATE objects SET payload = CAST(x'6100ff' AS TEXT) WHERE rowid = 1")
    assert moved.move().damaged == 0
    assert moved.there() == moved.here()
    assert (b"a\0\xff",) in moved.ask("SELECT payload FROM objects")


def test_object_that_cannot_be_held_is_left_to_a_verification(moved: Moved) -> None:
    moved.alter(
        "UPDATE objects SET updated_at = 'yesterday' WHERE object_id = 'object-1'",
        "UPDATE objects SET object_id = CAST('object-2' AS BLOB) WHERE object_id = 'object-2'",
        "INSERT INTO objects SELECT account_id, object_type, 'object-2', version, updated_at,"
        " synced_at, deleted, via, payload, look_id FROM objects WHERE object_id = 'object-3'",
    )
    report = moved.move()
    assert {(damage.table, damage.wrong, damage.left_out) for damage in report.damages} == {
        ("objects", "updated_at is no time, but b'yesterday'", True),
    }
    assert "object-1" in report.damages[0].key
    assert (report.damaged, len(moved.there()["objects"])) == (1, 3)


@pytest.mark.parametrize("value", ["'never'", "x'ff'"])
def test_users_write_that_cannot_be_held_stops_the_move(moved: Moved, value: str) -> None:
    moved.alter(f"UPDATE actions SET created_at = {value} WHERE id = 'action-1'")  # noqa: S608
    with pytest.raises(MoveError, match="may not be left out"):
        moved.look()
    said = refusal(moved)
    assert "actions (action-1): created_at is no time" in said
    assert "Mend them in the file" in said
    moved.alter("UPDATE actions SET created_at = asked_at WHERE id = 'action-1'")
    assert moved.move().corrected > 0
    assert moved.there() == moved.here()


def test_rows_that_do_not_fit_each_other_stop_the_move_and_are_named(moved: Moved) -> None:
    moved.alter("UPDATE routings SET job_id = 'nowhere' WHERE id = 'routing-1'")
    said = refusal(moved)
    assert "rows do not fit each other" in said
    assert "(job_id)=(nowhere)" in said
    moved.alter("UPDATE routings SET job_id = 'job-1' WHERE id = 'routing-1'")
    moved.move()
    assert moved.there() == moved.here()


async def test_moved_file_is_refused_by_whoever_opens_it(moved: Moved) -> None:
    moved.move()
    with pytest.raises(StoreOpenError, match=r"was moved to test_.*name that one in store\.url"):
        await open_quick(moved.path)
    with closing(sqlite3.connect(moved.path)) as file:
        # What versions before this one look at.
        assert file.execute("PRAGMA application_id").fetchone() != (0x53594E43,)


async def test_move_can_be_taken_back_and_then_the_database_is_refused(moved: Moved) -> None:
    moved.move()
    with open_target(moved.url, None) as target:
        take_back(moved.path, target, NOW)
    async with await open_quick(moved.path) as file:
        company = await own(file)
        await file.apply_page(company.page(record("1")))
    with pytest.raises(StoreOpenError, match="was given up"):
        await open_store(moved.url)
    with pytest.raises(StoreOpenError, match="was given up"):
        reach(moved.url)
    assert "holds what another move brought" in refusal(moved)


def test_what_was_not_moved_is_not_taken_back(moved: Moved, tmp_path: Path) -> None:
    with pytest.raises(MoveError, match="was not moved"):
        take_back(moved.path, None, NOW)
    moved.move()
    other = Moved(tmp_path / "other.db", moved.url)
    make_full_file(other.path)
    with open_target(moved.url, None) as target, pytest.raises(MoveError, match="was not moved"):
        take_back(other.path, target, NOW)
    take_back(moved.path, None, NOW)
    assert moved.ask("SELECT state FROM syncline_move") == [("done",)]
    assert "holds what another move brought" in refusal(moved)
