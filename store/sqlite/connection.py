"""How connections are opened and set up."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from store.crash_points import CrashPoint
from store.errors import StoreOpenError
from store.sqlite.migrate import bundled_migrations, migrate, refuse_foreign, schema_version
from store.sqlite.session import SqliteSession

_OLDEST_LIBRARY = (3, 38, 0)
_PAGE_BYTES = 8192
_STATEMENTS_KEPT = 256
_CHECKPOINT_PAGES = 4000
_WAL_FILE_BYTES = 64 * 1024 * 1024
_CHECKED_BYTES = 1024 * 1024 * 1024
"""A larger file takes too long to be looked through at the start."""


def refuse_old_library(version: tuple[int, ...]) -> None:
    """See that the SQLite that Python was built with knows `->>`.

    Raises:
        StoreOpenError: it does not.
    """
    if version < _OLDEST_LIBRARY:
        found, wanted = (".".join(map(str, numbers)) for numbers in (version, _OLDEST_LIBRARY))
        raise StoreOpenError(
            f"this Python comes with SQLite {found}, and {wanted} is needed: use a newer Python"
        )


def open_writer(
    path: Path, *, durable: bool, busy_timeout_s: float, crash_point: CrashPoint | None = None
) -> SqliteSession:
    """Open the file for writing; it is created, or brought up to date, where that is needed.

    A file that is refused is not changed. A new one is for its owner alone, and SQLite gives its log
    the same mode. After a stop that was not clean, which a log left behind shows, the structure of a
    file of up to 1 GiB is looked through.

    Raises:
        StoreOpenError: it is not ours, or of a later version, or on a file system without WAL, or
            damaged.
        sqlite3.Error, OSError: it cannot be used.
    """
    _create_private(path)
    left_open = _was_left_open(path)
    connection = _connect(path, "rwc", busy_timeout_s)
    try:
        migrations = bundled_migrations()
        refuse_foreign(connection, path, newest=len(migrations))
        _use_write_ahead_log(connection, path)
        if left_open:
            _refuse_damaged(connection, path)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA secure_delete = FAST")
        connection.cache_as_writer()
        _see_that_it_can_be_written(connection)
        migrate(connection, migrations, crash_point)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, busy_timeout_s: float) -> SqliteSession:
    """Open the file, which the writer has prepared, for reading only."""
    connection = _connect(path, "ro", busy_timeout_s)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.cache_as_reader()
    return connection


def _was_left_open(path: Path) -> bool:
    """SQLite takes the log away when the last connection is closed."""
    return path.with_name(f"{path.name}-wal").exists() and path.stat().st_size <= _CHECKED_BYTES


def _refuse_damaged(connection: SqliteSession, path: Path) -> None:
    with connection.reading_once():
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise StoreOpenError(
            f"the database {path} is damaged: restore it from a backup, or move it away to begin "
            f"anew ({' '.join(found.split())})"
        )


def _create_private(path: Path) -> None:
    """Make the file unless it is there; whoever gave that one a mode meant it."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _connect(path: Path, mode: str, busy_timeout_s: float) -> SqliteSession:
    """Transactions are begun and ended by hand."""
    return sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout_s,
        isolation_level=None,
        cached_statements=_STATEMENTS_KEPT,
        factory=SqliteSession,
    )


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    (journal_mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if journal_mode != "wal":
        raise StoreOpenError(
            f"the database {path} cannot be read while it is written, as on a network's file "
            "system: name a file on a local disk in store.url"
        )
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_FILE_BYTES}")


def _see_that_it_can_be_written(connection: sqlite3.Connection) -> None:
    """Beginning alone does not show it: in a read-only file SQLite begins to read instead."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version = {schema_version(connection)}")
    connection.execute("ROLLBACK")
