"""The PostgreSQL database that is moved into: taken apart for the rows, and put together again."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from threading import Event
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from store.errors import MoveError
from store.moving.catalog import numbered_columns, put_back_commands, tables_in, take_apart_commands
from store.moving.copy_rows import HEADER, TRAILER
from store.moving.source import Chunk, Key
from store.moving.tables import (
    LOOK_NUMBERS,
    NOTES,
    ONLY_IN_POSTGRESQL,
    SEEDED,
    Table,
    TargetTable,
)
from store.postgresql.connection import Connection, open_connection
from store.postgresql.migrate import Migrator, bundled_migrations, schema_version
from store.postgresql.move_note import COPYING, DONE, UNDONE, VERIFIED, MoveNote, read_move_note
from store.postgresql.opening import named

_CREATE = b"""
CREATE TABLE syncline_move (
  one      boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
  id       text        NOT NULL,
  source   text        NOT NULL,
  state    text        NOT NULL,
  put_back text        NOT NULL,
  began_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE TABLE syncline_move_progress (
  name     text   NOT NULL PRIMARY KEY,
  position text   NOT NULL,
  rows     bigint NOT NULL
);
"""
_BEGIN = (
    "INSERT INTO syncline_move (id, source, state, put_back, began_at) VALUES (%s, %s, %s, %s, %s)"
)
_STATE = "UPDATE syncline_move SET state = %s, ended_at = %s"
_PUT_BACK = b"SELECT put_back FROM syncline_move"
_NOTE_PUT_BACK = "UPDATE syncline_move SET put_back = %s"
_POSITIONS = b"SELECT name, position, rows FROM syncline_move_progress"
_NOTE_POSITION = """
INSERT INTO syncline_move_progress (name, position, rows) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE SET
  position = excluded.position, rows = syncline_move_progress.rows + excluded.rows
"""
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "jit": "off",
    # Whatever the user's own are: it waits for a daemon to be stopped, and builds large indexes.
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    # Rows and how far they came are lost together, if at all.
    "synchronous_commit": "off",
    # Pieces are read by their key, whatever is known of the table.
    "enable_seqscan": "off",
    "enable_sort": "off",
    "enable_bitmapscan": "off",
}
_PATIENCE_S = 5.0
_TRY_AGAIN_S = 0.05
_ONE_DAEMON = b"SELECT pg_try_advisory_lock(1398363715, 1)"
_END = "end"
"""The position behind a table's last row."""


@contextmanager
def open_target(url: str, password: str | None) -> Iterator["Target"]:
    """Connect, and keep daemons off the database until this ends.

    Raises:
        MoveError: it cannot be used; the message says why, without secrets.
    """
    try:
        place = make_conninfo(url, **({} if password is None else {"password": password}))
    except psycopg.Error:
        # Its words would have the URL in them.
        raise MoveError("--to is no URL of a PostgreSQL database") from None
    try:
        with closing(open_connection(place, _SETTINGS)) as connection:
            _be_the_only_one(connection, named(url))
            yield Target(connection, named(url))
    except psycopg.Error as error:
        text = " ".join(str(error).split())
        raise MoveError(f"the database {named(url)} cannot be used: {text}") from error


def _be_the_only_one(connection: Connection, name: str) -> None:
    """Wait a little: the server takes a moment to see that a process was killed."""
    for _ in range(round(_PATIENCE_S / _TRY_AGAIN_S)):
        if connection.execute(_ONE_DAEMON).fetchone() == (True,):
            return
        Event().wait(_TRY_AGAIN_S)
    raise MoveError(f"another daemon, or another move, uses the database {name}: stop that one")


class Target:
    """One connection to the database.

    Attributes:
        name: which database it is, without secrets.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    def note(self) -> MoveNote | None:
        """Return what is noted of a move."""
        return read_move_note(self._connection)

    def refuse_schema(self) -> None:
        """See that the tables are this version's, or that there are none.

        Raises:
            MoveError: they are another's.
        """
        version, newest = schema_version(self._connection), len(bundled_migrations())
        if version not in {0, newest}:
            age = "an older" if version < newest else "a newer"
            raise MoveError(
                f"the database to move into was made by {age} version (its schema is {version}, this"
                f" version's {newest}): name an empty one"
            )

    def make_schema(self) -> None:
        """Make the tables, unless they are there."""
        Migrator(bundled_migrations()).migrate(self._connection)

    def tables(self) -> Mapping[str, TargetTable]:
        """Return all tables."""
        return tables_in(self._connection)

    def refuse_rows(self) -> None:
        """See that nobody's rows are in any table.

        Raises:
            MoveError: there are some.
        """
        (last_seq,) = self._one("SELECT last_seq FROM feed")
        for table in sorted(self.tables().keys() - NOTES - SEEDED):
            (found,) = self._one(
                sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
            )
            if found or last_seq:
                raise MoveError(
                    f"the database to move into is not empty (there are rows in {table}), and they are"
                    " not of this move: name an empty one"
                )

    def begin(self, move_id: str, source: str, at: datetime) -> None:
        """Note a new move, and take off what would be in the way of the rows."""
        with self.transaction():
            self._connection.execute(_CREATE)
            self._connection.execute(_BEGIN, (move_id, source, COPYING, "[]", at))
            self.take_apart()
            for table in sorted(SEEDED - ONLY_IN_POSTGRESQL):
                text = sql.SQL("DELETE FROM {}").format(sql.Identifier(table))
                self._connection.execute(text)

    def take_apart(self) -> None:
        """Drop what looks at single rows as they come: it looks at all of them in the end."""
        put_back = put_back_commands(self._connection)
        for command in take_apart_commands(self._connection):
            self._connection.execute(command.encode())
        noted = msgspec.json.encode(put_back).decode()
        self._connection.execute(_NOTE_PUT_BACK, (noted,))
        self._connection.execute(_STATE, (COPYING, None))

    def positions(self) -> Mapping[str, tuple[Key | None, int]]:
        """Return up to where tables were copied (None: to the end), and how many rows that were."""
        found: dict[str, tuple[Key | None, int]] = {}
        for name, position, rows in self._connection.execute(_POSITIONS):
            key = None if position == _END else msgspec.json.decode(position, type=list[str | int])
            found[name] = (key, rows)
        return found

    def write(self, table: Table, chunk: Chunk, *, replace: bool) -> None:
        """Store a chunk, in the place of what is there if asked to, and note how far that is."""
        with self.transaction():
            if replace:
                text = sql.SQL("DELETE FROM {} WHERE {}")
                name = sql.Identifier(table.name)
                self._connection.execute(text.format(name, _range(table, chunk)))
            if chunk.rows:
                text = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
                into = text.format(sql.Identifier(table.name), _columns(table))
                with self._connection.cursor().copy(into) as copy:
                    copy.write(HEADER)
                    copy.write(chunk.data)
                    copy.write(TRAILER)
            if replace:
                return
            position = (
                _END if chunk.through is None else msgspec.json.encode(chunk.through).decode()
            )
            self._connection.execute(_NOTE_POSITION, (table.name, position, chunk.rows))

    def read(self, table: Table, chunk: Chunk) -> bytes:
        """Return what is held between the ends of a chunk, as it would be written."""
        text = sql.SQL("COPY (SELECT {} FROM {} WHERE {} ORDER BY {}) TO STDOUT (FORMAT BINARY)")
        out_of = text.format(
            _columns(table), sql.Identifier(table.name), _range(table, chunk), _key_columns(table)
        )
        with self._connection.cursor().copy(out_of) as copy:
            whole = b"".join(copy)
        return whole[len(HEADER) : -len(TRAILER)]

    def count(self, table: Table) -> int:
        """Count a table's rows."""
        counted = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table.name))
        (rows,) = self._one(counted)
        return int(rows)

    def analyze(self) -> None:
        """Have the database look at what it holds."""
        self._connection.execute(b"ANALYZE")

    def put_together(self, given: Mapping[str, int]) -> Iterator[tuple[int, int]]:
        """Bring back what was taken off, go on with the numbers, and note that all is there.

        Args:
            given: the highest number that was ever given, by table.

        Yields:
            How many steps of how many are done. All are one transaction.

        Raises:
            MoveError: rows do not fit each other; the message names them.
        """
        (noted,) = self._one(_PUT_BACK)
        commands = msgspec.json.decode(noted, type=list[str])
        with self.transaction():
            # It waits for all commits before it, too.
            self._connection.execute(b"SET LOCAL synchronous_commit = on")
            for done, command in enumerate(commands):
                yield done, len(commands)
                try:
                    self._connection.execute(command.encode())
                except psycopg.errors.IntegrityError as error:
                    raise MoveError(
                        f"rows do not fit each other: {error.diag.message_primary}:"
                        f" {error.diag.message_detail}"
                    ) from error
            self._go_on_numbering(given)
            self._connection.execute(_STATE, (VERIFIED, None))
        yield len(commands), len(commands)

    def finish(self, at: datetime) -> None:
        """Note that this is the database now; return when that is on the disk."""
        with self.transaction():
            self._connection.execute(b"SET LOCAL synchronous_commit = on")
            self._connection.execute(b"DROP TABLE IF EXISTS syncline_move_progress")
            self._connection.execute(_STATE, (DONE, at))

    def give_up(self, at: datetime) -> None:
        """Note that the file was taken back into use; return when that is on the disk."""
        with self.transaction():
            self._connection.execute(b"SET LOCAL synchronous_commit = on")
            self._connection.execute(_STATE, (UNDONE, at))

    def _go_on_numbering(self, given: Mapping[str, int]) -> None:
        (seq,) = self._one("SELECT coalesce(max(seq), 0) FROM changes")
        self._connection.execute(
            "UPDATE feed SET last_seq = %s", (max(seq, given.get("changes", 0)),)
        )
        for sequence, table, column in [*numbered_columns(self._connection), LOOK_NUMBERS]:
            text = sql.SQL("SELECT coalesce(max({}), 0) FROM {}")
            (highest,) = self._one(text.format(sql.Identifier(column), sql.Identifier(table)))
            number = max(highest, given.get(table, 0))
            self._connection.execute(
                "SELECT setval(%s, %s, %s)", (sequence, max(number, 1), number > 0)
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that is within, or nothing."""
        with self._connection.transaction():
            yield

    @contextmanager
    def tried(self) -> Iterator[None]:
        """Make the tables, unless they are there, for as long as the context lasts."""
        with self._connection.transaction(force_rollback=True):
            self.refuse_schema()
            self.make_schema()
            yield

    def _one(self, statement: str | bytes | sql.Composed) -> tuple[Any, ...]:
        text = statement.encode() if isinstance(statement, str) else statement
        row = self._connection.execute(text).fetchone()
        if row is None:
            raise MoveError("the database lost a row of its own")
        return row


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)


def _key_columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.key_columns)


def _range(table: Table, chunk: Chunk) -> sql.Composed:
    """What lies behind `after`, and not behind `through`."""
    parts = [sql.SQL("true").format()]
    for operator, key in ((">", chunk.after), ("<=", chunk.through)):
        if key is not None:
            values = [
                sql.SQL("{}::{}").format(sql.Literal(str(value)), sql.SQL(column.kind))
                for value, column in zip(key, table.key_columns, strict=True)
            ]
            parts.append(
                sql.SQL("({}) {} ({})").format(
                    _key_columns(table), sql.SQL(operator), sql.SQL(", ").join(values)
                )
            )
    return sql.SQL(" AND ").join(parts)
