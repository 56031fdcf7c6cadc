"""Times as the vendor writes and reads them.

Objects carry whole seconds in Pacific time with the offset of that date; the envelope has
milliseconds (recorded traffic; Intuit staff in QuickBooks-V3-Java-SDK issue 26).
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
SECOND_US = 1_000_000

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:T(?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)  # what one act changes carries one time
def stamp(epoch_s: int) -> str:
    """Write an object's time: whole seconds, Pacific, two-digit offset."""
    return datetime.fromtimestamp(epoch_s, PACIFIC).isoformat()


def envelope_time(now: datetime) -> str:
    """Write the time of a reply's envelope: milliseconds, Pacific."""
    return now.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def http_date(now: datetime) -> str:
    """Write a UTC instant as headers have it, at a quarter of what `email.utils` takes."""
    day, month = _DAYS[now.weekday()], _MONTHS[now.month - 1]
    clock = f"{now.hour:02}:{now.minute:02}:{now.second:02}"
    return f"{day}, {now.day:02} {month} {now.year:04} {clock} GMT"


def pacific_date(now: datetime) -> date:
    """Return the vendor's server date at an instant."""
    return now.astimezone(PACIFIC).date()


def epoch_us(instant: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def epoch_s(instant: datetime) -> int:
    """Return whole seconds since 1970, rounded down."""
    return epoch_us(instant) // SECOND_US


def from_epoch_s(seconds: int) -> datetime:
    """Return the UTC instant of an epoch second."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_instant(text: str) -> datetime:
    """Read a time that a client sent.

    Accepted: ``Z``, ``+hh:mm``, ``+hhmm``, no offset (taken as Pacific) and a bare date (its
    Pacific midnight). A space where a ``+`` was is refused.

    Raises:
        ValueError: It is none of these.
    """
    match = _FORM.fullmatch(text.strip("\t"))
    if match is None:
        raise ValueError(f"not a date or a time: {text!r}")
    moment = datetime.fromisoformat(f"{match['date']}T{match['time'] or '00:00'}")
    return moment.replace(tzinfo=_zone(match["zone"])).astimezone(UTC)


def _zone(text: str | None) -> ZoneInfo | timezone:
    if text is None:
        return PACIFIC
    if text in ("Z", "z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
