"""Opening the store, or saying in one line why it cannot be."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from store.crash_points import CrashPoint
from store.errors import StoreOpenError
from store.relational.change_signal import ChangeSignal
from store.relational.changes import last_seq
from store.sqlite.connection import open_reader, open_writer, refuse_old_library
from store.sqlite.database import InlineDatabase, ThreadedDatabase
from store.sqlite.lock import locked
from store.sqlite.log_upkeep import LogUpkeep
from store.sqlite.readers import Readers
from store.sqlite.store import SqliteStore
from store.sqlite.trouble import primary_code
from store.sqlite.writer import Writer

Mode = Literal["threaded", "inline"]

_READERS: dict[Mode, int] = {"threaded": 2, "inline": 1}

_NOT_WRITABLE = (
    "cannot be written: check who owns the file and its directory, and their permissions"
)
_NO_ROOM = "has no room: free some on its disk, then start again"
_DISK_FAILED = "cannot be read or written: check its disk"
_DAMAGED = "is damaged or no database: restore it from a backup, or move it away to begin anew"
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: "is locked by another program: close that one, then start again",
    sqlite3.SQLITE_CANTOPEN: _NOT_WRITABLE,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_FULL: _NO_ROOM,
    sqlite3.SQLITE_IOERR: _DISK_FAILED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
_BY_ERRNO = {
    errno.ENOENT: "is in a directory that does not exist: create it, or name another in store.url",
    errno.ENOTDIR: "is not in a directory: name another file in store.url",
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.EROFS: _NOT_WRITABLE,
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EIO: _DISK_FAILED,
}


async def open_store(
    path: Path,
    *,
    mode: Mode = "threaded",
    durable: bool = True,
    busy_timeout_s: float = 5.0,
    crash_point: CrashPoint | None = None,
) -> SqliteStore:
    """Open the database; it is created, or brought up to date, where that is needed.

    Args:
        path: the file; its directory must exist.
        mode: `threaded` runs SQLite beside the event loop; `inline` on it, for virtual time.
        durable: False does not wait for the disk; for simulations only.
        busy_timeout_s: how long a lock that another program holds is waited for.
        crash_point: where the process is to kill itself; for tests only.

    Returns:
        The store, to be closed by whoever asked for it.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    refuse_old_library(sqlite3.sqlite_version_info)
    path = path.resolve()  # noqa: ASYNC240 - before anything runs
    kind = ThreadedDatabase if mode == "threaded" else InlineDatabase
    async with AsyncExitStack() as opened:
        with _explained(path):
            opened.enter_context(locked(path))
            database = await kind.open(
                partial(
                    open_writer,
                    path,
                    durable=durable,
                    busy_timeout_s=busy_timeout_s,
                    crash_point=crash_point,
                )
            )
            opened.push_async_callback(database.close)
            newest = await database.run(last_seq)
            readers = Readers()
            opened.push_async_callback(readers.close)
            for _ in range(_READERS[mode]):
                readers.add(
                    await kind.open(partial(open_reader, path, busy_timeout_s=busy_timeout_s))
                )
        signal = ChangeSignal(newest)
        opened.callback(signal.close)
        # Inline, all time is virtual: there are no quiet moments to wait for.
        upkeep = LogUpkeep() if mode == "threaded" else None
        writer = Writer(database, signal.move, crash_point, upkeep)
        opened.push_async_callback(writer.close)
        return SqliteStore(writer, readers, signal, opened.pop_all())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what went wrong into words for an operator."""
    try:
        yield
    except sqlite3.Error as error:
        advice = _BY_SQLITE_CODE.get(primary_code(error) or 0, "cannot be used")
        raise StoreOpenError(f"the database {path} {advice} ({error})") from error
    except OSError as error:
        advice = _BY_ERRNO.get(error.errno or 0, "cannot be used")
        raise StoreOpenError(f"the database {path} {advice} ({error.strerror})") from error
