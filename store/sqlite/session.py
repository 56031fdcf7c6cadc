"""SQLite's connection as a session: names of statements become their texts."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from store.relational.named_sql import Statement, load_dialect

T = TypeVar("T")

_WRITER_CACHE_BYTES = 64 * 1024 * 1024
_READER_CACHE_BYTES = 2 * 1024 * 1024

TEXTS = load_dialect("store.sqlite")


class SqliteSession(sqlite3.Connection):
    """Runs named statements, and whatever else SQLite's own connection does."""

    def execute(
        self,
        sql: str,
        parameters: Any = (),  # noqa: ANN401 - as SQLite's own
        /,
    ) -> sqlite3.Cursor:
        """Run a named statement, or a text as it is."""
        return super().execute(TEXTS[sql] if isinstance(sql, Statement) else sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Run one for each of these."""
        return super().executemany(TEXTS[sql] if isinstance(sql, Statement) else sql, parameters)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all that is read within see the same state."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")

    @property
    def undecodable(self) -> type[Exception]:
        """What is raised when a text that is read is none."""
        return sqlite3.OperationalError

    @contextmanager
    def undecoded(self) -> Iterator[None]:
        """Have all texts read as the bytes that they are."""
        self.text_factory = bytes
        try:
            yield
        finally:
            self.text_factory = str

    def cache_as_writer(self) -> None:
        """Keep much of what was read."""
        self._limit_cache(_WRITER_CACHE_BYTES)

    def cache_as_reader(self) -> None:
        """Keep little of what was read."""
        self._limit_cache(_READER_CACHE_BYTES)

    @contextmanager
    def reading_once(self) -> Iterator[None]:
        """Keep little of what a writer reads within."""
        self.cache_as_reader()
        try:
            yield
        finally:
            self.cache_as_writer()

    def _limit_cache(self, size_bytes: int) -> None:
        self.execute(f"PRAGMA cache_size = -{size_bytes // 1024}")


Work = Callable[[SqliteSession], T]
"""A piece of work on SQLite."""
