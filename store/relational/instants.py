"""Instants as text: UTC, of a fixed width, so that text order is time order."""

from datetime import UTC, datetime

import msgspec

_WITH_MICROSECONDS = len('"2026-11-21T09:00:00.000001Z"')

_encode = msgspec.json.Encoder().encode
"""Writes an instant at a tenth of what `isoformat` takes, without microseconds where there are none."""


def to_text(instant: datetime) -> str:
    """Write an aware instant as `2026-11-21T09:00:00.000000Z`; nothing of it is lost.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is not UTC:
        if instant.utcoffset() is None:
            raise ValueError(f"an instant needs a time zone: {instant!r}")
        instant = instant.astimezone(UTC)
    quoted = _encode(instant)
    if len(quoted) == _WITH_MICROSECONDS:
        return quoted[1:-1].decode()
    return f"{quoted[1:-2].decode()}.000000Z"


def optional_to_text(instant: datetime | None) -> str | None:
    """Write an instant that may be unknown."""
    return None if instant is None else to_text(instant)


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote, as an aware instant in UTC."""
    return datetime.fromisoformat(text)


def optional_from_text(text: str | None) -> datetime | None:
    """Read an instant that may be unknown."""
    return None if text is None else from_text(text)
