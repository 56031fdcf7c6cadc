"""What a database was sealed with, seen without a daemon and without changing anything."""

import sqlite3
from contextlib import closing
from pathlib import Path

from store.errors import StoreOpenError
from store.relational.metadata import read_metadata
from store.sqlite.connection import open_reader
from store.sqlite.migrate import bundled_migrations, refuse_foreign, schema_version

PROOF_KEY = "sealer.proof"
_BUSY_TIMEOUT_S = 5.0


def stored_proof(database: Path) -> bytes | None:
    """Return what the first sealer left in the database; None when there was none yet.

    Raises:
        StoreOpenError: the daemon could not use this file either; the message says why.
    """
    if not database.exists():
        return None
    path = database.resolve()
    try:
        with closing(open_reader(path, busy_timeout_s=_BUSY_TIMEOUT_S)) as connection:
            refuse_foreign(connection, path, newest=len(bundled_migrations()))
            return read_metadata(connection, PROOF_KEY) if schema_version(connection) else None
    except sqlite3.Error as error:
        raise StoreOpenError(
            f"the database {path} cannot be read ({error}): restore it from a backup, "
            "or name another file in store.url"
        ) from error
