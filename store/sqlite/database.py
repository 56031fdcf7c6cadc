"""The seam between the statements and what runs them.

All SQL stands in plain functions over a session. In the daemon they run on a
connection's own thread; in a simulation at once, on the loop's. They cannot tell.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar, cast

import aiosqlite

from store.sqlite.session import SqliteSession, Work

T = TypeVar("T")


class Database(Protocol):
    """One connection, and where its work runs: one piece after the other, as they were given."""

    async def run(self, work: Work[T]) -> T:
        """Run the work and return what it returns. Cancelling the caller does not stop the work."""
        ...

    def post(self, work: Work[None]) -> None:
        """Have the work run soon; it must not raise."""
        ...

    def call_back(self, callback: Callable[[], None]) -> None:
        """Called by posted work: have the callback run on the loop."""
        ...

    def interrupt(self) -> None:
        """Called on the loop while work runs: break off the statement that it is in, if any."""
        ...

    async def close(self) -> None:
        """Finish what was given, then let go of the file."""
        ...


class InlineDatabase:
    """Runs all work at once on the loop's own thread: to a virtual clock it takes no time."""

    def __init__(self, connection: SqliteSession) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, connect: Callable[[], SqliteSession]) -> "InlineDatabase":
        """Open the connection."""
        return cls(connect())

    async def run(self, work: Work[T]) -> T:
        """Run the work now."""
        return work(self._connection)

    def post(self, work: Work[None]) -> None:
        """Run the work when the loop next turns."""
        asyncio.get_running_loop().call_soon(work, self._connection)

    def call_back(self, callback: Callable[[], None]) -> None:
        """Run the callback now: this is the loop's thread already."""
        callback()

    def interrupt(self) -> None:
        """Do nothing: no work is ever under way when somebody can call this."""

    async def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class _WorkConnection(aiosqlite.Connection):
    """Takes a whole piece of work in one hop to its thread, where aiosqlite takes a statement."""

    async def run(self, work: Work[T]) -> T:
        result: T = await self._execute(work, self._session)  # type: ignore[no-untyped-call]
        return result

    def post(self, work: Work[None]) -> None:
        self._tx.put_nowait((None, partial(work, self._session)))

    def break_off(self) -> None:
        self._conn.interrupt()

    @property
    def _session(self) -> SqliteSession:
        """What connected it makes sessions."""
        return cast("SqliteSession", self._conn)

    def join(self) -> None:
        """When connecting fails, aiosqlite does not wait for its thread, which may outlive the loop."""
        self._thread.join()


class ThreadedDatabase:
    """Runs all work on the connection's own thread, while the loop goes on."""

    def __init__(self, connection: _WorkConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, connect: Callable[[], SqliteSession]) -> "ThreadedDatabase":
        """Open the connection on its thread."""
        connection = _WorkConnection(connect, iter_chunk_size=1)
        try:
            await connection
        except BaseException:
            connection.join()
            raise
        return cls(connection)

    async def run(self, work: Work[T]) -> T:
        """Run the work on the thread."""
        return await self._connection.run(work)

    def post(self, work: Work[None]) -> None:
        """Run the work on the thread, after what it was given before."""
        self._connection.post(work)

    def call_back(self, callback: Callable[[], None]) -> None:
        """Run the callback when the loop next turns."""
        self._loop.call_soon_threadsafe(callback)

    def interrupt(self) -> None:
        """Break off the statement that runs on the thread."""
        self._connection.break_off()

    async def close(self) -> None:
        """Finish what was given, close the file and end the thread."""
        await self._connection.close()
