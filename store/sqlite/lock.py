"""One daemon per database."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.errors import StoreOpenError


def lock_path(database: Path) -> Path:
    """Where the lock of a database is."""
    return database.with_name(f"{database.name}.lock")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold a lock on a file beside the database, which names our process.

    However a process ends, the kernel releases it. The file stays: without it, two processes could
    lock two files of one name.

    Raises:
        StoreOpenError: another process holds it.
        OSError: the file cannot be made.
    """
    fd = os.open(lock_path(database), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "(unknown)"
            raise StoreOpenError(
                f"the database {database} is in use by process {holder}: stop that one first"
            ) from error
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(fd)


def holder(database: Path) -> int | None:
    """Return the process that holds the lock; None when nobody does. Raises `OSError`."""
    try:
        fd = os.open(lock_path(database), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        named = os.read(fd, 32).decode(errors="replace").strip()
        return int(named) if named.isdecimal() else None
    finally:
        os.close(fd)
    return None
