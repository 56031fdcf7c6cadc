"""A store that opens quickly: its file begins as a copy of one that went through all migrations.

Migrating takes three quarters of the time of opening a new file, and hundreds of tests open one.
What is about new files themselves opens them with `open_store`.
"""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from store.sqlite import SqliteStore, open_store
from store.sqlite.connection import open_writer
from store.sqlite.opening import Mode


async def open_ready(
    path: Path, *, mode: Mode = "inline", busy_timeout_s: float = 5.0
) -> SqliteStore:
    """Open a store that does not wait for the disk; a file that is there already is left as it is."""
    with suppress(FileExistsError):
        _write_private(path, _migrated())
    return await open_store(path, mode=mode, durable=False, busy_timeout_s=busy_timeout_s)


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


@cache
def _migrated() -> bytes:
    """Return an empty database of the newest schema, made once in a process."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "syncline.db"
        open_writer(path, durable=False, busy_timeout_s=0).close()
        return path.read_bytes()
