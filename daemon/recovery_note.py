"""What is known of backups and drills: a small file beside the database, for the metrics."""

from datetime import datetime
from pathlib import Path

import msgspec

from daemon.durable_file import replace_text


class RecoveryNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last ones. What never was is None.

    Attributes:
        backup_at: when the last backup was taken.
        backup_bytes: its size.
        drill_at: when a backup was last restored elsewhere and compared.
        drill_passed: whether it was what the live database had been.
        drill_backup_at: when the backup of that drill was taken.
    """

    backup_at: datetime | None = None
    backup_bytes: int = 0
    drill_at: datetime | None = None
    drill_passed: bool = False
    drill_backup_at: datetime | None = None


NOTHING = RecoveryNote()


def note_path(database: Path) -> Path:
    """Where the note of a database is."""
    return database.with_name(f"{database.name}.recovery")


def read_note(database: Path) -> RecoveryNote:
    """Return the note; an empty one when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(note_path(database).read_bytes(), type=RecoveryNote)
    except (OSError, msgspec.DecodeError):
        return NOTHING


def write_note(database: Path, note: RecoveryNote) -> None:
    """Put the note there, readable for all: there is no secret in it. Raises `OSError`."""
    replace_text(note_path(database), f"{msgspec.json.encode(note).decode()}\n", mode=0o644)
