"""How an actor's operations end, and with what it is told all that can happen to it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from actors.action_turns import ActionsRested
from actors.messages import Message
from actors.vendors.base import Look
from actors.verification_plan import VerificationFailed, Verified
from store.models import CursorMove, HeldDeletes


class LookStored(msgspec.Struct, frozen=True, gc=False):
    """A look came back and its page is in the store.

    Attributes:
        moves: how it moved the cursors.
        more: whether the same look has more to read right now.
        missed: whether it found a change that a notice should have told of.
        awaits: whether a notice tells of something that it did not find.
        held: deletes that it would have made and that wait; it is made again like a poll.
    """

    look: Look
    moves: Sequence[CursorMove]
    more: bool = False
    missed: bool = False
    awaits: bool = False
    held: Sequence[HeldDeletes] = ()


@dataclass(frozen=True, slots=True)
class LookFailed:
    """A look failed. `wait_s` is what the vendor asked for; `refused` that it did not accept the access token."""

    look: Look
    error: str
    wait_s: float = 0.0
    refused: bool = False


class Refreshed(msgspec.Struct, frozen=True, gc=False):
    """The tokens were renewed and are stored; they end in `lifetime_s`."""

    lifetime_s: float


@dataclass(frozen=True, slots=True)
class RefreshFailed:
    """The tokens could not be renewed this time. `wait_s` is what the vendor asked for."""

    error: str
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """The account is not ours to work on any more: fenced off, or in need of its owner.

    Attributes:
        look: which look ended with finding that out; None when it was a refresh or the giving up.
    """

    cause: str
    look: Look | None = None


Event = (
    Message
    | LookStored
    | LookFailed
    | Refreshed
    | RefreshFailed
    | Verified
    | VerificationFailed
    | Ended
    | ActionsRested
)
