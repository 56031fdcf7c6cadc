import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import anyio
import pytest

from store.errors import StaleEpochError, StoreFullError, StoreUnavailableError
from store.models import StoreHealth
from store.sqlite import SqliteStore
from store.sqlite.connection import open_writer
from store.sqlite.database import InlineDatabase
from store.sqlite.group_commit import Done, Undone, commit_group
from store.sqlite.opening import Mode
from store.sqlite.session import SqliteSession, Work
from store.sqlite.writer import GROUP_BYTES, Writer
from support.store_fixtures import (
    Owned,
    all_changes,
    all_objects,
    on_writer,
    open_quick,
    own,
    record,
)


@pytest.fixture
def connection(path: Path) -> Iterator[SqliteSession]:
    opened = open_writer(path, durable=False, busy_timeout_s=0)
    yield opened
    opened.close()


def put(key: str) -> Work[str]:
    def work(connection: SqliteSession) -> str:
        connection.execute("INSERT INTO metadata (key, value) VALUES (?, x'00')", (key,))
        return key

    return work


def put_then_fail(key: str, error: Exception) -> Work[None]:
    def work(connection: SqliteSession) -> None:
        put(key)(connection)
        raise error

    return work


def keys(connection: SqliteSession) -> list[str]:
    return [key for (key,) in connection.execute("SELECT key FROM metadata ORDER BY key")]


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("made up")
    error.sqlite_errorcode = code
    return error


def test_unit_that_fails_undoes_itself_alone(connection: SqliteSession) -> None:
    failure = LookupError("its own")
    result = commit_group(
        connection,
        [put("a"), put_then_fail("b", failure), put("a"), put("c")],
    )
    assert result.trouble is None
    assert result.outcomes[:2] == [Done("a"), Undone(failure)]
    assert isinstance(result.outcomes[2], Undone)
    assert isinstance(result.outcomes[2].error, sqlite3.IntegrityError)
    assert result.outcomes[3] == Done("c")
    assert keys(connection) == ["a", "c"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StoreFullError),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreUnavailableError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreUnavailableError),
        (sqlite3.SQLITE_READONLY_DBMOVED, StoreUnavailableError),
        (sqlite3.SQLITE_CORRUPT_VTAB, StoreUnavailableError),
    ],
)
def test_trouble_of_the_database_undoes_the_whole_group(
    connection: SqliteSession, code: int, kind: type[StoreUnavailableError]
) -> None:
    result = commit_group(connection, [put("a"), put_then_fail("b", sqlite_error(code)), put("c")])
    assert [type(outcome.error) for outcome in result.outcomes if isinstance(outcome, Undone)] == [
        kind,
        kind,
        kind,
    ]
    assert len({id(outcome) for outcome in result.outcomes}) == 3
    assert type(result.trouble) is kind
    assert keys(connection) == []
    assert commit_group(connection, [put("d")]).outcomes == [Done("d")]


def test_transaction_that_ended_inside_a_unit_fails_the_group(
    connection: SqliteSession,
) -> None:
    result = commit_group(
        connection, [put("a"), lambda inside: inside.execute("ROLLBACK"), put("c")]
    )
    assert isinstance(result.trouble, StoreUnavailableError)
    assert keys(connection) == []
    assert commit_group(connection, [put("d")]).trouble is None


async def test_units_are_applied_in_the_order_of_their_submission(store: SqliteStore) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(store.set_metadata, "key", f"{number}".encode())
    assert await store.metadata("key") == b"199"


async def test_pages_submitted_together_share_a_commit_and_stay_apart(
    store: SqliteStore, company: Owned, mode: Mode
) -> None:
    stale = await own(store, "realm-2")
    await store.claim(stale.account_id)
    statements: list[str] = []
    refused = []
    all_submitted = Event()
    if mode == "inline":
        all_submitted.set()

    async def write(owner: Owned, object_id: str) -> None:
        try:
            await store.apply_page(owner.page(record(object_id)))
        except StaleEpochError as error:
            refused.append(error)

    await on_writer(store, lambda connection: connection.set_trace_callback(statements.append))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(on_writer, store, lambda _: all_submitted.wait(10))
        for number in range(100):
            tasks.start_soon(write, stale if number % 10 == 0 else company, f"{number}")
        await anyio.wait_all_tasks_blocked()
        all_submitted.set()
    await on_writer(store, lambda connection: connection.set_trace_callback(None))

    assert statements.count("COMMIT") == 1
    assert len(refused) == 10
    assert len(await all_objects(store, company.account_id)) == 90
    assert await all_objects(store, stale.account_id) == {}


async def test_group_is_bounded_by_its_bytes(connection: SqliteSession) -> None:
    groups: list[int] = []
    writer = Writer(InlineDatabase(connection), groups.append)
    submitted = [writer.submit(put(f"{number}"), GROUP_BYTES // 3) for number in range(5)]
    submitted.append(writer.submit(put("huge"), GROUP_BYTES * 2))
    submitted.append(writer.submit(put("small")))
    assert [await result for result in submitted] == ["0", "1", "2", "3", "4", "huge", "small"]
    assert len(groups) == 5


async def test_cancelled_waiter_takes_nothing_back_and_harms_nobody(
    store: SqliteStore, company: Owned
) -> None:
    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await store.apply_page(company.page(record("given up")))
        tasks.start_soon(store.apply_page, company.page(record("waited for")))
    assert scope.cancelled_caught
    assert set(await all_objects(store, company.account_id)) == {"given up", "waited for"}
    assert len(await all_changes(store)) == 2


async def test_closing_finishes_what_was_submitted(path: Path, mode: Mode) -> None:
    store = await open_quick(path, mode)
    company = await own(store)
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(store.apply_page, company.page(record(f"{number}")))
        await anyio.lowlevel.checkpoint()
        await store.close()
        await store.close()
    async with await open_quick(path, mode) as reopened:
        assert len(await all_objects(reopened, company.account_id)) == 20
        assert await reopened.last_seq() == 20


async def test_closed_store_refuses_reads_and_writes(store: SqliteStore) -> None:
    await store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.set_metadata("key", b"")
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.accounts()


async def test_store_that_takes_writes_is_healthy(store: SqliteStore) -> None:
    await store.check()
    assert store.health() == StoreHealth(writable=True)


async def test_result_is_there_for_readers_once_it_is_returned(
    store: SqliteStore, company: Owned
) -> None:
    for number in range(20):
        await store.apply_page(company.page(record(f"{number}")))
        assert await store.last_seq() == number + 1


class Unlucky(SqliteSession):
    """Its first rollback is broken off, as any statement may be."""

    lucky = False

    def execute(self, statement: str, /, *parameters: object) -> sqlite3.Cursor:
        if statement == "ROLLBACK" and not self.lucky:
            self.lucky = True
            raise interrupted()
        return super().execute(statement, *parameters)


def interrupted() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("interrupted")
    error.sqlite_errorcode = sqlite3.SQLITE_INTERRUPT
    return error


def test_a_rollback_that_is_broken_off_does_not_keep_the_next_group_out(
    connection: SqliteSession, path: Path
) -> None:
    connection.close()

    def broken_off(_: SqliteSession) -> None:
        raise interrupted()

    unlucky = sqlite3.connect(path, isolation_level=None, factory=Unlucky)
    assert commit_group(unlucky, [broken_off]).interrupted
    assert commit_group(unlucky, [lambda _: "urgent"]).outcomes == [Done("urgent")]
    unlucky.close()
