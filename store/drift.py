"""Where a vendor has something else than a user's write asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from store.action_models import Action, Mismatch


@dataclass(frozen=True, slots=True)
class Drift:
    """A mismatch that was found.

    Attributes:
        id: counts all of the store's.
        changed_since: whether the vendor changed the object after the write, by whomever.
        found_at: our time of the first comparison that came across it.
        seen_at: and of the last.
        resolved_at: when it was there no more, or what was asked for was overwritten; None while it
            is there.
    """

    id: int
    account_id: str
    action_id: str
    mismatch: Mismatch
    changed_since: bool
    found_at: datetime
    seen_at: datetime
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueComparison:
    """An action that is to be compared with what the vendor has.

    Attributes:
        later_types: the types of actions that were done to the same object after it.
        is_drifting: whether the last comparison came across a mismatch.
    """

    action: Action
    later_types: Sequence[str] = ()
    is_drifting: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to.

    Attributes:
        mismatches: all that there are; None when nothing could be compared.
        next_at: when to compare again; None is never.
    """

    action_id: str
    at: datetime
    mismatches: Sequence[Mismatch] | None
    changed_since: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class ComparisonNoted:
    """Which drifts are new by a comparison, and which are there no more."""

    opened: Sequence[Drift] = ()
    resolved: Sequence[Drift] = ()


@dataclass(frozen=True, slots=True)
class DriftFilter:
    """Which drifts of one account are wanted, newest first.

    Attributes:
        is_open: only those that are there still, or only those that are not.
        of: only of this object type and id.
        before_id: only those before this one (the last of the page before).
    """

    account_id: str
    is_open: bool | None = None
    action_id: str | None = None
    of: tuple[str, str] | None = None
    before_id: int | None = None
    limit: int = 100


class DriftLedger(Protocol):
    """What one account's actor reads and writes. The rules of `store.ports` hold here too."""

    async def next_comparison(self, account_id: str) -> datetime | None:
        """Return when the next action of the account is to be compared; None for none."""
        ...

    async def due_comparisons(
        self, account_id: str, at: datetime, *, limit: int
    ) -> Sequence[DueComparison]:
        """Return actions whose time to be compared has come, the longest due first."""
        ...

    async def types_done_since(
        self, account_id: str, object_type: str, object_id: str, since: datetime
    ) -> Sequence[str]:
        """Return the types of actions that were done to an object since then, by our time."""
        ...

    async def note_comparison(
        self, account_id: str, epoch: int, comparison: Comparison
    ) -> ComparisonNoted:
        """Store what a comparison came to: opens, keeps and resolves drifts, in one piece.

        Raises:
            StaleEpochError: the caller does not own the account any more.
        """
        ...


class DriftDirectory(Protocol):
    """Drifts, for everybody but actors."""

    async def drifts(self, wanted: DriftFilter) -> Sequence[Drift]:
        """Return a page of drifts, newest first."""
        ...

    async def open_drifts(self) -> dict[str, int]:
        """Return how many drifts are open, by vendor; vendors without any are left out."""
        ...
