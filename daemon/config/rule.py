"""What a value must be beyond its type. A rule is put on a field by `Annotated`."""

import binascii
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qs, urlsplit

POSTGRESQL = ("postgresql", "postgres")

_FERNET_KEY_BYTES = 32
_PASSWORD_APART = "a password stands in store.password or store.password_file"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition.

    Attributes:
        expected: what to say that was expected.
        accept: returns the value in its normal form, or None when it does not hold.
        hint: what to do about a refused value, or nothing.
    """

    expected: str
    accept: Callable[[Any], object]
    hint: Callable[[Any], str] = lambda _: ""


@dataclass(frozen=True, slots=True)
class Flat:
    """Marks a section whose keys stand in the section around it.

    Attributes:
        rules: what its fields must be here, by their names.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Named:
    """Marks a section of sections.

    Attributes:
        types: each section's class by its name.
        what: what a name must be.
    """

    types: Mapping[str, type]
    what: str


def between(low: float, high: float, expected: str) -> Rule:
    """Hold for numbers from `low` to `high`, both included."""
    return Rule(expected, lambda value: value if low <= value <= high else None)


def at_least(low: float, expected: str) -> Rule:
    """Hold for numbers from `low` up."""
    return Rule(expected, lambda value: value if value >= low else None)


def one_of(known: Collection[str], expected: str) -> Rule:
    """Hold for the known words."""
    return Rule(
        expected,
        lambda value: value if value in known else None,
        lambda value: did_you_mean(value, known),
    )


def http_url(drop: str = "/") -> Rule:
    """Hold for an address that paths can be appended to; `drop` is taken off its end."""

    def accept(value: str) -> str | None:
        return value.rstrip(drop) if _is_http_url(value) else None

    return Rule("an address such as https://example.com", accept)


def store_url() -> Rule:
    """Hold for the embedded database's file, and for a PostgreSQL database."""
    return Rule(
        "sqlite:///relative/path, sqlite:////absolute/path or postgresql://user@host/database",
        lambda value: _accept_sqlite(value) or _accept_postgresql(value),
        lambda value: _PASSWORD_APART if _has_password(value) else "",
    )


def fernet_key() -> Rule:
    """Hold for 32 bytes in URL-safe base64."""
    return Rule("a Fernet key (32 bytes in URL-safe base64)", _accept_fernet_key)


def signing_secret() -> Rule:
    """Hold for any text; behind `whsec_`, as Standard Webhooks has it, for base64."""
    return Rule("a text, or whsec_ and base64", _accept_signing_secret)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return a question with the known word nearest to this one, or nothing."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else ""


def _is_http_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or parts.username or " " in value)
    return parts.scheme in {"http", "https"} and named and plain


def _accept_sqlite(value: str) -> str | None:
    path = value.removeprefix("sqlite:///")
    usable = path != value and path and path != ":memory:" and not path.endswith("/")
    return value if usable and "\0" not in value and "?" not in value else None


def _accept_postgresql(value: str) -> str | None:
    if _has_password(value):
        return None
    parts = urlsplit(value)
    usable = parts.scheme in POSTGRESQL and len(parts.path) > 1 and not parts.fragment
    return value if usable and " " not in value and "\0" not in value else None


def _has_password(value: str) -> bool:
    """Passwords are secrets, and the URL is shown: they may not stand in it."""
    try:
        parts = urlsplit(value)
        asked = parse_qs(parts.query)
    except ValueError:
        return False
    return parts.scheme in POSTGRESQL and (parts.password is not None or "password" in asked)


def _accept_fernet_key(value: str) -> str | None:
    try:
        size = len(urlsafe_b64decode(value.encode("ascii")))
    except (binascii.Error, UnicodeEncodeError):
        return None
    return value if size == _FERNET_KEY_BYTES else None


def _accept_signing_secret(value: str) -> str | None:
    encoded = value.removeprefix("whsec_")
    if encoded == value:
        return value or None
    try:
        return value if b64decode(encoded, validate=True) else None
    except binascii.Error:
        return None
