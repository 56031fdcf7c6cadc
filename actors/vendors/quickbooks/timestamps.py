"""QuickBooks' instants, read and written.

The vendor writes Pacific time in whole seconds with the offset of that date; envelope times have
milliseconds. It accepts `Z` in statements, where a `+` would need care in a URL. Times without an
offset are taken as Pacific (quickbooks facts §3.1).
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from actors.vendors import instant

PACIFIC = ZoneInfo("America/Los_Angeles")


def as_utc(moment: datetime) -> datetime:
    """Return the instant in UTC; without an offset it is Pacific. Raises `UnreadableReplyError`."""
    return instant.as_utc(moment, PACIFIC)


def whole_second(moment: datetime) -> datetime:
    """Return the second that the instant lies in: the finest that a statement can ask for."""
    return moment.replace(microsecond=0)


def statement_text(moment: datetime) -> str:
    """Write an aware instant the way statements and parameters take it, cut to its second."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
