"""What an account looks like from outside. Pure: built from what the store and the actor know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from actors.breaker import BreakerState
from actors.state import Failure
from store.models import Account, Cursor, HeldDeletes


class AccountState(StrEnum):
    """How an account is doing."""

    CONNECTING = "connecting"
    BACKFILLING = "backfilling"
    LIVE = "live"
    DEGRADED = "degraded"
    PAUSED = "paused"
    REAUTH_REQUIRED = "reauth_required"
    QUARANTINED = "quarantined"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class BucketStatus:
    """How many calls are under way, and how many more could begin within a second."""

    in_flight: int
    available: int


@dataclass(frozen=True, slots=True)
class VerificationProgress:
    """How far a verification under way has come.

    Attributes:
        object_type: what is being compared; None before the first.
        types_done: of so many `types`.
        objects: how many the vendor showed so far.
        reads: how many calls were made so far.
    """

    began_at: datetime
    object_type: str | None
    types_done: int
    types: int
    objects: int
    differences: int
    reads: int


@dataclass(frozen=True, slots=True)
class ActorStatus:
    """One actor as it is now. Durations count from now.

    Attributes:
        bucket: None where it is not known: its actor runs in another process.
        trouble: what makes the account degraded, in words; empty when nothing does.
        looks: the keys of the looks under way.
        reads_whole: whether one of them reads a type from end to end.
        failures: looks that failed the last time, by key.
        next_look_in_s: None when nothing is planned.
        verification: None when none is under way.
        verification_in_s: when the next is due; None when none is planned.
        verification_error: how the last one failed; None when it did not.
        verification_failures: how often in a row.
        held: deletes that wait for a person's word.
        token_failures: how often in a row the tokens could not be renewed.
        last_response_s: how long the vendor took to answer the last time; None before the first.
        slowest_response_s: how long it took at most since somebody asked for that.
    """

    breaker: BreakerState
    breaker_failures: int
    bucket: BucketStatus | None
    cursors: Mapping[str, Cursor]
    trouble: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    reads_whole: bool = False
    failures: Mapping[str, Failure] = field(default_factory=dict)
    next_look_in_s: float | None = None
    verification: VerificationProgress | None = None
    verification_in_s: float | None = None
    verification_error: str | None = None
    verification_failures: int = 0
    held: tuple[HeldDeletes, ...] = ()
    token_failures: int = 0
    last_response_s: float | None = None
    slowest_response_s: float = 0.0


def account_state(
    account: Account,
    cursors: Iterable[Cursor],
    *,
    trouble: bool,
    quarantined: bool,
) -> AccountState:
    """Name the account's state. What a person must do comes before what heals by itself.

    Args:
        account: as stored.
        cursors: of every configured type that was ever read.
        trouble: whether its actor is in trouble.
        quarantined: whether its actor crashed too often to be started again.
    """
    known = list(cursors)
    rules = (
        (account.disconnected_at is not None, AccountState.DISCONNECTED),
        (account.reauth_cause is not None, AccountState.REAUTH_REQUIRED),
        (quarantined, AccountState.QUARANTINED),
        (account.paused, AccountState.PAUSED),
        (trouble, AccountState.DEGRADED),
        (not any(cursor.position for cursor in known), AccountState.CONNECTING),
        (not all(cursor.complete for cursor in known), AccountState.BACKFILLING),
    )
    return next((state for holds, state in rules if holds), AccountState.LIVE)
