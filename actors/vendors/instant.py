"""Vendors' times as instants that can be reckoned with."""

from datetime import UTC, datetime, timedelta, tzinfo

from actors.vendors.failed_call import UnreadableReplyError

_MARGIN = timedelta(days=3)
"""More than any offset, overlap or step back that is added to an instant or taken from it."""

EARLIEST = datetime.min.replace(tzinfo=UTC) + _MARGIN
LATEST = datetime.max.replace(tzinfo=UTC) - _MARGIN


def as_utc(moment: datetime, zone: tzinfo = UTC) -> datetime:
    """Return the instant in UTC. Without an offset it is in this zone, of a repeated hour the first.

    Raises:
        UnreadableReplyError: it lies at an end of the calendar, where no time can be reckoned with.
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        instant = None
    if instant is None or not EARLIEST <= instant <= LATEST:
        raise UnreadableReplyError("a time at the end of the calendar")
    return instant
