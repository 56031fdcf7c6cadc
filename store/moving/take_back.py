"""Going back to the file that a replica was moved out of."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from store.errors import MoveError
from store.moving.source import write_source
from store.sqlite.lock import locked

if TYPE_CHECKING:
    from store.moving.target import Target


def take_back(path: Path, target: "Target | None", now: datetime) -> None:
    """Have a moved file used again, as it was when it was moved; the database is not used then.

    Raises:
        MoveError: it was not moved, or not there; the message says so.
    """
    path = path.resolve()
    if not path.is_file():
        raise MoveError(f"there is no database {path}")
    try:
        with locked(path), write_source(path, whatever_schema=True) as source:
            if source.moved_to is None:
                raise MoveError(f"{path} was not moved: there is nothing to take back")
            if target is not None:
                note = target.note()
                if note is None or note.id != source.move_id:
                    raise MoveError(f"{path} was not moved to {target.name}: name the one it was")
                target.give_up(now)
            source.take_back()
    except OSError as error:
        raise MoveError(f"{path} cannot be locked: {error.strerror}") from error
