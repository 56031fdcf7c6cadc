"""A replica that is moved from SQLite to PostgreSQL is all there, whatever happened on the way."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import psycopg
import pytest

from store.errors import StoreOpenError
from store.models import ChangeFilter
from store.moving.catalog import numbered_columns, sequences_in, tables_in
from store.moving.source import read_source
from store.moving.tables import LOOK_NUMBERS, ONLY_IN_POSTGRESQL, ONLY_IN_SQLITE, moved_tables
from store.postgresql import open_store
from store.postgresql.connection import open_connection
from store.postgresql.migrate import Migrator, bundled_migrations
from support import move_process
from support.full_file import make_full_file
from support.moved import Moved
from support.postgres_server import PostgresServer
from support.store_fixtures import Owned, at, move, open_quick, own, record, tombstone

if TYPE_CHECKING:
    from store.moving.move import MoveReport

OBJECTS = 250
"""More than two pieces of a table."""

_INDEXES = """
SELECT indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename NOT LIKE 'syncline_move%' ORDER BY 1
"""
_CONSTRAINTS = """
SELECT relname, conname, convalidated, pg_get_constraintdef(pg_constraint.oid)
FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE connamespace = 'public'::regnamespace AND relname NOT LIKE 'syncline_move%' ORDER BY 1, 2
"""
_TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
"""
_COLLATIONS = """
SELECT relname, attname, collname
FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = ANY (conkey)
JOIN pg_collation ON pg_collation.oid = attcollation
WHERE contype = 'p' AND connamespace = 'public'::regnamespace
"""
PARTS = (_INDEXES, _CONSTRAINTS, _TRIGGERS)

MEANWHILE = (
    "UPDATE objects SET payload = 'other', deleted = 0 WHERE object_id = '7'",
    "UPDATE objects SET deleted = 1 WHERE object_id = '8'",
    "DELETE FROM objects WHERE object_id = '9'",
    "DELETE FROM looks WHERE id = 1",
    "UPDATE accounts SET paused = 1 - paused",
)


@pytest.fixture
def moved(tmp_path: Path, empty_url: str) -> Moved:
    return Moved(tmp_path / "syncline.db", empty_url)


@pytest.fixture
def full(moved: Moved) -> Moved:
    make_full_file(moved.path)
    return moved


def test_no_table_and_no_sequence_is_forgotten(full: Moved) -> None:
    with closing(open_connection(full.url, {})) as connection, read_source(full.path) as source:
        Migrator(bundled_migrations()).migrate(connection)
        tables = moved_tables(source.schema(), tables_in(connection))
        assert {table.name for table in tables} == source.schema().keys() - ONLY_IN_SQLITE
        moves_own = {"syncline_move", "syncline_move_progress"}
        assert tables_in(connection).keys() & ONLY_IN_POSTGRESQL == ONLY_IN_POSTGRESQL - moves_own
        of_columns = {sequence.split(".")[-1] for sequence, _, _ in numbered_columns(connection)}
        assert sequences_in(connection) == of_columns | {LOOK_NUMBERS[0]}


def test_no_table_has_to_be_sorted_to_be_read(full: Moved) -> None:
    with closing(open_connection(full.url, {})) as connection, read_source(full.path) as source:
        Migrator(bundled_migrations()).migrate(connection)
        tables = moved_tables(source.schema(), tables_in(connection))
    with closing(sqlite3.connect(full.path)) as file:
        for table in tables:
            key = ", ".join(column.source for column in table.key_columns)
            plan = file.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table.name} ORDER BY {key}")  # noqa: S608
            assert "TEMP B-TREE" not in str(plan.fetchall()), table.name


def test_texts_of_keys_are_in_the_same_order_whatever_the_language(moved: Moved) -> None:
    with closing(open_connection(moved.url, {})) as connection:
        Migrator(bundled_migrations()).migrate(connection)
        found = connection.execute(_COLLATIONS.encode()).fetchall()
    assert {collation for _, _, collation in found} == {"C"}, found


def test_owner_of_the_database_needs_no_more_rights(
    full: Moved, postgres_server: PostgresServer
) -> None:
    postgres_server.administer("CREATE ROLE mover LOGIN", "CREATE DATABASE owned OWNER mover")
    owned = Moved(full.path, postgres_server.url("owned").replace("postgres@", "mover@"))
    owned.move()
    assert owned.there() == owned.here()


def test_every_row_of_every_table_arrives(full: Moved) -> None:
    report = full.move()
    here = full.here()
    assert full.there() == here
    assert all(here.values()), [table for table, rows in here.items() if not rows]
    assert {table.name: table.rows for table in report.tables} == {
        table: len(rows) for table, rows in here.items()
    }
    assert (report.already, report.damaged, report.corrected) == (False, 0, 0)


def test_database_is_put_together_as_a_new_one_is(
    full: Moved, postgres_server: PostgresServer
) -> None:
    def schema(url: str) -> object:
        with psycopg.connect(url) as connection:
            return [connection.execute(text.encode()).fetchall() for text in PARTS]

    full.move()
    new = postgres_server.url(postgres_server.create_database())
    with closing(open_connection(new, {})) as connection:
        Migrator(bundled_migrations()).migrate(connection)
    assert schema(full.url) == schema(new)


async def test_store_goes_on_where_the_file_ended(moved: Moved) -> None:
    async with await open_quick(moved.path) as file:
        company = await own(file)
        await file.apply_page(company.page(*(record(f"{n}") for n in range(5))))
        gone = await own(file, "realm-gone")
        await file.apply_page(gone.page(record("9")))
        await file.disconnect(gone.account_id, purge=True, at=at(1))
        last = await file.last_seq()
    moved.move()
    async with await open_store(moved.url, durable=False) as store:
        assert await store.last_seq() == last == 6
        claimed = await store.claim(company.account_id)
        assert claimed.account.epoch == company.epoch + 1
        going_on = Owned(company.account_id, claimed.account.epoch)
        again = await store.apply_page(going_on.page(*(record(f"{n}") for n in range(5))))
        assert again.last_seq == last
        applied = await store.apply_page(
            going_on.page(record("0", 10), tombstones=[tombstone("1", 10)], observed=10)
        )
        assert applied.last_seq == last + 2
        changes = await store.changes(ChangeFilter(after=last))
        assert [change.seq for change in changes] == [last + 1, last + 2]


@pytest.mark.parametrize(
    ("step", "times"),
    [
        ("copying", 30),
        ("comparing", 1),
        ("building indexes", 20),
        ("handing over", 1),
        ("handing over", 2),
    ],
)
async def test_killed_anywhere_it_goes_on_and_never_are_both_used(
    moved: Moved, step: str, times: int
) -> None:
    make_full_file(moved.path, objects=OBJECTS)
    command = [sys.executable, move_process.__file__, str(moved.path), moved.url, step, f"{times}"]
    killed = subprocess.run(command, check=False, capture_output=True)  # noqa: ASYNC221
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    with pytest.raises(StoreOpenError, match="has not ended: call syncline migrate-store again"):
        await open_store(moved.url)
    if (step, times) != ("handing over", 2):
        # The file is still the one to be used; what is done with it is moved, too.
        moved.alter(*MEANWHILE)
        async with await open_quick(moved.path) as file:
            company = await own(file)
            await file.apply_page(company.page(record("new")))
    report = moved.move()
    assert moved.there() == moved.here()
    assert report.already == ((step, times) == ("handing over", 2))
    with pytest.raises(StoreOpenError, match="was moved to"):
        await open_quick(moved.path)
    async with await open_store(moved.url, durable=False) as store:
        assert await store.last_seq() == moved.ask("SELECT max(seq) FROM changes")[0][0]
    assert moved.move().already
    assert moved.ask("SELECT to_regclass('syncline_move_progress')") == [(None,)]


async def test_what_a_daemon_writes_meanwhile_is_moved_too(moved: Moved) -> None:
    make_full_file(moved.path, objects=OBJECTS)
    file = await open_quick(moved.path)
    company = await own(file)
    await file.apply_page(company.page(*(record(f"{number}") for number in range(100))))
    waited: list[int | None] = []

    def wait(process: int | None) -> bool:
        waited.append(process)
        loop.call_soon_threadsafe(stop.set)
        return True

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    reports: list[MoveReport] = []

    async def move_it() -> None:
        reports.append(await asyncio.to_thread(moved.move, wait=wait))

    async with anyio.create_task_group() as group:
        group.start_soon(move_it)
        await stop.wait()
        await file.apply_page(
            company.page(
                *(record(f"{number}", 10) for number in range(0, 100, 2)),
                record("new"),
                tombstones=[tombstone("51", 10)],
                cursors=[move(covered=10)],
            )
        )
        await file.close()
    assert waited[0] is not None
    assert reports[0].corrected > 0
    assert moved.there() == moved.here()


def test_memory_does_not_grow_with_the_rows(moved: Moved) -> None:
    make_full_file(moved.path)
    moved.alter(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        " INSERT INTO object_versions (account_id, object_type, object_id, version, updated_at,"
        " seen_at, ended_at, deleted, via, payload) SELECT 'a', 'b', i, '', '2026-01-01T00:00:00Z',"
        " '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 0, 'poll', zeroblob(100000) FROM n"
    )
    sizes: list[int] = []
    with closing(open_connection(moved.url, {})) as connection, read_source(moved.path) as source:
        Migrator(bundled_migrations()).migrate(connection)
        tables = moved_tables(source.schema(), tables_in(connection))
        (table,) = (each for each in tables if each.name == "object_versions")
        sizes = [len(chunk.data) for chunk in source.chunks(table)]
    assert sum(sizes) > 30_000_000
    assert max(sizes) < 5_000_000
