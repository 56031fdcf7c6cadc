"""What a user waits for goes before everything else, and nothing is lost or doubled by that."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from threading import Event

import anyio
import pytest

from store.crash_points import Commit, CrashPoint
from store.sqlite.connection import open_writer
from store.sqlite.database import Database, InlineDatabase, ThreadedDatabase
from store.sqlite.log_upkeep import LogUpkeep
from store.sqlite.opening import Mode
from store.sqlite.session import SqliteSession, Work
from store.sqlite.writer import Writer

ROWS = 250_000
"""Long enough to be met while they are written, on a busy machine too."""
LONG = """
INSERT INTO metadata (key, value)
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ?)
SELECT printf('%s %09d', ?, x), zeroblob(100) FROM n
"""


@pytest.fixture
async def database(path: Path, mode: Mode) -> AsyncIterator[Database]:
    kind = ThreadedDatabase if mode == "threaded" else InlineDatabase
    opened = await kind.open(lambda: open_writer(path, durable=False, busy_timeout_s=0))
    yield opened
    await opened.close()


def put(key: str) -> Work[str]:
    def work(connection: SqliteSession) -> str:
        connection.execute("INSERT INTO metadata (key, value) VALUES (?, x'00')", (key,))
        return key

    return work


class LongWork:
    """A statement that takes a while, and says when it was begun."""

    def __init__(self, name: str, rows: int = ROWS) -> None:
        self.name = name
        self.rows = rows
        self.begun = 0
        self.running = Event()

    def __call__(self, connection: SqliteSession) -> int:
        self.begun += 1
        self.running.set()
        return connection.execute(LONG, (self.rows, self.name)).rowcount


def size_bytes(path: Path) -> int:
    return path.stat().st_size


async def rows(database: Database, name: str) -> int:
    def count(connection: SqliteSession) -> int:
        wanted = "SELECT count(*) FROM metadata WHERE key LIKE ? || ' %'"
        (found,) = connection.execute(wanted, (name,)).fetchone()
        return int(found)

    return await database.run(count)


async def test_urgent_goes_before_what_was_submitted_earlier(database: Database) -> None:
    order: list[int] = []
    writer = Writer(database, order.append)
    ran: list[str] = []

    def noting(name: str) -> Work[None]:
        return lambda _: ran.append(name)

    hold = Event()
    if isinstance(database, InlineDatabase):
        hold.set()
    first = writer.submit(lambda _: hold.wait(10))
    later = [writer.submit(noting(name)) for name in ("page", "another page")]
    urgent = [writer.submit(noting(name), urgent=True) for name in ("payment", "another payment")]
    hold.set()
    await first
    for each in (*later, *urgent):
        await each
    assert ran[:2] == ["payment", "another payment"]
    assert ran[2:] == ["page", "another page"]


@pytest.mark.parametrize("mode", ["threaded"])
async def test_what_is_being_written_gives_way_and_is_written_once(database: Database) -> None:
    writer = Writer(database, lambda _: None)
    page = LongWork("page")
    stored = writer.submit(page)
    await anyio.to_thread.run_sync(page.running.wait)
    assert await writer.submit(put("payment"), urgent=True) == "payment"
    assert not stored.done()
    assert await stored == ROWS
    assert page.begun == 2
    assert await rows(database, "page") == ROWS
    assert writer.health.writable


@pytest.mark.parametrize("mode", ["threaded"])
async def test_what_was_broken_off_has_not_come_to_its_commit(database: Database) -> None:
    page, came_to = LongWork("page"), list[int]()
    point = CrashPoint("page.after_commit", die=lambda: came_to.append(page.begun))
    writer = Writer(database, lambda _: None, point)
    stored = writer.submit(page, commit=Commit.PAGE)
    await anyio.to_thread.run_sync(page.running.wait)
    await writer.submit(put("payment"), urgent=True)
    assert not stored.done()
    await stored
    assert came_to == [2]


@pytest.mark.parametrize("mode", ["threaded"])
async def test_urgent_ones_without_end_do_not_starve_the_rest(database: Database) -> None:
    writer = Writer(database, lambda _: None)
    page = LongWork("page", 50_000)
    stored = writer.submit(page)
    paid = 0
    with anyio.fail_after(60):
        while not stored.done():
            await writer.submit(put(f"payment {paid}"), urgent=True)
            paid += 1
            await anyio.sleep(0.001)
    assert await stored == 50_000
    assert page.begun <= 5
    assert await rows(database, "page") == 50_000
    assert await rows(database, "payment") == paid


class LateDatabase(ThreadedDatabase):
    """Its thread does not come to go on until long after the loop heard of what it did."""

    def call_back(self, callback: Callable[[], None]) -> None:
        super().call_back(callback)
        Event().wait(0.02)


async def test_a_page_is_written_however_late_the_thread_goes_on(tmp_path: Path) -> None:
    opened = await LateDatabase.open(
        lambda: open_writer(tmp_path / "late.db", durable=False, busy_timeout_s=0)
    )
    writer = Writer(opened, lambda _: None)
    with anyio.fail_after(10):
        payment = writer.submit(put("payment"), urgent=True)
        await payment
        # The thread has not looked for more yet.
        assert await writer.submit(put("page")) == "page"
        again = writer.submit(put("another payment"), urgent=True)
        page = writer.submit(put("another page"))
        await again
        assert await page == "another page"
    await opened.close()


@pytest.mark.parametrize("mode", ["threaded"])
async def test_a_page_that_is_refused_for_good_is_not_run_for_ever(database: Database) -> None:
    writer = Writer(database, lambda _: None)

    def wrong(connection: SqliteSession) -> None:
        connection.execute("SELECT no_such_column FROM metadata")

    refused = writer.submit(wrong)
    await writer.submit(put("payment"), urgent=True)
    with pytest.raises(sqlite3.OperationalError, match="no_such_column"):
        await refused


@pytest.mark.parametrize("mode", ["threaded"])
async def test_the_log_is_carried_over_in_a_quiet_moment(database: Database, path: Path) -> None:
    upkeep = LogUpkeep()
    upkeep.pause_s = 0.0
    writer = Writer(database, lambda _: None, upkeep=upkeep)
    before = size_bytes(path)
    await writer.submit(LongWork("page", 30_000), 16 * 1024 * 1024)
    with anyio.fail_after(10):
        while size_bytes(path) == before:
            await anyio.lowlevel.checkpoint()
    await writer.close()
    assert await rows(database, "page") == 30_000


@pytest.mark.parametrize("mode", ["threaded"])
async def test_a_log_that_is_carried_over_all_the_time_loses_nothing(
    database: Database, path: Path
) -> None:
    upkeep = LogUpkeep()
    upkeep.pause_s = 0.0
    writer = Writer(database, lambda _: None, upkeep=upkeep)
    for number in range(30):
        stored = writer.submit(LongWork(f"page{number}", 2000), 9 * 1024 * 1024)
        await writer.submit(put(f"payment {number}"), urgent=True)
        await stored
        await anyio.sleep(0.003 if number % 3 else 0.0)
    assert [await rows(database, f"page{number}") for number in range(30)] == [2000] * 30
    assert await rows(database, "payment") == 30
    await writer.close()
    checked = sqlite3.connect(path)
    assert checked.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    checked.close()
