"""Backups: whole, checked, with their checksum beside them, and never in the place of another file.

A backup is a database of its own, and `NAME.sha256` beside it. The tokens in it are sealed; the keys
are not in it.
"""

import os
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.durable_file import give_to_owner, replace_text, sha256_of
from store.errors import StoreOpenError
from store.sqlite.backup import CopyFacts, Progress, copy_database, facts_of, troubles_of

_PREFIX, _SUFFIX = "syncline-", ".db"
_DRAFT_LASTS_S = 86_400.0
"""What nobody wrote to for so long is nobody's any more."""


class BackupError(Exception):
    """A backup cannot be made or used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole.

    Attributes:
        sha256: of the file, in hex.
    """

    path: Path
    size_bytes: int
    sha256: str
    facts: CopyFacts


def name_in(folder: Path, now: datetime) -> Path:
    """Return where in a folder of backups the one that is made now goes."""
    return folder / f"{_PREFIX}{now:%Y%m%dT%H%M%SZ}{_SUFFIX}"


def backups_in(folder: Path) -> Sequence[Path]:
    """Return the backups in a folder that `name_in` named, oldest first, without unfinished ones."""
    found = folder.glob(f"{_PREFIX}*{_SUFFIX}")
    return sorted(path for path in found if checksum_path(path).exists())


def checksum_path(backup: Path) -> Path:
    """Return where a backup's checksum is, as `sha256sum --check` reads it."""
    return backup.with_name(f"{backup.name}.sha256")


def make_backup(database: Path, path: Path, taken_at: datetime, progress: Progress) -> Backup:
    """Copy the database as it is at one moment, check the copy, and put it in its place at once.

    Works while a daemon runs and while none does. However it ends, there is a whole backup or none.

    Args:
        database: what to copy.
        path: where to; nothing may be there.
        taken_at: now.
        progress: told how many bytes of how many are copied.

    Raises:
        BackupError: there is something already, the disk is full, or what was copied is damaged.
    """
    for place in (path, checksum_path(path)):
        if place.exists():
            raise BackupError(f"{place} is there already, and is not overwritten: name another")
    try:
        _forget_drafts(path.parent, taken_at)
        # mkstemp makes it for its owner alone.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(descriptor)
    except OSError as error:
        raise BackupError(f"{path.parent} takes no files: {error.strerror}") from error
    draft = Path(name)
    try:
        copy_database(database, draft, taken_at, progress)
        if troubles := troubles_of(draft):
            raise BackupError(f"{database} is damaged, and was not backed up: {troubles[0]}")
        give_to_owner(draft, like=path)
        made = Backup(path, draft.stat().st_size, sha256_of(draft), facts_of(draft))
        # The checksum first: what has none would never be removed.
        replace_text(checksum_path(path), f"{made.sha256}  {path.name}\n")
        try:
            os.link(draft, path)
        except OSError:
            checksum_path(path).unlink()
            raise
    except FileExistsError as error:
        raise BackupError(f"{path} is there already, and is not overwritten") from error
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{database} could not be copied to {path}: {error}") from error
    except StoreOpenError as error:
        raise BackupError(str(error)) from error
    finally:
        for rest in (draft, draft.with_name(f"{draft.name}-journal")):
            rest.unlink(missing_ok=True)
    return made


def _forget_drafts(folder: Path, now: datetime) -> None:
    """Remove what backups left that were killed: each is as large as the database. Raises `OSError`."""
    for draft in folder.glob(f".{_PREFIX}*{_SUFFIX}.*"):
        with suppress(FileNotFoundError):
            if now.timestamp() - draft.stat().st_mtime > _DRAFT_LASTS_S:
                draft.unlink()


def checked_backup(path: Path) -> Backup:
    """Return a backup, seen to have the bytes that it was made with and to be sound.

    Raises:
        BackupError: it has not, or is not, or there is none.
    """
    if not path.is_file():
        raise BackupError(f"there is no backup {path}")
    try:
        expected = checksum_path(path).read_text(encoding="ascii").partition(" ")[0]
        found = sha256_of(path)
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} or its checksum cannot be read: {error}") from error
    if found != expected:
        raise BackupError(f"{path} is not as it was made: its checksum is {found}")
    if troubles := troubles_of(path):
        raise BackupError(f"{path} is damaged: {troubles[0]}")
    try:
        return Backup(path, path.stat().st_size, found, facts_of(path))
    except (sqlite3.Error, StoreOpenError) as error:
        raise BackupError(str(error)) from error


def newest_backup(path: Path) -> Path:
    """Return the path itself, or the newest backup when it is a folder.

    Raises:
        BackupError: there is none.
    """
    if not path.is_dir():
        return path
    found = backups_in(path)
    if not found:
        raise BackupError(f"there is no backup in {path}: syncline backup {path}")
    return found[-1]


def forget_old(folder: Path, keep: int) -> Sequence[Path]:
    """Remove all but the newest so many backups of a folder; return which."""
    old = backups_in(folder)[:-keep] if keep else []
    for path in old:
        # The checksum last: what has none would never be removed.
        path.unlink(missing_ok=True)
        checksum_path(path).unlink(missing_ok=True)
    return old
