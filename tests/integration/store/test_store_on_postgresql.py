"""What only a database of many processes can get wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from threading import Event

import anyio
import psycopg
import pytest
from psycopg.errors import DeadlockDetected

from store.crash_points import Commit
from store.errors import StaleEpochError, StoreOpenError, StoreUnavailableError
from store.models import Change, ChangeFilter, PageApplied
from store.postgresql import PostgresqlStore, open_store
from store.postgresql.connection import open_writer
from store.postgresql.group_commit import Done, Undone
from store.postgresql.lane import Delivery, Lane, Unit
from store.postgresql.session import PostgresqlSession
from store.relational import metadata
from store.relational.session import Session, Work
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.store_fixtures import Owned, all_changes, all_objects, at, own, payloads, record

WRITERS = 3
PAGES = 12


@pytest.fixture
async def others(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[Sequence[PostgresqlStore]]:
    async with AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(await postgres.open_again(alone=False))
            for _ in range(WRITERS)
        ]


async def test_feed_has_no_gap_at_any_moment_whoever_writes(
    store: PostgresqlStore, others: Sequence[PostgresqlStore]
) -> None:
    companies = [await own(other, f"realm-{number}") for number, other in enumerate(others)]

    async def write(other: PostgresqlStore, company: Owned) -> None:
        for page in range(PAGES):
            rows = [record(f"{page}-{row}") for row in range(1 + page % 5)]
            await asyncio.gather(
                other.apply_page(company.page(*rows)),
                other.apply_page(company.page(record(f"{page}-more"))),
            )

    seen: list[Change] = []

    async def follow() -> None:
        while len(seen) < WRITERS * sum(2 + page % 5 for page in range(PAGES)):
            after = seen[-1].seq if seen else 0
            seen.extend(await store.changes(ChangeFilter(after=after, limit=1000)))
            assert [change.seq for change in seen] == list(range(1, len(seen) + 1))

    await asyncio.gather(follow(), *[write(*each) for each in zip(others, companies, strict=True)])
    assert await store.last_seq() == len(seen)


async def test_page_knows_the_numbers_of_its_own_changes_among_others(
    store: PostgresqlStore, others: Sequence[PostgresqlStore]
) -> None:
    company, theirs = await own(store), await own(others[0], "theirs")
    for number in range(5):
        await others[0].apply_page(theirs.page(record(f"{number}")))
        applied = await store.apply_page(company.page(record(f"a{number}"), record(f"b{number}")))
        mine = await store.changes(
            ChangeFilter(applied.last_seq - 2, account_id=company.account_id)
        )
        assert {change.object_id for change in mine} == {f"a{number}", f"b{number}"}


async def test_horizon_never_goes_back_whoever_forgets_changes(
    store: PostgresqlStore, others: Sequence[PostgresqlStore], company: Owned
) -> None:
    for number in range(40):
        await store.apply_page(company.page(record(f"{number}")))
    await store.finance.raise_floor(40)
    await store.note_progress((), 40)
    seen: list[int] = []

    async def watch() -> None:
        while True:
            seen.append(await store.changes_horizon())

    async def forget(other: PostgresqlStore, limit: int) -> None:
        while await other.prune_changes(at(1_000), limit=limit):
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await asyncio.gather(*[forget(other, limit) for limit, other in enumerate(others, 1)])
        group.cancel_scope.cancel()
    assert seen == sorted(seen)
    assert await store.changes_horizon() == 40
    assert await store.changes(ChangeFilter()) == []


async def test_account_is_not_taken_over_in_the_middle_of_a_transaction(
    store: PostgresqlStore, postgres: PostgresDatabase, company: Owned
) -> None:
    claimed: list[int] = []

    async def claim() -> None:
        claimed.append((await store.claim(company.account_id)).account.epoch)

    async with anyio.create_task_group() as group:
        with psycopg.connect(postgres.url) as owner:
            owner.execute("SELECT 1 FROM accounts FOR NO KEY UPDATE")
            group.start_soon(claim)
            assert not await is_met(claimed)
    assert claimed == [company.epoch + 1]
    with pytest.raises(StaleEpochError):
        await store.apply_page(company.page(record("1")))


async def test_connections_that_were_cut_are_not_noticed(
    store: PostgresqlStore, postgres: PostgresDatabase, company: Owned
) -> None:
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'syncline'"
    )
    for number in range(3):
        postgres.query(cut)
        await store.apply_page(company.page(record(f"{number}")))
        assert len(await all_objects(store, company.account_id)) == number + 1
    assert store.health().writable


@pytest.mark.timeout(120)
async def test_server_that_is_gone_takes_nothing_until_it_is_back(
    postgres_server: PostgresServer,
) -> None:
    server = PostgresServer()
    server.start()
    try:
        async with await open_store(server.url(), busy_timeout_s=1) as store:
            company = await own(store)
            server.stop()
            with pytest.raises(StoreUnavailableError):
                await store.apply_page(company.page(record("1")))
            with pytest.raises(StoreUnavailableError):
                await store.last_seq()
            assert not store.health().writable
            server.start()
            assert (await store.apply_page(company.page(record("1")))).last_seq == 1
            assert store.health().writable
            assert await store.last_seq() == 1
    finally:
        server.remove()


class Cut(PostgresqlSession):
    """Its first commit reaches the server, or does not, and nobody is told."""

    reaches = True
    cuts = 1

    def command(self, text: str) -> None:
        if text == "COMMIT" and Cut.cuts:
            Cut.cuts -= 1
            if Cut.reaches:
                super().command(text)
            self.close()
            raise psycopg.OperationalError("cut")
        super().command(text)


@pytest.mark.parametrize("reaches", [True, False])
async def test_commit_of_which_nobody_knows_is_asked_about(
    store: PostgresqlStore, postgres: PostgresDatabase, *, reaches: bool
) -> None:
    def connect() -> PostgresqlSession:
        opened = open_writer(postgres.url, durable=True, prepare=lambda _: None)
        return Cut(opened._connection)  # noqa: SLF001 - there is no other door to a cut

    def count(session: Session) -> int:
        metadata.write_metadata(session, f"run {len(runs)}", b"")
        runs.append(1)
        return len(runs)

    runs: list[int] = []
    Cut.reaches, Cut.cuts = reaches, 1
    assert await through_a_lane(connect, count) == [Done(1 if reaches else 2)]
    assert postgres.query("SELECT key FROM metadata") == [(f"run {0 if reaches else 1}",)]


async def test_group_that_met_others_is_begun_again(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    def unlucky(session: Session) -> int:
        runs.append(1)
        metadata.write_metadata(session, f"run {len(runs)}", b"")
        if len(runs) < 3:
            raise DeadlockDetected
        return len(runs)

    runs: list[int] = []

    def connect() -> PostgresqlSession:
        return open_writer(postgres.url, durable=False, prepare=lambda _: None)

    assert await through_a_lane(connect, unlucky) == [Done(3)]
    assert postgres.query("SELECT key FROM metadata") == [("run 3",)]


async def is_met(claimed: Sequence[int]) -> bool:
    """Give a claim that nobody holds up ten times as long as it takes."""
    for _ in range(50):
        await asyncio.to_thread(Event().wait, 0.002)
    return bool(claimed)


async def through_a_lane(
    connect: Callable[[], PostgresqlSession], *works: Work[object]
) -> list[object]:
    """Return what becomes of each of the works, which are committed one by one."""
    loop = asyncio.get_running_loop()
    delivered: asyncio.Queue[Delivery] = asyncio.Queue()
    lane = Lane("test", connect, delivered.put_nowait, group_bytes=1)
    outcomes: list[object] = []
    for work in works:
        lane.put(Unit(work, 1, Commit.OTHER, loop.create_future()))
        outcomes.extend((await delivered.get()).committed.outcomes)
    await lane.close()
    return outcomes


async def test_unit_that_there_is_no_memory_for_is_refused_and_the_others_are_stored(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    def large(session: Session) -> None:
        metadata.write_metadata(session, "large", b"")
        raise MemoryError

    def small(number: int) -> Work[None]:
        return lambda session: metadata.write_metadata(session, f"small {number}", b"")

    def read_much(_: Session) -> None:
        raise MemoryError

    works: list[Work[None]] = [small(1), large, small(2)]
    submitted = [store._writer.submit(work) for work in works]  # noqa: SLF001 - as the store does
    first, refused, second = await asyncio.gather(*submitted, return_exceptions=True)
    assert (first, second) == (None, None)
    assert isinstance(refused, StoreUnavailableError)
    assert "not enough memory" in str(refused)
    written = "SELECT key FROM metadata WHERE key ~ '^(small|large)' ORDER BY key"
    assert postgres.query(written) == [("small 1",), ("small 2",)]
    with pytest.raises(StoreUnavailableError, match="not enough memory"):
        await store._readers.run(read_much)  # noqa: SLF001 - as the store does


async def test_connection_that_was_left_in_the_middle_of_something_is_not_used_again(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    def leave(session: Session) -> None:
        assert isinstance(session, PostgresqlSession)
        session.command("SELECT pg_advisory_xact_lock(7)")
        raise MemoryError

    class Stuck(PostgresqlSession):
        """Cannot undo what it began."""

        def command(self, text: str) -> None:
            if text == "ROLLBACK":
                raise psycopg.OperationalError("out of memory")
            super().command(text)

    opened: list[PostgresqlSession] = []

    def connect() -> PostgresqlSession:
        session = open_writer(postgres.url, durable=False, prepare=lambda _: None)
        kind = PostgresqlSession if opened else Stuck
        opened.append(kind(session._connection))  # noqa: SLF001 - there is no other door
        return opened[-1]

    def write(session: Session) -> None:
        metadata.write_metadata(session, "written", b"")

    first, second = await through_a_lane(connect, leave, write)
    assert isinstance(first, Undone)
    assert isinstance(first.error, StoreUnavailableError)
    assert second == Done(None)
    assert [session.is_lost for session in opened] == [True, True]


async def test_one_unit_that_is_refused_leaves_the_others_of_its_group(
    store: PostgresqlStore, company: Owned
) -> None:
    stale = Owned(company.account_id, company.epoch - 1)
    pages = [owner.page(record(f"{number}")) for number, owner in enumerate([company, stale] * 5)]
    came = await asyncio.gather(*map(store.apply_page, pages), return_exceptions=True)
    assert [type(each) for each in came] == [PageApplied, StaleEpochError] * 5
    assert [change.seq for change in await all_changes(store)] == [1, 2, 3, 4, 5]


async def test_payload_can_be_looked_into_by_any_reader(
    store: PostgresqlStore, postgres: PostgresDatabase, company: Owned
) -> None:
    odd = [b'{"DocNumber":"A-17"}', b'{"DocNumber":"\\u0000"}', b"\xff", b""]
    await store.apply_page(
        company.page(*[record(f"{number}", payload=each) for number, each in enumerate(odd)])
    )
    asked = "SELECT payload ->> 'DocNumber' FROM object_documents ORDER BY object_id"
    assert postgres.query(asked) == [("A-17",), (None,), (None,), (None,)]
    assert payloads((await all_objects(store, company.account_id)).values()) == odd


async def test_second_daemon_is_refused(store: PostgresqlStore, postgres: PostgresDatabase) -> None:
    with pytest.raises(StoreOpenError, match="another daemon uses the database"):
        await postgres.open_again(patience_s=0.1)


async def test_database_of_a_newer_version_is_refused_and_not_changed(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    await store.close()
    postgres.query("INSERT INTO syncline_schema (version) VALUES (900) RETURNING 1")
    try:
        with pytest.raises(StoreOpenError, match="newer version"):
            await postgres.open_again()
    finally:
        postgres.query("DELETE FROM syncline_schema WHERE version = 900 RETURNING 1")


async def test_tables_of_another_program_are_left_alone(postgres_server: PostgresServer) -> None:
    url = postgres_server.url(postgres_server.create_database())
    with psycopg.connect(url) as other:
        other.execute("CREATE TABLE objects (theirs text)")
    with pytest.raises(StoreOpenError, match="another program"):
        await open_store(url)
    with psycopg.connect(url) as other:
        assert other.execute(
            "SELECT count(*) FROM pg_class WHERE relname = 'accounts'"
        ).fetchone() == (0,)


async def test_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(StoreOpenError, match=r"replica at 127\.0\.0\.1 cannot be used") as refused:
        await open_store("postgresql://me:hushhush@127.0.0.1:1/replica")
    assert "hushhush" not in str(refused.value)


async def test_what_a_reader_would_meet_as_a_zero_character_is_looked_up_as_another(
    store: PostgresqlStore, company: Owned
) -> None:
    await store.apply_page(company.page(record("a")))
    assert await store.object(company.account_id, "Invoice", "a\0") is None
    assert at(0) == (await all_objects(store, company.account_id))["a"].updated_at
