"""What the operator's browser shows instead of the admin token. Pure.

A session is an instant and a seal over it, made with a key that comes from the admin token: it
outlives a restart, and ends by itself, or when the token is changed. One that is signed out of is
remembered in memory: whoever copied its cookie before may use it again after a restart.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LASTS = timedelta(days=7)

_PURPOSE = b"syncline dashboard session 1"
_UNITS_A_SECOND = 1_000_000
"""Finer than browsers come: no two have the same session."""


@dataclass(frozen=True, slots=True)
class SessionSeal:
    """Makes sessions, and knows its own."""

    key: bytes

    @classmethod
    def of(cls, admin_token: str) -> "SessionSeal":
        """Return the seal of this token."""
        return cls(hmac.digest(admin_token.encode(), _PURPOSE, hashlib.sha256))

    def issue(self, now: datetime) -> str:
        """Return a session that begins now."""
        end = str(round((now + LASTS).timestamp() * _UNITS_A_SECOND))
        return f"{end}.{self._sealed(end)}"

    def accepts(self, session: str, now: datetime) -> bool:
        """Tell whether this is a session of ours that has not ended."""
        end, _, seal = session.partition(".")
        if not hmac.compare_digest(seal.encode(errors="replace"), self._sealed(end).encode()):
            return False
        return now.timestamp() < int(end) / _UNITS_A_SECOND

    def _sealed(self, end: str) -> str:
        digest = hmac.digest(self.key, end.encode(errors="replace"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")


class EndedSessions:
    """Sessions that ended early, because their browser signed out.

    Attributes:
        on_end: is told the hash of each that ended in this process.
    """

    def __init__(self) -> None:
        self._noted_at: dict[str, datetime] = {}
        self.on_end: Callable[[str], None] = lambda _digest: None

    def add(self, session: str, now: datetime) -> None:
        """Remember one, and forget those that have ended by themselves meanwhile."""
        digest = _digest(session)
        self.note(digest, now)
        self.on_end(digest)

    def note(self, digest: str, now: datetime) -> None:
        """Remember one by its hash."""
        self._noted_at = {each: at for each, at in self._noted_at.items() if now < at + LASTS}
        self._noted_at[digest] = now

    def __contains__(self, session: str) -> bool:
        return bool(self._noted_at) and _digest(session) in self._noted_at


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode(errors="replace")).hexdigest()
