"""A cursor's position: text that only this package reads, and what follows from it. Pure."""

from datetime import datetime, timedelta

import msgspec

from actors.vendors.quickbooks.keyset import Reason, Scan
from store.models import Cursor, CursorMove


class _Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Between readings there is nothing to remember but the cursor's own `covered_until`."""

    scan: Scan | None = None


IDLE = "{}"
_BETWEEN_READINGS = ("", IDLE)

_decode = msgspec.json.Decoder(_Position).decode


def scan_under_way(cursor: Cursor) -> Scan | None:
    """Return the reading to go on with or to begin; None when only news are looked for.

    A position that another version of this program wrote, and that cannot be read, begins anew.
    """
    scan = None if cursor.position in _BETWEEN_READINGS else _stored_scan(cursor)
    if not cursor.complete:
        return scan or Scan(Reason.BACKFILL)
    wanted = cursor.rescan_requested or cursor.covered_until is None
    if wanted and (scan is None or not scan.comparing):
        return Scan(Reason.COMPARISON)
    return scan


def _stored_scan(cursor: Cursor) -> Scan | None:
    try:
        return _decode(cursor.position).scan
    except msgspec.MsgspecError:
        return Scan(Reason.COMPARISON if cursor.complete else Reason.BACKFILL)


def moved_on(cursor: Cursor, scan: Scan, next_scan: Scan) -> CursorMove:
    """Move within a reading: `scan` brought a page, `next_scan` comes after it."""
    return CursorMove(
        object_type=cursor.object_type,
        position=_encoded(next_scan),
        complete=cursor.complete,
        covered_until=cursor.covered_until,
        begins_comparison=scan.comparing and scan.started_at is None,
    )


def finished(cursor: Cursor, scan: Scan, started_at: datetime, overlap: timedelta) -> CursorMove:
    """End a reading whose first reply was from `started_at`: what came later is the feed's."""
    return CursorMove(
        object_type=cursor.object_type,
        position=IDLE,
        complete=True,
        covered_until=later(cursor.covered_until, started_at - overlap),
        begins_comparison=scan.comparing and scan.started_at is None,
        ends_comparison=scan.comparing,
    )


def listed(cursor: Cursor, until: datetime) -> CursorMove:
    """Move past what the feed listed, which was all up to then."""
    return CursorMove(
        object_type=cursor.object_type,
        position=IDLE,
        complete=True,
        covered_until=later(cursor.covered_until, until),
    )


def to_compare(cursor: Cursor) -> CursorMove:
    """Switch to a full reading, as the feed cannot tell; the cursor covers what it did."""
    return CursorMove(
        object_type=cursor.object_type,
        position=_encoded(Scan(Reason.COMPARISON)),
        complete=True,
        covered_until=cursor.covered_until,
    )


def later(covered_until: datetime | None, moment: datetime) -> datetime:
    """A cursor never goes back."""
    return moment if covered_until is None else max(covered_until, moment)


def _encoded(scan: Scan) -> str:
    return msgspec.json.encode(_Position(scan)).decode()
