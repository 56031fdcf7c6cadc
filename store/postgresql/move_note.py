"""What a database says of the move into it: a daemon leaves it alone until that has ended."""

from dataclasses import dataclass

from store.errors import StoreOpenError
from store.postgresql.connection import Connection

COPYING = "copying"
"""Rows arrive; neither indexes nor foreign keys are there."""

VERIFIED = "verified"
"""All is there; the file that it came from may still be in use."""

DONE = "done"
"""The file is marked: this is the database now."""

UNDONE = "undone"
"""The file was taken back into use: this database is not to be used any more."""

_THERE = b"SELECT to_regclass('syncline_move') IS NOT NULL"
_READ = b"SELECT id, source, state FROM syncline_move"


@dataclass(frozen=True, slots=True)
class MoveNote:
    """One move.

    Attributes:
        id: the file has it too.
        source: where the file is.
    """

    id: str
    source: str
    state: str


def read_move_note(connection: Connection) -> MoveNote | None:
    """Return what is noted; None when nothing was ever moved here."""
    there = connection.execute(_THERE).fetchone()
    row = connection.execute(_READ).fetchone() if there == (True,) else None
    return None if row is None else MoveNote(*row)


def refuse_unfinished_move(connection: Connection) -> None:
    """See that nobody uses a database that is half filled, or was given up.

    Raises:
        StoreOpenError: it is one.
    """
    note = read_move_note(connection)
    if note is None or note.state == DONE:
        return
    if note.state == UNDONE:
        raise StoreOpenError(
            f"the database was given up: {note.source} was taken back into use; name that one in"
            " store.url"
        )
    raise StoreOpenError(
        f"the move of {note.source} into the database has not ended: call syncline migrate-store"
        " again, as before"
    )
