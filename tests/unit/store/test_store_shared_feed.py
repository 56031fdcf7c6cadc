import anyio
import pytest

from store.errors import StoreUnavailableError
from store.postgresql.cluster.feed import SharedFeed
from store.postgresql.cluster.wire import PostgresqlWire
from store.postgresql.connection import Connection
from store.relational.change_signal import ChangeSignal
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


class Database:
    """Knows the newest change, while it is there."""

    def __init__(self) -> None:
        self.newest: int | None = 7
        self.signal = ChangeSignal(7)

    def feed(self) -> SharedFeed:
        return SharedFeed(self.signal, PostgresqlWire(_never), self._last_seq)

    async def _last_seq(self) -> int:
        if self.newest is None:
            raise StoreUnavailableError("the database cannot be reached")
        return self.newest


def _never() -> Connection:
    raise AssertionError("nobody else is there")


async def test_waiting_for_a_change_outlasts_a_database_that_is_away() -> None:
    database = Database()
    feed = database.feed()
    database.newest = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(feed.wait_beyond, 7)
        await anyio.sleep(60)
        database.newest = 8
        began_s = anyio.current_time()
    assert anyio.current_time() - began_s <= 1


async def test_waiting_ends_when_the_store_is_closed_while_the_database_is_away() -> None:
    database = Database()
    feed = database.feed()
    database.newest = None

    async def wait() -> None:
        with pytest.raises(StoreUnavailableError, match="closed"):
            await feed.wait_beyond(7)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.sleep(5)
        database.signal.close()
