from collections.abc import Callable
from typing import TypeVar

import anyio
import pytest

from store.errors import StoreUnavailableError
from store.sqlite.readers import Readers
from store.sqlite.session import Work

T = TypeVar("T")


class SlowDatabase:
    """Keeps each piece of work waiting until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False
        self.let_go = anyio.Event()

    async def run(self, work: Work[T]) -> T:
        self.asked += 1
        await self.let_go.wait()
        raise LookupError(f"nothing in here for {work}")

    def post(self, work: Work[None]) -> None:
        raise NotImplementedError

    def call_back(self, callback: Callable[[], None]) -> None:
        raise NotImplementedError

    def interrupt(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed = True


async def test_read_goes_to_the_connection_with_the_least_to_do() -> None:
    databases = [SlowDatabase(), SlowDatabase()]
    readers = Readers()
    for database in databases:
        readers.add(database)

    async def read() -> None:
        with pytest.raises(LookupError):
            await readers.run(lambda _: None)

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        assert [database.asked for database in databases] == [1, 1]
        databases[1].let_go.set()
        await anyio.wait_all_tasks_blocked()
        for _ in range(2):
            await read()
        assert [database.asked for database in databases] == [1, 3]
        databases[0].let_go.set()


async def test_all_connections_are_closed_and_nothing_is_read_any_more() -> None:
    databases = [SlowDatabase(), SlowDatabase()]
    readers = Readers()
    for database in databases:
        readers.add(database)
    await readers.close()
    assert all(database.closed for database in databases)
    with pytest.raises(StoreUnavailableError, match="closed"):
        await readers.run(lambda _: None)
