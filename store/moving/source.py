"""The SQLite file that is moved: read in pieces, in the order of PostgreSQL's keys."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.errors import MoveError
from store.moving.copy_rows import RowEncoder, UnfitError
from store.moving.tables import Table
from store.sqlite.connection import open_reader
from store.sqlite.migrate import (
    APPLICATION_ID,
    bundled_migrations,
    refuse_foreign,
    schema_version,
)
from store.sqlite.moved import begin_move, is_moved, mark_moved, read_move, read_moved, unmark_moved

CHUNK_ROWS = 5000
CHUNK_BYTES = 4 * 1024 * 1024
_BUSY_TIMEOUT_S = 30.0
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_COLUMNS = "SELECT name FROM pragma_table_info(?)"
_GIVEN = "SELECT name, seq FROM sqlite_sequence"

Key = Sequence[str | int]
"""A primary key's values, as SQLite has them."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A row that PostgreSQL cannot hold as it is.

    Attributes:
        key: its primary key, as text.
        wrong: what it cannot hold.
        left_out: the row is not moved; otherwise what was wrong became U+FFFD.
    """

    table: str
    key: str
    wrong: str
    left_out: bool = False


@dataclass(slots=True)
class Chunk:
    """Some rows of a table that follow on each other.

    Attributes:
        after: the key before the first; None at the table's beginning.
        through: the key of the last; None at the table's end, whatever there may be behind it.
        rows: how many are moved.
        data: they, encoded, without head and tail.
    """

    after: Key | None
    through: Key | None = None
    rows: int = 0
    data: bytes = b""
    damages: list[Damage] = field(default_factory=list)


class SourceFile:
    """One connection to the file; texts are read as the bytes that they are."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        connection.text_factory = bytes

    def schema(self) -> Mapping[str, frozenset[str]]:
        """Return all tables with their columns."""
        tables = [_decoded(name) for (name,) in self._connection.execute(_TABLES)]
        return {
            table: frozenset(
                _decoded(name) for (name,) in self._connection.execute(_COLUMNS, (table,))
            )
            for table in tables
        }

    def count(self, table: Table) -> int:
        """Count a table's rows."""
        (rows,) = self._connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()  # noqa: S608 - our own tables
        return int(rows)

    def last_numbers(self) -> Mapping[str, int]:
        """Return the highest number that was ever given, by table, where SQLite remembers it."""
        return {_decoded(name): int(seq) for name, seq in self._connection.execute(_GIVEN)}

    def chunks(
        self, table: Table, after: Key | None = None, at_most: int = CHUNK_ROWS
    ) -> Iterator[Chunk]:
        """Yield the rows behind a key, cut so that each chunk fits into memory; the last has no end."""
        encoder = RowEncoder(table)
        chunk, parts, size_bytes = Chunk(after), list[bytes](), 0
        last: list[Any] | None = None
        with closing(self._connection.execute(*_selection(table, after))) as rows:
            for row in rows:
                if last is not None and (len(parts) >= at_most or size_bytes >= CHUNK_BYTES):
                    chunk.data, chunk.rows, chunk.through = b"".join(parts), len(parts), _key(last)
                    yield chunk
                    chunk, parts, size_bytes = Chunk(chunk.through), [], 0
                key: list[Any] = [row[place] for place in table.key]
                encoded = _encoded(table, encoder, row, key, chunk.damages)
                if encoded is None:
                    continue
                # Bytes that read like a text are another key in SQLite.
                if last is not None and key <= last:
                    chunk.damages.append(
                        Damage(table.name, _shown(key), "is there twice", left_out=True)
                    )
                    continue
                last = key
                parts.append(encoded)
                size_bytes += len(encoded)
        chunk.data, chunk.rows = b"".join(parts), len(parts)
        yield chunk

    @property
    def move_id(self) -> str | None:
        """The move that was begun from this file, if there is one."""
        return read_move(self._connection)

    @property
    def moved_to(self) -> str | None:
        """Where its contents went, if it is marked."""
        return read_moved(self._connection) if is_moved(self._connection) else None

    def begin_move(self) -> str:
        """Note that a move begins; return its id. A daemon may have the file open."""
        return begin_move(self._connection)

    def hand_over(self, to: str) -> None:
        """Mark the file in the transaction that is open, and end that."""
        mark_moved(self._connection, to)
        self._connection.execute("COMMIT")

    def take_back(self) -> None:
        """Take the mark away, in the transaction that is open, and end that."""
        unmark_moved(self._connection, APPLICATION_ID)
        self._connection.execute("COMMIT")


@contextmanager
def read_source(path: Path) -> Iterator[SourceFile]:
    """Open the file as it is at one moment, for reading; a daemon may go on writing.

    Raises:
        MoveError: it cannot be moved; the message says why.
    """
    _refuse(path)
    with _explained(path), closing(open_reader(path, busy_timeout_s=_BUSY_TIMEOUT_S)) as connection:
        connection.execute("BEGIN")
        _refuse_schema(connection, path)
        yield SourceFile(connection, path)


@contextmanager
def write_source(path: Path, *, whatever_schema: bool = False) -> Iterator[SourceFile]:
    """Open the file so that nobody else writes it until this ends; what is not committed is undone.

    Raises:
        MoveError: it cannot be moved, or cannot be written; the message says why.
    """
    _refuse(path)
    with _explained(path), closing(_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not whatever_schema:
                _refuse_schema(connection, path)
            yield SourceFile(connection, path)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def note_begin(path: Path) -> str:
    """Give the move of this file its id. Raises as `write_source`."""
    with _explained(path), closing(_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        made = SourceFile(connection, path).begin_move()
        connection.execute("COMMIT")
        return made


def _writer(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None
    )
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _refuse(path: Path) -> None:
    if not path.is_file():
        raise MoveError(f"there is no database {path}")


def _refuse_schema(connection: sqlite3.Connection, path: Path) -> None:
    """See that the file is ours, and up to date; one that is marked was."""
    newest = len(bundled_migrations())
    if not is_moved(connection):
        refuse_foreign(connection, path, newest)
    version = schema_version(connection)
    if version < newest:
        raise MoveError(
            f"the database {path} was written by an older version (its schema is {version}, this"
            f" version's {newest}): start this version's daemon on it once, and stop it"
        )


def _selection(table: Table, after: Key | None) -> tuple[str, Sequence[str | int]]:
    columns = ", ".join(_quoted(column.source) for column in table.columns)
    key = ", ".join(_quoted(column.source) for column in table.key_columns)
    behind = "" if after is None else f"WHERE ({key}) > ({', '.join('?' * len(after))})"
    text = f'SELECT {columns} FROM "{table.name}" {behind} ORDER BY {key}'  # noqa: S608 - our own names
    return text, after or ()


def _quoted(name: str) -> str:
    return name if name == "rowid" else f'"{name}"'


def _encoded(
    table: Table,
    encoder: RowEncoder,
    row: Sequence[Any],
    key: Sequence[Any],
    damages: list[Damage],
) -> bytes | None:
    try:
        return encoder.encode(row)
    except UnfitError:
        pass
    try:
        encoded, wrong = encoder.mended(row)
    except UnfitError as error:
        damages.append(Damage(table.name, _shown(key), str(error), left_out=True))
        return None
    damages.append(Damage(table.name, _shown(key), wrong))
    return encoded


def _key(key: Sequence[Any]) -> Key:
    """What was encoded is text or a number, and nothing else."""
    return [value if isinstance(value, int) else value.decode() for value in key]


def _shown(key: Sequence[Any]) -> str:
    return ", ".join(
        value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)
        for value in key
    )


def _decoded(name: object) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise MoveError(f"the database {path} cannot be moved: {error}") from error
