"""How ServiceTitan's parameters write instants: RFC 3339 in UTC (§1.12)."""

from datetime import UTC, datetime


def parameter_text(moment: datetime) -> str:
    """Write an aware instant the way parameters take it, cut to its second."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
