"""What the conformance suite needs of a vendor: its package, its sandbox, and somebody who plays it.

A vendor in the registry has a trial; `trials` lists them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from actors.credential import Credential
from actors.settings import AccountSettings
from actors.vendors.base import Vendor
from actors.vendors.notice import WebhookDoor

Bodies = Mapping[str, Mapping[str, bytes]]
"""Payloads by type and id."""


class Trouble(StrEnum):
    """What can go wrong with a vendor's answers."""

    THROTTLED = "throttled"
    DOWN = "down"
    EMPTY = "empty"
    RESET = "reset"
    RESET_IN_BODY = "reset_in_body"
    PAGE_WITH_200 = "page_with_200"
    OTHER_SHAPE = "other_shape"
    TRUNCATED = "truncated"
    HANG = "hang"
    TOKEN_REFUSED = "token_refused"


class WriteTrouble(StrEnum):
    """What can go wrong with a write. In all but the last four it took effect."""

    LOST = "lost"
    """The connection is reset before a byte of the answer."""
    CUT = "cut"
    """The connection is reset in the middle of the answer."""
    LATE = "late"
    """The answer comes later than anybody waits for it."""
    FAILED_AFTER = "failed_after"
    RUBBISH = "rubbish"
    FAILED_BEFORE = "failed_before"
    RESET_BEFORE = "reset_before"
    THROTTLED = "throttled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TriedWrite:
    """An action that a user asks for. `needed` names a field that it cannot be without."""

    action_type: str
    payload: Mapping[str, object]
    needed: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A webhook as it came."""

    body: bytes
    headers: Mapping[str, str]


class Trial(Protocol):
    """One vendor, ready to be tried. Its data are small and its pages smaller."""

    @property
    def vendor(self) -> Vendor:
        """The real package, speaking to the sandbox."""
        ...

    @property
    def settings(self) -> AccountSettings:
        """How its accounts are kept in sync: what the configuration defaults to."""
        ...

    @property
    def refusal(self) -> str:
        """Words of the vendor that `WriteTrouble.REFUSED` is told with."""
        ...

    @property
    def throttle_wait_s(self) -> float:
        """How long `Trouble.THROTTLED` asks to wait."""
        ...

    def found_company(self) -> str:
        """Add a company with some hundred objects; return its id at the vendor."""
        ...

    def grant(self, company: str) -> Mapping[str, object]:
        """Return what a user posts to connect it."""
        ...

    async def connect(self, company: str) -> Credential:
        """Go through what connects it."""
        ...

    def truth(self, company: str, at: datetime | None = None) -> Bodies:
        """Return what is there at a time, now by default, of the configured types."""
        ...

    def change(self, company: str) -> tuple[str, str]:
        """Change an object; return its type and id."""
        ...

    def delete(self, company: str) -> tuple[str, str]:
        """Delete an object; return its type and id."""
        ...

    def switch_off(self, company: str) -> tuple[str, str]:
        """Make an object inactive, which is no deletion; return its type and id."""
        ...

    def live_on(self, company: str) -> None:
        """Let a few things happen."""
        ...

    def arrange(self, trouble: Trouble, times: int) -> None:
        """Let so many of the next reading calls go wrong."""
        ...

    def withdraw(self, company: str) -> None:
        """End our access for good, as its owner can."""
        ...

    def hurry(self) -> None:
        """Answer at once, on pages so small that one reading alone could pass every limit."""
        ...

    def violations(self) -> int:
        """Return how many calls were above a limit, arranged troubles not counted."""
        ...

    def door(self) -> WebhookDoor:
        """Return how its deliveries are let in."""
        ...

    def deliver(self, company: str) -> tuple[Delivered, str]:
        """Change an object; return what the vendor delivers of it, and the secret it is signed with."""
        ...

    def writes(self, company: str) -> Sequence[TriedWrite]:
        """Return one sound action of each kind that is told apart when its answer is lost."""
        ...

    def arrange_writes(self, trouble: WriteTrouble, times: int) -> None:
        """Let so many of the next writes go wrong."""
        ...

    def show_late(self, seconds: float) -> None:
        """Have what is made from now on be found only so long after."""
        ...

    def applied(self, company: str) -> Sequence[bytes]:
        """Return the bodies of all writes that took effect."""
        ...
