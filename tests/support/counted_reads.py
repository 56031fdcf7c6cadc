"""Reads that nobody made, for what takes more of them than a test has time for."""

from actors.read_meter import ReadMeter
from actors.read_supply import NotedReads


def counted_by(meter: ReadMeter) -> NotedReads:
    """Return what counts a lone process's reads."""
    supply = meter._supply  # noqa: SLF001 - there is no other way than to make them
    assert isinstance(supply, NotedReads)
    return supply
