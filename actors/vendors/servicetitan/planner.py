"""What is to be read next, from the cursors alone. Pure."""

from collections.abc import Mapping, Sequence

from actors.vendors.base import Look, Priority
from actors.vendors.servicetitan.position import reading_under_way
from store.models import Cursor, Via


def looks(cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
    """Say what could be read now, most urgent first: news of each type, then full readings."""
    reading = {name for name, cursor in cursors.items() if reading_under_way(cursor) is not None}
    news = [name for name in cursors if name not in reading] if due else []
    return [
        *(_look(cursors[name], Via.POLL, Priority.POLL) for name in news),
        *(
            _look(cursors[name], Via.BACKFILL, Priority.BACKFILL)
            for name in cursors
            if name in reading
        ),
    ]


def _look(cursor: Cursor, via: Via, priority: Priority) -> Look:
    name = cursor.object_type
    return Look(name, via, priority, (name,), {name: cursor})
