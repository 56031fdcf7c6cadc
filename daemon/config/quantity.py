"""Durations and sizes as people write them: `30s`, `5m`, `4h`, `30d`; `64KiB`, `1MiB`."""

import math
import re

SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
BYTES = {"GiB": 1 << 30, "MiB": 1 << 20, "KiB": 1 << 10, "B": 1}

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)
_SIZE = re.compile(r"(\d+)(B|KiB|MiB|GiB)?", re.ASCII)


def parse_duration(value: object) -> float | None:
    """Read seconds from a plain number or from a text with a unit; None when it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if not isinstance(value, str):
        return float(value) if math.isfinite(value) else None
    match = _DURATION.fullmatch(value)
    return float(match[1]) * SECONDS[match[2] or "s"] if match else None


def format_duration(duration_s: float) -> str:
    """Write seconds in the largest unit that takes a whole number of them."""
    for unit, seconds in SECONDS.items():
        if duration_s >= seconds and duration_s % seconds == 0:
            return f"{int(duration_s // seconds)}{unit}"
    return f"{duration_s:f}".rstrip("0").rstrip(".") + "s"


def parse_size(value: object) -> int | None:
    """Read bytes from a plain whole number or from a text with a unit; None when it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(value)
    return int(match[1]) * BYTES[match[2] or "B"] if match else None


def format_size(size_bytes: int) -> str:
    """Write bytes in the largest unit that takes a whole number of them."""
    for unit, factor in BYTES.items():
        if size_bytes >= factor and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return f"{size_bytes}B"
