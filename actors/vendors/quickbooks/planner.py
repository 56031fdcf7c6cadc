"""What is to be read next, from the cursors alone. Pure."""

from collections.abc import Mapping, Sequence

from actors.vendors.base import Look, Priority
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.position import scan_under_way
from store.models import Cursor, Via

FEED = "feed"
"""The key of the one look that asks for the changes of all types."""

_FED = frozenset(name for name, each in OBJECT_TYPES.items() if each.in_feed)


def looks(cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
    """Say what could be read now, most urgent first.

    When it is time, all types that are not being read from end to end share one look at the feed;
    those that it leaves out are compared one by one, and each of those readings is a poll.
    """
    idle: list[Cursor] = []
    readings: list[Look] = []
    for cursor in cursors.values():
        if scan_under_way(cursor) is None:
            idle.append(cursor)
        else:
            readings.append(_reading(cursor))
    news = _news(idle) if due else []
    return [*news, *sorted(readings, key=lambda look: look.priority)] if readings else news


def _news(idle: Sequence[Cursor]) -> list[Look]:
    fed = {each.object_type: each for each in idle if each.object_type in _FED}
    news = [Look(FEED, Via.POLL, Priority.POLL, tuple(fed), fed)] if fed else []
    if len(fed) < len(idle):
        rest = (cursor for cursor in idle if cursor.object_type not in fed)
        news += [_look_at(cursor, Via.POLL, Priority.POLL) for cursor in rest]
    return news


def _reading(cursor: Cursor) -> Look:
    if cursor.complete and cursor.object_type not in _FED:
        return _look_at(cursor, Via.POLL, Priority.POLL)
    return _look_at(cursor, Via.BACKFILL, Priority.BACKFILL)


def _look_at(cursor: Cursor, via: Via, priority: Priority) -> Look:
    name = cursor.object_type
    return Look(name, via, priority, (name,), {name: cursor})
