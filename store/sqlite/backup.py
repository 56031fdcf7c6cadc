"""Copying the database while others use it, and looking at a copy."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from store.errors import StoreOpenError
from store.relational.instants import from_text, optional_from_text, to_text
from store.relational.metadata import read_metadata, write_metadata
from store.relational.named_sql import load_statements
from store.sqlite.connection import open_reader
from store.sqlite.migrate import bundled_migrations, refuse_foreign, schema_version
from store.sqlite.session import SqliteSession

SQL = load_statements("store.sqlite", "backup")

_TAKEN_AT = "backup.taken_at"
_PAGES_AT_ONCE = 1024
_BUSY_TIMEOUT_S = 30.0
_LOCKED_AGAIN_S = 0.05

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What a copy holds.

    Attributes:
        taken_at: when it was made; None for one that something else made.
        schema: the schema's version.
        last_seq: the newest change's number.
        oldest_exact_as_of: the earliest instant up to which an account was exact; None without any.
        newest_exact_as_of: the latest one.
    """

    taken_at: datetime | None
    schema: int
    last_seq: int
    accounts: int
    oldest_exact_as_of: datetime | None
    newest_exact_as_of: datetime | None


def copy_database(source: Path, target: Path, taken_at: datetime, progress: Progress) -> None:
    """Copy the database as it is at one moment into an empty file; nobody has to wait for it.

    Others may write meanwhile: what they write is not in the copy. The copy is one file, needs no log,
    and is on the disk when this returns.

    Raises:
        StoreOpenError: there is no database of ours.
        sqlite3.Error, OSError: it cannot be read, or the copy cannot be written.
    """
    with (
        closing(_open_ours(source)) as original,
        closing(sqlite3.connect(target, factory=SqliteSession)) as copy,
    ):
        (page_bytes,) = original.execute("PRAGMA page_size").fetchone()
        # A transaction keeps to one moment: without it each commit would begin the copy anew.
        original.execute("BEGIN")
        original.execute(SQL["begin"]).fetchone()

        def tell(_status: int, remaining: int, total: int) -> None:
            progress((total - remaining) * page_bytes, total * page_bytes)

        original.backup(copy, pages=_PAGES_AT_ONCE, progress=tell, sleep=_LOCKED_AGAIN_S)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("PRAGMA synchronous = FULL")
        write_metadata(copy, _TAKEN_AT, to_text(taken_at).encode())
        copy.commit()
    _sync(target)


def troubles_of(path: Path) -> Sequence[str]:
    """Read the whole file, and say what is wrong with its structure; nothing when all is well."""
    try:
        with _one_file(path) as connection:
            rows = connection.execute("PRAGMA integrity_check(20)").fetchall()
            return [str(text) for (text,) in rows if text != "ok"]
    except sqlite3.DatabaseError as error:
        return [str(error)]


def facts_of(path: Path) -> CopyFacts:
    """Say what a copy holds.

    Raises:
        StoreOpenError: it is none of ours, or of a later version.
        sqlite3.Error: it cannot be read.
    """
    with _one_file(path) as connection:
        refuse_foreign(connection, path, newest=len(bundled_migrations()))
        taken_at = read_metadata(connection, _TAKEN_AT)
        last_seq, accounts, oldest, newest = connection.execute(SQL["facts"]).fetchone()
        return CopyFacts(
            None if taken_at is None else from_text(taken_at.decode()),
            schema_version(connection),
            last_seq,
            accounts,
            optional_from_text(oldest),
            optional_from_text(newest),
        )


def sealed_tokens(path: Path) -> Sequence[bytes]:
    """Return all tokens in a copy, sealed as they are. Raises `sqlite3.Error`."""
    with _one_file(path) as connection:
        return [bytes(sealed) for (sealed,) in connection.execute(SQL["sealed"])]


def sealed_tokens_of_live(path: Path) -> Sequence[bytes]:
    """Return all tokens in the database, which others may be writing. Raises as `copy_database`."""
    with closing(_open_ours(path)) as connection:
        return [bytes(sealed) for (sealed,) in connection.execute(SQL["sealed"])]


def park_open_actions(path: Path, reason: str) -> int:
    """Leave every user's write that has not ended in a copy to a person; return how many there were.

    Since the copy was made they may have been sent: each gets an attempt of which nobody knows the end,
    so that it is looked for before it is sent again.

    Raises:
        sqlite3.Error: the copy cannot be written.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(SQL["doubt_actions"], {"reason": reason})
        parked = connection.execute(SQL["park_actions"], {"reason": reason}).rowcount
        connection.commit()
    _sync(path)
    return parked


def _open_ours(path: Path) -> SqliteSession:
    if not path.exists():
        raise StoreOpenError(f"there is no database {path}: see store.url")
    connection = open_reader(path.resolve(), busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        refuse_foreign(connection, path, newest=len(bundled_migrations()))
        is_empty = schema_version(connection) == 0
    except BaseException:
        connection.close()
        raise
    if is_empty:
        connection.close()
        raise StoreOpenError(f"the database {path} is empty: start the daemon once")
    return connection


@contextmanager
def _one_file(path: Path) -> Iterator[SqliteSession]:
    """Open a copy that nobody writes; nothing appears beside it."""
    with closing(
        sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, factory=SqliteSession
        )
    ) as connection:
        yield connection


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
