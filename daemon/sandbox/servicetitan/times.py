"""Instants as the vendor writes and reads them: RFC 3339 in UTC, with up to seven digits of a second."""

from datetime import UTC, datetime
from functools import lru_cache


def instant_text(moment: datetime) -> str:
    """Write an instant; trailing zeros of the second are left out, as .NET does."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f"{text.rstrip('0').rstrip('.')}Z"


@lru_cache(maxsize=65_536)
def read_instant(text: str) -> datetime | None:
    """Read a date or an instant, in UTC when it does not say; None when it is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
