"""Putting a backup in the place of the database."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.backup import Backup, BackupError
from daemon.durable_file import copy_file, give_to_owner, sync_folder
from store.sqlite.backup import park_open_actions
from store.sqlite.lock import lock_path, locked

_PARKED = "restored from a backup: whether it was sent since is not known"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        aside: where the database is that was there before; None when there was none.
        parked_actions: how many users' writes are left to a person now.
    """

    aside: Path | None
    parked_actions: int


def restore_backup(database: Path, backup: Backup, now: datetime) -> Restored:
    """Put a checked backup in the place of the database; whenever it dies, there is one of the two.

    Raises:
        BackupError: it could not be done; the database is as it was.
        StoreOpenError: a daemon uses the database.
    """
    database = database.resolve()
    try:
        with (
            locked(database),
            tempfile.TemporaryDirectory(dir=database.parent, prefix=f".{database.name}.") as folder,
        ):
            draft = Path(folder) / database.name
            copy_file(backup.path, draft)
            give_to_owner(draft, like=database)
            parked = park_open_actions(draft, _PARKED)
            aside = _put_aside(database, now)
            draft.replace(database)
            give_to_owner(lock_path(database), like=database)
            sync_folder(database.parent)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{backup.path} could not be restored: {error}") from error
    return Restored(aside, parked)


def _put_aside(database: Path, now: datetime) -> Path | None:
    """Keep the database under another name too, and take its log away from what comes in its place.

    The log is taken away where there is no database any more, too: it would be played into the backup.
    """
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    was_there = database.exists()
    if was_there:
        # What cannot be written into a damaged file stays in its log, which goes along.
        with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        os.link(database, aside)
    for ending in ("-wal", "-shm", "-journal"):
        part = database.with_name(f"{database.name}{ending}")
        with suppress(FileNotFoundError):
            part.rename(aside.with_name(f"{aside.name}{ending}"))
    return aside if was_there else None
