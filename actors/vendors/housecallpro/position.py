"""A cursor's position: text that only this package reads, and what follows from it. Pure.

Every reading is one from end to end, page by page: nothing else shows that a row is gone (housecallpro
facts §2.5). Between readings there is nothing to remember but the cursor's own `covered_until`.
"""

from datetime import datetime, timedelta

import msgspec

from store.models import Cursor, CursorMove


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a reading has come.

    Attributes:
        comparing: whether what it does not come across is to be claimed as gone.
        page: the next page.
        started_at: the vendor's time before its first page was asked for; None when that did not say.
    """

    comparing: bool
    page: int = 1
    started_at: datetime | None = None


class _Position(msgspec.Struct, frozen=True, omit_defaults=True):
    reading: Reading | None = None


_decode = msgspec.json.Decoder(_Position).decode


def under_way(cursor: Cursor) -> Reading | None:
    """Return the reading to go on with; None when none was begun, or it must begin anew."""
    try:
        reading = _decode(cursor.position or "{}").reading
    except msgspec.MsgspecError:
        return None
    return None if reading is not None and reading.comparing != cursor.complete else reading


def to_make(cursor: Cursor) -> Reading:
    """Return the reading to go on with or to begin."""
    return under_way(cursor) or Reading(comparing=cursor.complete)


def moved_on(
    cursor: Cursor,
    reading: Reading,
    *,
    last: bool,
    asked_at: datetime | None,
    overlap: timedelta,
) -> CursorMove:
    """Move behind a page of a reading.

    The first reading covers nothing: a row that slips to a page already read, because one before it
    went, is neither seen nor missed by it. Only the next one, which compares, finds it.

    Args:
        cursor: where it was asked for.
        reading: the reading that brought it.
        last: whether it was the last page.
        asked_at: the vendor's time before it was asked for, if it told.
        overlap: how late rows may become visible.
    """
    is_first = reading.page == 1
    started_at = asked_at if is_first else reading.started_at
    covered = cursor.covered_until
    if last and reading.comparing and started_at is not None:
        until = started_at - overlap
        covered = until if covered is None else max(covered, until)
    following = None if last else Reading(reading.comparing, reading.page + 1, started_at)
    return CursorMove(
        object_type=cursor.object_type,
        position=msgspec.json.encode(_Position(following)).decode(),
        complete=cursor.complete or last,
        covered_until=covered,
        begins_comparison=reading.comparing and is_first,
        ends_comparison=reading.comparing and last,
    )


def unmoved(cursor: Cursor) -> CursorMove:
    """Leave the cursor where it is: news were brought ahead of the next reading."""
    return CursorMove(cursor.object_type, cursor.position, cursor.complete, cursor.covered_until)
