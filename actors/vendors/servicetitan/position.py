"""A cursor's position: text that only this package reads, and what follows from it. Pure.

Every type has its own export feed. Between readings the position is the feed's continuation token;
during a full reading, of which the first is one, that reading's own.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from actors.vendors.servicetitan.timestamps import parameter_text
from store.models import Cursor, CursorMove

STEP_BACK = timedelta(days=1)
"""So far before what is covered a feed is begun again whose token was lost: rows may have come late."""


class Reason(StrEnum):
    """Why a type is read from end to end."""

    BACKFILL = "backfill"
    COMPARISON = "comparison"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a reading from end to end has come; an empty token is the very beginning."""

    reason: Reason
    token: str = ""

    @property
    def comparing(self) -> bool:
        """Whether what it does not come across is to be claimed as gone."""
        return self.reason is Reason.COMPARISON


class _Position(msgspec.Struct, frozen=True, omit_defaults=True):
    token: str = ""
    reading: Reading | None = None


_decode = msgspec.json.Decoder(_Position).decode


def reading_under_way(cursor: Cursor) -> Reading | None:
    """Return the reading to go on with or to begin; None when only news are looked for.

    A position that another version of this program wrote, and that cannot be read, begins anew.
    """
    position = _stored(cursor)
    reading = position.reading
    if not cursor.complete:
        return reading or Reading(Reason.BACKFILL)
    if cursor.rescan_requested and (reading is None or not reading.comparing):
        return Reading(Reason.COMPARISON)
    return reading


def start(cursor: Cursor) -> str:
    """Return where the feed is to be asked from; empty is from the very first record."""
    reading = reading_under_way(cursor)
    if reading is not None:
        return reading.token
    token = _stored(cursor).token
    if token or cursor.covered_until is None:
        return token
    return parameter_text(cursor.covered_until - STEP_BACK)


def has_token(cursor: Cursor) -> bool:
    """Tell whether the feed is asked with one of its own tokens, which it may not know any more."""
    reading = reading_under_way(cursor)
    return bool(_stored(cursor).token if reading is None else reading.token)


def began_again(cursor: Cursor) -> CursorMove:
    """Forget the token that the feed does not take: a reading begins anew, news by their time."""
    reading = reading_under_way(cursor)
    if reading is None:
        return _move(cursor, _Position())
    anew = Reading(reading.reason)
    return _move(cursor, _Position(_stored(cursor).token, anew), begins=reading.comparing)


def moved_on(cursor: Cursor, token: str, *, more: bool, until: datetime | None) -> CursorMove:
    """Move behind a page.

    Args:
        cursor: where it was asked for.
        token: where the feed goes on.
        more: whether it has more to tell now; if not, it has told everything.
        until: up to when that is; None when the answer did not say its own time.
    """
    reading = reading_under_way(cursor)
    covered = cursor.covered_until
    if not more and until is not None:
        covered = until if covered is None else max(covered, until)
    if reading is None:
        return _move(cursor, _Position(token), covered=covered)
    begins = reading.comparing and not reading.token
    if more:
        going_on = _Position(_stored(cursor).token, Reading(reading.reason, token))
        return _move(cursor, going_on, begins=begins)
    return CursorMove(
        object_type=cursor.object_type,
        position=_encoded(_Position(token)),
        complete=True,
        covered_until=covered,
        begins_comparison=begins,
        ends_comparison=reading.comparing,
    )


def _move(
    cursor: Cursor,
    position: _Position,
    *,
    covered: datetime | None = None,
    begins: bool = False,
) -> CursorMove:
    return CursorMove(
        object_type=cursor.object_type,
        position=_encoded(position),
        complete=cursor.complete,
        covered_until=covered or cursor.covered_until,
        begins_comparison=begins,
    )


def _stored(cursor: Cursor) -> _Position:
    try:
        return _decode(cursor.position or "{}")
    except msgspec.MsgspecError:
        return _Position(reading=Reading(Reason.COMPARISON) if cursor.complete else None)


def _encoded(position: _Position) -> str:
    return msgspec.json.encode(position).decode()
