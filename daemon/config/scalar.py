"""Single values: from what stands in the file to what the program uses."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from daemon.config.quantity import parse_duration, parse_size
from daemon.config.secret import HIDDEN
from daemon.config.shape import Kind

_SHOWN_CHARACTERS = 60
_WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,18}")
_SHARE = re.compile(r"[01](?:\.[0-9]{1,9})?", re.ASCII)
_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One kind of single value.

    Attributes:
        expected: what to say that was expected.
        read: returns the value, or None when it is of another kind.
        holds: what it must be when no rule says more.
    """

    expected: str
    read: Callable[[object], object]
    holds: Callable[[object], bool] = bool


def _read_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _read_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_share(value: object) -> float | None:
    if isinstance(value, str) and _SHARE.fullmatch(value):
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_share(value: object) -> bool:
    return isinstance(value, float) and 0 <= value <= 1


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and value > 0


SCALARS = {
    Kind.TEXT: Scalar("text", _read_text),
    Kind.SECRET: Scalar("a secret text", _read_text),
    Kind.NUMBER: Scalar("a whole number from 1", _read_number, _is_positive),
    Kind.SHARE: Scalar("a share from 0 to 1, such as 0.2", _read_share, _is_share),
    Kind.DURATION: Scalar("a duration such as 30s, 5m, 4h or 30d", parse_duration, _is_positive),
    Kind.SIZE: Scalar("a size such as 64KiB or 1MiB", parse_size, _is_positive),
}


def plain(text: str) -> int | str:
    """Read a variable's text as an unquoted value of the file would be read."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def describe(value: object) -> str:
    """Say what was found, in few words."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            shown = _USER_INFO.sub(f"{HIDDEN}@", value)
            if len(shown) > _SHOWN_CHARACTERS:
                shown = f"{shown[:_SHOWN_CHARACTERS]}…"
            return repr(shown) if shown else "an empty text"
        case list():
            return "a list"
    return "nothing" if value is None else "a section"
