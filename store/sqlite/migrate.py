"""The schema's numbered versions. A migration once released is never edited."""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from store.crash_points import MIGRATION, CrashPoint, Place
from store.errors import StoreOpenError
from store.sqlite.moved import MOVED_APPLICATION_ID, read_moved

APPLICATION_ID = 0x53594E43
"""Stands in the file's header (`SYNC`), so that no other program's database is taken for ours."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: brings version `number - 1` to `number`."""

    number: int
    name: str
    sql: str


def bundled_migrations() -> Sequence[Migration]:
    """Return the migrations that come with this version, in order.

    Raises:
        ValueError: their numbers are not 1, 2, 3, ...
    """
    found = [
        Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8"))
        for file in files("store.sqlite").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 1, 2, 3, ...: {found}")
    return found


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration that the file went through."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def refuse_foreign(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Look at the file without changing it.

    Raises:
        StoreOpenError: it is another program's, or a later version of this one wrote it, or what it
            holds was moved elsewhere.
    """
    version = schema_version(connection)
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application_id == MOVED_APPLICATION_ID:
        raise StoreOpenError(
            f"what the database {path} holds was moved to {read_moved(connection)}: name that one in"
            " store.url (syncline migrate-store --undo takes it back)"
        )
    if application_id != APPLICATION_ID and (version or tables):
        raise StoreOpenError(
            f"the database {path} is another program's: name another file in store.url"
        )
    if version > newest:
        raise StoreOpenError(
            f"the database {path} was written by a newer version (its schema is {version}, this "
            f"version knows {newest}): install that version or a later one"
        )


def migrate(
    connection: sqlite3.Connection,
    migrations: Sequence[Migration],
    crash_point: CrashPoint | None = None,
) -> None:
    """Bring the file up to date, each step in a transaction of its own."""
    version = schema_version(connection)
    for migration in migrations[version:]:
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{migration.sql}\n"
                f"PRAGMA application_id = {APPLICATION_ID};\n"
                f"PRAGMA user_version = {migration.number};"
            )
            if crash_point is not None:
                crash_point.passed(MIGRATION, Place.BEFORE_COMMIT)
            connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        if crash_point is not None:
            crash_point.passed(MIGRATION, Place.AFTER_COMMIT)
