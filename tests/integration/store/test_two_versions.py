"""Nodes of two versions on one PostgreSQL database, for the length of a roll-out."""

import asyncio
import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import anyio
import psycopg
import pytest

from store.crash_points import CrashPoint
from store.errors import StoreOpenError, StoreUnavailableError
from store.postgresql import PostgresqlStore, open_store
from store.postgresql.connection import open_connection, open_writer
from store.postgresql.migrate import Migrator, bundled_migrations, schema_version
from store.postgresql.session import STATEMENTS, PostgresqlSession
from support.later_schema import KNOWN, later_migrations, later_version, this_version
from support.postgres_server import PostgresServer
from support.store_fixtures import Owned, all_changes, all_objects, own, record

if TYPE_CHECKING:
    from store.models import StoreHealth

LATER = KNOWN + 1


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.url(postgres_server.create_database())


async def opened(url: str, version: Migrator) -> PostgresqlStore:
    return await open_store(url, alone=False, durable=False, busy_timeout_s=0, migrator=version)


def query(url: str, text: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(text.encode()).fetchall()


async def write(store: PostgresqlStore, company: Owned, tag: str, pages: int) -> None:
    for page in range(pages):
        await store.apply_page(company.page(record(f"{tag}-{page}"), record(f"{tag}-{page}b")))


async def test_both_versions_go_on_while_nodes_are_replaced_one_by_one(url: str) -> None:
    async with await opened(url, this_version("one")) as one:
        async with await opened(url, this_version("two")) as two:
            mine, theirs = await own(one), await own(two, "realm-2")
            rollout = asyncio.gather(write(one, mine, "a", 30), write(two, theirs, "b", 30))
            later = await opened(url, later_version(works_beside=KNOWN))
            await rollout
        async with later:
            newest = await own(later, "realm-3")
            await asyncio.gather(write(later, newest, "c", 10), write(one, mine, "d", 10))
            # An older one whose connections end comes again, and so does one that starts.
            query(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'syncline one'",
            )
            await write(one, mine, "e", 10)
            async with await opened(url, this_version("two")) as two_again:
                theirs = Owned(
                    theirs.account_id, (await two_again.claim(theirs.account_id)).account.epoch
                )
                await write(two_again, theirs, "f", 10)
                assert len(await all_objects(later, mine.account_id)) == 2 * 50
                assert len(await all_objects(later, theirs.account_id)) == 2 * 40
                assert len(await all_objects(two_again, newest.account_id)) == 2 * 10
                seqs = [change.seq for change in await all_changes(one)]
                assert seqs == list(range(1, 2 * 100 + 1))


async def test_nodes_that_cannot_use_the_new_schema_are_named_and_waited_for(url: str) -> None:
    older = await opened(url, this_version("shop-2"))
    with pytest.raises(StoreOpenError, match=f"syncline shop-2 at .*schema {KNOWN}") as refused:
        await opened(url, later_version(works_beside=None))
    assert "Nothing was changed" in str(refused.value)
    company = await own(older)
    await older.apply_page(company.page(record("1")))
    await older.close()
    async with await opened(url, later_version(works_beside=None)) as later:
        assert set(await all_objects(later, company.account_id)) == {"1"}
    with pytest.raises(StoreOpenError, match=f"its schema is {LATER}, this version knows {KNOWN}"):
        await opened(url, this_version("shop-2"))


async def test_nodes_that_are_cut_off_write_nothing_more(url: str) -> None:
    async with await opened(url, this_version("one")) as older:
        company = await own(older)
        forced = later_version(works_beside=None, over_older=True)
        async with await opened(url, forced) as later:
            heard: list[StoreHealth] = []
            older.on_health(heard.append)
            with pytest.raises(StoreUnavailableError, match="newer version"):
                await older.apply_page(company.page(record("1")))
            assert [each.outdated for each in heard] == [True]
            with pytest.raises(StoreUnavailableError, match="newer version"):
                await older.note_reads("quickbooks", "2026-11", 1)
            assert "newer version" in str(older.health().reason)
            assert await all_objects(later, company.account_id) == {}


async def test_later_step_that_is_stricter_holds_whatever_an_earlier_one_allowed(url: str) -> None:
    steps = list(later_migrations(works_beside=KNOWN))
    stricter = Migrator([*steps, type(steps[0])(LATER + 1, "x.sql", "SELECT 1;")])
    async with await opened(url, stricter):
        pass
    for version in (this_version("old"), Migrator(steps)):
        with pytest.raises(StoreOpenError, match=f"only what knows {LATER + 1} works with it"):
            await opened(url, version)


async def test_schema_of_a_version_that_declared_nothing_is_known_to_itself_alone(url: str) -> None:
    async with await opened(url, this_version("new")):
        pass
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE syncline_schema DROP COLUMN works_beside")
    async with await opened(url, this_version("again")):
        pass
    with pytest.raises(StoreOpenError, match="newer version"):
        await opened(url, Migrator(bundled_migrations()[:-1]))
    async with await opened(url, later_version(works_beside=KNOWN)):
        pass
    assert query(url, "SELECT works_beside FROM syncline_schema ORDER BY version DESC LIMIT 1") == [
        (KNOWN,)
    ]


async def test_step_waits_for_a_reader_without_holding_up_others_for_long(url: str) -> None:
    async with await opened(url, this_version("one")) as one:
        company = await own(one)
        with psycopg.connect(url) as reader:
            reader.execute("SELECT count(*) FROM objects")
            came: list[PostgresqlStore] = []

            async def come() -> None:
                came.append(await opened(url, later_version(works_beside=KNOWN)))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(come)
                with anyio.fail_after(4.0):
                    await one.apply_page(company.page(record("1")))
                assert came == []
                reader.rollback()
            [later] = came
            async with later:
                assert set(await all_objects(later, company.account_id)) == {"1"}


def outcomes(session: PostgresqlSession) -> dict[str, object]:
    """Run every statement with nothing but NULLs, and undo it: what it returns, or why it fails."""
    found: dict[str, object] = {}
    connection = session._connection  # noqa: SLF001 - there is no other door to all statements
    for name, compiled in sorted(STATEMENTS.items()):
        given = [None] * len(set(re.findall(rb"\$\d+", compiled.text)))
        session.command("BEGIN")
        try:
            cursor = psycopg.RawCursor(connection)
            cursor.execute(compiled.text, given, prepare=True, binary=True)
            found[name] = [column.name for column in cursor.description or ()]
        except psycopg.Error as error:
            found[name] = error.sqlstate
        session.command("ROLLBACK")
    return found


async def test_each_statement_of_the_earlier_version_does_the_same_on_the_later_schema(
    url: str,
) -> None:
    """Prepared before the later version came, and run before and after."""
    older = this_version("one")
    session = open_writer(url, durable=False, prepare=older.migrate)
    try:
        before = outcomes(session)
        returning = [name for name, outcome in before.items() if isinstance(outcome, list)]
        assert len(returning) > len(before) / 2
        with closing(open_connection(url, {})) as connection:
            later_version(works_beside=KNOWN).migrate(connection)
            assert schema_version(connection) == LATER
        assert outcomes(session) == before
    finally:
        session.close()


class KilledError(Exception):
    """Stands for the end of the process: nothing that it had open is committed."""


def _die() -> None:
    raise KilledError


@pytest.mark.parametrize("place", ["before_commit", "after_commit"])
@pytest.mark.parametrize("step", [1, KNOWN, LATER])
async def test_upgrade_killed_at_a_step_is_finished_by_the_next_start(
    url: str, step: int, place: str
) -> None:
    crash_point = CrashPoint(f"migration.{place}", step, die=_die)
    with closing(open_connection(url, {})) as connection, pytest.raises(KilledError):
        later_version(works_beside=KNOWN).migrate(connection, crash_point)
    with closing(open_connection(url, {})) as connection:
        assert schema_version(connection) == (step if place == "after_commit" else step - 1)
    async with await opened(url, later_version(works_beside=KNOWN)) as later:
        assert await later.accounts() == []
    assert query(url, "SELECT count(*), max(version) FROM syncline_schema") == [(LATER, LATER)]
