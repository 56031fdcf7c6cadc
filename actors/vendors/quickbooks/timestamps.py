"""QuickBooks' instants, read and written.

The vendor writes Pacific time in whole seconds with the offset of that date; envelope times have
milliseconds. It accepts `Z` in statements, where a `+` would need care in a URL. Times without an
offset are taken as Pacific (quickbooks facts §3.1).
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from actors.vendors.failed_call import UnreadableReplyError

PACIFIC = ZoneInfo("America/Los_Angeles")

MARGIN = timedelta(days=2)
"""More than any offset, overlap or step that is added to an instant or taken from it."""

EARLIEST = datetime.min.replace(tzinfo=UTC) + MARGIN
LATEST = datetime.max.replace(tzinfo=UTC) - MARGIN


def as_utc(moment: datetime) -> datetime:
    """Return the instant in UTC. Without an offset it is Pacific, of a repeated hour the first.

    Raises:
        UnreadableReplyError: it lies at an end of the calendar, where no time can be reckoned with.
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=PACIFIC)
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        instant = None
    if instant is None or not EARLIEST <= instant <= LATEST:
        raise UnreadableReplyError("a time at the end of the calendar")
    return instant


def whole_second(moment: datetime) -> datetime:
    """Return the second that the instant lies in: the finest that a statement can ask for."""
    return moment.replace(microsecond=0)


def statement_text(moment: datetime) -> str:
    """Write an aware instant the way statements and parameters take it, cut to its second."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
