"""Connections that only read, so that no reader waits behind a write."""

import sqlite3
from typing import TypeVar

from store.errors import StoreUnavailableError
from store.sqlite.database import Database
from store.sqlite.session import Work
from store.sqlite.trouble import damaged, unavailable

T = TypeVar("T")


class Readers:
    """A few connections; each piece of work goes to the one with the least to do."""

    def __init__(self) -> None:
        self._databases: list[Database] = []
        self._under_way: list[int] = []

    def add(self, database: Database) -> None:
        """Read from this connection too; it is closed with the others."""
        self._databases.append(database)
        self._under_way.append(0)

    async def run(self, work: Work[T]) -> T:
        """Run the work on one of them.

        Raises:
            StoreUnavailableError: the database cannot be read, or is closed.
        """
        if not self._databases:
            raise StoreUnavailableError("the store is closed")
        chosen = self._under_way.index(min(self._under_way))
        self._under_way[chosen] += 1
        try:
            return await self._databases[chosen].run(work)
        except (sqlite3.Error, MemoryError) as error:
            trouble = unavailable(error) or damaged(error)
            if trouble is None:
                raise
            raise trouble from error
        finally:
            self._under_way[chosen] -= 1

    async def close(self) -> None:
        """Finish what was begun, then let go of all."""
        databases, self._databases = self._databases, []
        for database in databases:
            await database.close()
