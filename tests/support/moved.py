"""A file to be moved, a database to move it into, and whether both hold the same."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from store.moving.move import Move, MoveReport, Told
from store.moving.tables import ELSEWHERE, ONLY_IN_POSTGRESQL, UNKNOWN_TIMES
from store.moving.target import open_target
from support.move_process import ROWS_AT_ONCE

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_COLUMNS = """
SELECT table_name, column_name, udt_name FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
ORDER BY table_name, ordinal_position
"""
_TIME = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


@dataclass(frozen=True, slots=True)
class Moved:
    """One file and one database."""

    path: Path
    url: str

    def move(
        self, told: Told = lambda *_: None, wait: Callable[[int | None], bool] = lambda _: False
    ) -> MoveReport:
        with open_target(self.url, None) as target:
            move = Move(
                self.path,
                target,
                told=told,
                wait=wait,
                now=lambda: _NOW,
                rows_at_once=ROWS_AT_ONCE,
            )
            return move.run()

    def look(self) -> MoveReport:
        with open_target(self.url, None) as target:
            return Move(
                self.path, target, told=lambda *_: None, wait=lambda _: False, now=lambda: _NOW
            ).look()

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(text.encode()).fetchall()

    def run(self, text: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(text.encode())

    def alter(self, *statements: str) -> None:
        """Change the file behind everybody's back."""
        with closing(sqlite3.connect(self.path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def columns(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in self.ask(_COLUMNS):
            if table not in ONLY_IN_POSTGRESQL:
                found.setdefault(table, []).append((column, kind))
        return found

    def there(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that the database holds, as the file has it."""
        return {
            table: sorted(
                self.ask(
                    f"SELECT {', '.join(_shown(*column) for column in columns)} FROM {table}"  # noqa: S608
                ),
                key=repr,
            )
            for table, columns in self.columns().items()
        }

    def here(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return all that the file holds; what was written to say that it was moved is left out."""
        with closing(sqlite3.connect(self.path)) as connection:
            return {
                table: sorted(
                    connection.execute(
                        f"SELECT {', '.join(_held(table, *column) for column in columns)}"  # noqa: S608
                        f" FROM {table}"
                        + (" WHERE key != 'move.to'" if table == "metadata" else "")
                    ).fetchall(),
                    key=repr,
                )
                for table, columns in self.columns().items()
            }


def _shown(column: str, kind: str) -> str:
    if kind == "timestamptz":
        return f"CASE WHEN isfinite({column}) THEN {_TIME.format(column)} ELSE {column}::text END"
    return f"{column}::int" if kind == "bool" else column


def _held(table: str, column: str, kind: str) -> str:
    source = ELSEWHERE.get((table, column), column)
    if kind == "bytea":
        return f"CAST({source} AS BLOB)"
    return (
        f"coalesce(nullif({source}, ''), '-infinity')"
        if (table, column) in UNKNOWN_TIMES
        else source
    )
