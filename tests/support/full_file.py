"""An SQLite file with rows in every table that there is, whatever tables there will be."""

import sqlite3
from contextlib import closing
from pathlib import Path

from store.sqlite.connection import open_writer

ROWS = 3
_ALONE = {"finance_floor", "routings_followed"}
"""Tables of one row."""


def make_full_file(path: Path, *, objects: int = 0) -> None:
    """Make one; rows refer to each other by the names of their columns."""
    open_writer(path, durable=False, busy_timeout_s=0).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall():
            for number in range(1, 2 if table in _ALONE else ROWS + 1):
                _add(connection, table, number)
        for number in range(objects):
            _add_object(connection, number)
        connection.execute("COMMIT")
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _add(connection: sqlite3.Connection, table: str, number: int) -> None:
    columns = connection.execute(
        'SELECT name, type, NOT ("notnull" OR pk) FROM pragma_table_info(?)', (table,)
    )
    names, values = zip(
        *(
            (name, None if optional and number == ROWS else _value(table, name, kind, number))
            for name, kind, optional in columns
        ),
        strict=True,
    )
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(names)})"  # noqa: S608 - our own tables
        f" VALUES ({', '.join('?' * len(names))})",
        values,
    )


def _value(table: str, name: str, kind: str, number: int) -> object:
    if name == "disconnected_at":
        return None
    if kind == "INTEGER":
        # Flags and numbers alike; keys differ all the same.
        counts = name in {"id", "seq", "generation", "number"}
        return number if counts else int(name == "only" or number % 2)
    if kind == "BLOB":
        return bytes([0, 255, number])
    return _text(table, name, number)


def _text(table: str, name: str, number: int) -> str:
    if name.endswith(("_at", "_until", "_of", "_from", "_time")) or name == "at":
        is_unknown = (table, name, number) == ("refusals", "updated_at", 1)
        return "" if is_unknown else f"2026-11-21T09:00:{number:02}.{number * 1001:06}Z"
    if name == "id":
        return f"{table[:-1]}-{number}"
    return f"{name.removesuffix('_id')}-{number}" + ("" if name.endswith("_id") else " é☃")


def _add_object(connection: sqlite3.Connection, number: int) -> None:
    connection.execute(
        "INSERT INTO objects (account_id, object_type, object_id, version, updated_at, synced_at,"
        " via, payload) VALUES ('account-1', 'Invoice', ?, '0', '2026-11-21T09:00:00.000000Z',"
        " '2026-11-21T09:00:01.000000Z', 'poll', ?)",
        (str(number), f'{{"Id":"{number}"}}'),
    )
