"""What is to be read next, from the cursors alone. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from actors.vendors.base import Look, Priority
from actors.vendors.housecallpro.position import under_way
from store.models import Cursor, Via


def looks(cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
    """Say what could be read now, most urgent first: polls, then readings that were asked for."""
    return sorted(_looks(cursors, due=due), key=lambda look: look.priority)


def _looks(cursors: Mapping[str, Cursor], *, due: bool) -> Iterator[Look]:
    for name, cursor in cursors.items():
        is_asked_for = not cursor.complete or cursor.rescan_requested
        if is_asked_for:
            yield Look(name, Via.BACKFILL, Priority.BACKFILL, (name,), {name: cursor})
        elif due or under_way(cursor) is not None:
            yield Look(name, Via.POLL, Priority.POLL, (name,), {name: cursor})
