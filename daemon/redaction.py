"""Keeps secrets out of what is written down.

Three nets, each enough on its own: values that are known to be secret, keys that name a secret, and
texts that look like one. The work on one value is bounded whatever its size.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import TypeVar
from urllib.parse import quote, quote_plus
from uuid import UUID

from daemon.config.secret import HIDDEN

T = TypeVar("T")

_SECRET_KEYS = frozenset(
    {
        "access_token",
        "admin_token",
        "api_key",
        "app_key",
        "assertion",
        "authorization",
        "authorization_code",
        "client_secret",
        "code",
        "cookie",
        "id_token",
        "password",
        "refresh_token",
        "secret",
        "set_cookie",
        "token",
        "verifier_token",
        "webhook_key",
        "webhook_secret",
        "webhook_verifier_token",
        "x_api_key",
    }
)

# Of one text, its head and its tail; of one event, all of its texts and values.
_MAX_CHARACTERS = 16_384
_MAX_EVENT_CHARACTERS = 49_152
_VALUE_COST = 64
_MAX_DEPTH = 8
# A text that is cut may be cut inside a secret: so much beside the cut is not shown.
_UNSURE_CHARACTERS = 512
# Secrets are looked up by their first characters; shorter ones would hide everyday text.
_PREFIX = 4

_LEFT_OUT = "…"
_SHOWN_AS_TEXT = (UUID, PurePath, date)

_NAMES = (
    r"(?:access|refresh|id|admin|verifier)_?token|client_?secret|authorization_?code|api[_-]?key"
    r"|app[_-]?key|password|(?:set-)?cookie"
)
# Between a name and its value: = or :, with quotes that may be escaped.
_IS = r"[\\\"']{0,4}\s{0,4}[=:]\s{0,4}[\\\"']{0,4}"
_AUTHORIZATION = re.compile(rf"(?i)(\bauthorization{_IS})(?:[a-z]+\s+)?[^\s\\\"',;}}]+")
_SCHEME = re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+|\b(basic\s+)(?=[a-z+/]*\d)[\w+/]{8,}={0,2}")
_NAMED = re.compile(rf"(?i)(\b(?:{_NAMES}){_IS})[^\s\\\"'&,;<>}}\]]+")
# Vendors' fault codes are shorter than authorization codes.
_CODE = re.compile(rf"(?i)(\bcode{_IS})[^\s\\\"'&,;<>}}\]]{{8,}}")
_TOKEN = re.compile(
    r"eyJ[\w-]{8,}(?:\.[\w-]*)*"  # JOSE: access tokens, id tokens
    r"|\bRT1-[\w-]{8,}|\bAB11\w{10,}"  # Intuit's refresh tokens and authorization codes
    r"|\b(?:cs|ak)\d\.[\w-]{8,}"  # ServiceTitan's client secrets and app keys
    r"|\bgAAAAA[\w-]{20,}={0,2}"  # Fernet: what is sealed
)
_LONG_WORD = re.compile(r"[\w-]{40,}")


class Redactor:
    """Hides secrets in texts and in nested values. It may be told of secrets at any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: Counter[str] = Counter()
        self._sizes: Counter[tuple[str, int]] = Counter()
        # By their first characters, the lengths of what begins so: longest first. A tuple is
        # replaced, never changed, because another thread may be reading it.
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._longest = 0
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide this text from now on. Each `add` is ended by one `discard`."""
        for form in _forms(secret):
            self._forms[form] += 1
            self._count(form, 1)

    def discard(self, secret: str) -> None:
        """Stop hiding this text, once all who added it have discarded it."""
        for form in _forms(secret):
            if form in self._forms:
                self._forms[form] -= 1
                self._count(form, -1)
                if self._forms[form] == 0:
                    del self._forms[form]

    def redact(self, value: object) -> object:
        """Return the value as texts, numbers, lists and dicts, with every secret hidden."""
        return self._value(value, _MAX_DEPTH, _Allowance())

    def redact_text(self, text: str) -> str:
        """Return the text with every secret hidden, and cut in the middle when it is very long."""
        if len(text) <= _MAX_CHARACTERS:
            return self._hide(text)
        unsure, half = max(_UNSURE_CHARACTERS, self._longest), _MAX_CHARACTERS // 2
        head, tail = self._hide(text[:half]), self._hide(text[-half:])
        left_out = f"… ({len(text)} characters, not all shown) …"
        return f"{head[: max(len(head) - unsure, 0)]}{left_out}{tail[unsure:]}"

    def _count(self, form: str, change: int) -> None:
        prefix, length = form[:_PREFIX], len(form)
        self._longest = max(self._longest, length)
        self._sizes[prefix, length] += change
        others = set(self._lengths.get(prefix, ())) - {length}
        if self._sizes[prefix, length] > 0:
            others.add(length)
        else:
            del self._sizes[prefix, length]
        self._lengths[prefix] = tuple(sorted(others, reverse=True))

    def _value(self, value: object, depth: int, allowance: "_Allowance") -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth == 0 or allowance.is_spent:
            return _LEFT_OUT
        if isinstance(value, Mapping):
            return {
                self._text(key, allowance): HIDDEN
                if _is_secret(key, item)
                else self._value(item, depth - 1, allowance)
                for key, item in allowance.take(value.items())
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(item, depth - 1, allowance) for item in allowance.take(value)]
        return self._text(value, allowance)

    def _text(self, value: object, allowance: "_Allowance") -> str:
        text = _text(value)
        allowance.characters -= min(len(text), _MAX_CHARACTERS)
        return self.redact_text(text)

    def _hide(self, text: str) -> str:
        text = self._hide_known(text) if self._lengths else text
        text = _SCHEME.sub(_after_its_name, text)
        text = _AUTHORIZATION.sub(_after_its_name, text)
        text = _NAMED.sub(_after_its_name, text)
        text = _CODE.sub(_after_its_name, text)
        text = _TOKEN.sub(HIDDEN, text)
        return _LONG_WORD.sub(_unless_plain, text)

    def _hide_known(self, text: str) -> str:
        parts = []
        shown = at = 0
        while at <= len(text) - _PREFIX:
            length = self._length_at(text, at)
            if length:
                parts += [text[shown:at], HIDDEN]
                at = shown = at + length
            else:
                at += 1
        return "".join([*parts, text[shown:]])

    def _length_at(self, text: str, at: int) -> int:
        """How long the longest known secret is that stands here; 0 for none."""
        lengths = self._lengths.get(text[at : at + _PREFIX], ())
        return next((n for n in lengths if text[at : at + n] in self._forms), 0)


@dataclass(slots=True)
class _Allowance:
    """How much one call may still look at."""

    characters: int = _MAX_EVENT_CHARACTERS

    @property
    def is_spent(self) -> bool:
        return self.characters <= 0

    def take(self, items: Iterable[T]) -> Iterator[T]:
        for item in items:
            self.characters -= _VALUE_COST
            if self.is_spent:
                return
            yield item


def _forms(secret: str) -> Iterator[str]:
    """The ways in which a secret is written: plain, in JSON, in a URL, in a form's body."""
    ways = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote_plus(secret)}
    return (way for way in ways if len(way) >= _PREFIX)


def _is_secret(key: object, value: object) -> bool:
    named = str(key).lower().replace("-", "_") in _SECRET_KEYS
    return named and value is not None and not isinstance(value, bool | int | float)


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return f"({len(value)} bytes)"
    return value if isinstance(value, str) else _described(value)


def _described(value: object) -> str:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return str(value) if isinstance(value, _SHOWN_AS_TEXT) else repr(value)


def _after_its_name(match: re.Match[str]) -> str:
    return f"{next(group for group in match.groups() if group)}{HIDDEN}"


def _unless_plain(match: re.Match[str]) -> str:
    """Hide a long word of mixed letters and digits; hashes and snake_case names stay."""
    word = match[0]
    mixed = any(map(str.isdigit, word)) and any(map(str.isupper, word))
    return HIDDEN if mixed and any(map(str.islower, word)) else word
