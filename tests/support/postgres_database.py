"""One database that every test finds empty, without having been made anew."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from store.ports import Store
from store.postgresql import PostgresqlStore, open_store
from support.postgres_server import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Sequence

# Without triggers and foreign keys: the audit trail lets nobody delete.
_TABLES = """
SELECT format('DELETE FROM %I;', relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
  AND relname NOT IN ('syncline_schema', 'feed', 'routings_followed', 'standings_published')
UNION ALL
SELECT format('ALTER SEQUENCE %I RESTART;', relname) FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""
_BEGIN = "SET session_replication_role = replica; UPDATE feed SET last_seq = 0; UPDATE routings_followed SET seq = 0;"
_BEGIN += "UPDATE standings_published SET last = 0;"


class PostgresDatabase:
    """Is made with the first store that is opened, and emptied before each later one."""

    def __init__(self, server: PostgresServer) -> None:
        self.url = server.url(server.create_database())
        self._connection: psycopg.Connection[Any] | None = None
        self._emptying = ""

    async def open_empty(self) -> PostgresqlStore:
        """Open a store that holds nothing, and does not wait for the disk."""
        if self._connection is not None:
            self._connection.execute(self._emptying.encode())
        opened = await self.open_again(alone=False)
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True)
            statements: Sequence[tuple[str]] = self._connection.execute(_TABLES).fetchall()
            self._emptying = _BEGIN + "".join(statement for (statement,) in statements)
        return opened

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[Store]:
        """Open such a store for as long as the context lasts."""
        async with await self.open_empty() as store:
            yield store

    async def open_again(self, *, alone: bool = True, patience_s: float = 10.0) -> PostgresqlStore:
        """Open a store on what is there; the server takes a moment to see that the last is gone."""
        return await open_store(self.url, alone=alone, durable=False, busy_timeout_s=patience_s)

    def query(self, text: str, *given: object) -> list[tuple[Any, ...]]:
        """Ask as any reader could."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(text.encode(), given).fetchall()

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
