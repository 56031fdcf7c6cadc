"""Quantities in words for a person. Pure."""

from datetime import datetime
from unicodedata import bidirectional, category

_UNITS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0))

_HARMFUL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def duration(seconds: float) -> str:
    """Write a duration in its largest fitting unit: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`."""
    for unit, size_s in _UNITS:
        if seconds >= size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two digits


def age(instant: datetime | None, now: datetime) -> str:
    """Write how long ago an instant was; `-` when there is none."""
    if instant is None:
        return "-"
    return f"{duration(max(0.0, (now - instant).total_seconds()))} ago"


def count(number: int, noun: str) -> str:
    """Write a number of things: `1 account`, `2 accounts`, `12,000 accounts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def printable(text: str) -> str:
    """Make a text that came from outside harmless to a terminal.

    Control characters, line ends, and what turns the direction of writing are replaced.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_harmful(char) else char for char in text)


def _is_harmful(char: str) -> bool:
    return category(char) in _HARMFUL or bidirectional(char) in _TURNING
