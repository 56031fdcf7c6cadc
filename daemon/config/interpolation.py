"""`${NAME}` in a value stands for an environment variable; `$${` is a plain `${`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_REFERENCE = re.compile(r"\$(?P<escaped>\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|\$\{(?P<bad>)")


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A text with its variables put in.

    Attributes:
        names: the variables that it took.
        missing: those of them that are not set.
        malformed: whether some `${` is not followed by a name and `}`.
    """

    text: str
    names: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    malformed: bool = False


def interpolate(text: str, environ: Mapping[str, str]) -> Interpolated:
    """Put environment variables in; a missing one leaves nothing in its place."""
    matches = list(_REFERENCE.finditer(text))
    names = tuple(match["name"] for match in matches if match["name"])

    def replacement(match: re.Match[str]) -> str:
        return "${" if match["escaped"] else environ.get(match["name"] or "", "")

    return Interpolated(
        _REFERENCE.sub(replacement, text),
        names,
        missing=tuple(dict.fromkeys(name for name in names if name not in environ)),
        malformed=any(match["bad"] is not None for match in matches),
    )
