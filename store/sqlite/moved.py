"""The mark on a file whose contents were moved into another database: nobody uses it by mistake.

It stands in the file's header, where versions that know nothing of it see another program's file.
"""

import sqlite3
from uuid import uuid4

MOVED_APPLICATION_ID = 0x53594E4D
"""Stands in the header (`SYNM`) in the place of `store.sqlite.migrate.APPLICATION_ID`."""

_ID = "move.id"
_TO = "move.to"

_GET = "SELECT CAST(value AS BLOB) FROM metadata WHERE key = ?"
_PUT = "INSERT INTO metadata (key, value) VALUES (?, ?)"
_FORGET = "DELETE FROM metadata WHERE key IN (?, ?)"


def is_moved(connection: sqlite3.Connection) -> bool:
    """Tell whether the file bears the mark."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application_id == MOVED_APPLICATION_ID)


def read_moved(connection: sqlite3.Connection) -> str:
    """Say where the contents of a marked file went, without secrets."""
    return _read(connection, _TO) or "another database"


def read_move(connection: sqlite3.Connection) -> str | None:
    """Return the id of the move that was begun from this file; None when there was none."""
    return _read(connection, _ID)


def begin_move(connection: sqlite3.Connection) -> str:
    """Give the move of this file an id, or return the one that it has."""
    found = read_move(connection)
    if found is not None:
        return found
    made = str(uuid4())
    connection.execute(_PUT, (_ID, made.encode()))
    return made


def mark_moved(connection: sqlite3.Connection, to: str) -> None:
    """Mark the file, in the transaction that is open."""
    connection.execute(_PUT, (_TO, to.encode()))
    connection.execute(f"PRAGMA application_id = {MOVED_APPLICATION_ID}")


def unmark_moved(connection: sqlite3.Connection, application_id: int) -> None:
    """Take the mark away, and forget the move; a later one is another."""
    connection.execute(_FORGET, (_ID, _TO))
    connection.execute(f"PRAGMA application_id = {application_id}")


def _read(connection: sqlite3.Connection, key: str) -> str | None:
    row = connection.execute(_GET, (key,)).fetchone()
    return None if row is None else bytes(row[0]).decode()
