"""Connections that only read, so that no reader waits behind a write."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import psycopg

from store.errors import StoreUnavailableError
from store.postgresql.session import PostgresqlSession
from store.postgresql.trouble import unavailable
from store.postgresql.work_thread import WorkThread
from store.relational.session import Work

T = TypeVar("T")
Connect = Callable[[], PostgresqlSession]


class Reader:
    """One connection on a thread of its own; a lost one is opened again when it is needed."""

    def __init__(self, name: str, connect: Connect) -> None:
        self._connect = connect
        self._thread = WorkThread(name)
        self._session: PostgresqlSession | None = None

    async def run(self, work: Work[T]) -> T:
        """Run the work; when the connection turns out to be lost, once more on another."""
        return await self._thread.run(partial(self._read, work))

    async def close(self) -> None:
        """Finish what was begun, then let go of the connection."""
        await self._thread.run(self._let_go)
        await self._thread.close()

    def _read(self, work: Work[T]) -> T:
        was_open = self._session is not None
        try:
            return self._read_once(work)
        except psycopg.Error:
            if not (was_open and self._session is None):
                raise
        return self._read_once(work)

    def _read_once(self, work: Work[T]) -> T:
        if self._session is None:
            self._session = self._connect()
        session = self._session
        try:
            return work(session)
        finally:
            if session.is_lost:
                self._session = None

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


class Readers:
    """A few connections; each piece of work goes to the one with the least to do."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []
        self._under_way: list[int] = []

    def add(self, reader: Reader) -> None:
        """Read from this one too; it is closed with the others."""
        self._readers.append(reader)
        self._under_way.append(0)

    async def run(self, work: Work[T]) -> T:
        """Run the work on one of them.

        Raises:
            StoreUnavailableError: the database cannot be read, or is closed.
        """
        if not self._readers:
            raise StoreUnavailableError("the store is closed")
        chosen = self._under_way.index(min(self._under_way))
        self._under_way[chosen] += 1
        try:
            return await self._readers[chosen].run(work)
        except (psycopg.Error, MemoryError) as error:
            trouble = unavailable(error)
            if trouble is None:
                raise
            raise trouble from error
        finally:
            self._under_way[chosen] -= 1

    async def close(self) -> None:
        """Finish what was begun, then let go of all."""
        readers, self._readers = self._readers, []
        for reader in readers:
            await reader.close()
