"""The contract of a vendor's package that can also write: what users ask us to do at the vendor.

The ledger (`actors.ledger`) decides when something is sent; the vendor's package knows how, what
must be in a payload, and how to find out afterwards whether a write whose answer was lost happened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from actors.vendors.base import Session
from store.models import ObjectRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from actors.errors import VendorError


@dataclass(frozen=True, slots=True)
class PayloadProblem:
    """One thing that is wrong with a payload: where, what should be there, and what is."""

    path: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Target:
    """The object that a write is about. `object_id` is None for one that is to be created."""

    object_type: str
    object_id: str | None


@dataclass(frozen=True, slots=True)
class Intent:
    """One write as it is sent, or was.

    Attributes:
        generation: how often the vendor refused it before: names the request together with the
            action, so that a repeat after a lost answer is told from a new try after a refusal.
        base: what the vendor's package noted of the object before (`Writer.base`); None for one
            that is to be created.
    """

    action_id: str
    action_type: str
    payload: bytes
    generation: int
    base: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """The vendor did it.

    Attributes:
        target: the object, with its id.
        record: the object as it is now; None when it is gone by it.
        gone_at: the vendor's time of that, if it tells: what was read before does not bring it back.
        remark: what a person should know of it all the same.
    """

    target: Target
    record: ObjectRecord | None
    trace_id: str | None = None
    status: int | None = None
    gone_at: datetime | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """A read-back did not come across the write.

    Attributes:
        vendor_time: the vendor's own time when it was asked.
        proof: it did not happen and cannot happen any more, whatever time passed.
        repeatable: sent again as it was, it can't happen twice: the vendor itself refuses that.
        deleted_ids: objects of the type that are gone; the write's own object may be among them.
    """

    vendor_time: datetime
    proof: bool = False
    repeatable: bool = False
    deleted_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """A read-back found what may or may not come from the write; only a person can tell."""

    reason: str


ReadBack = Written | NotFound | Unclear


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is not at the vendor as it was asked for."""

    field: str
    asked: str
    found: str


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """How many actions of some types a vendor takes from one account within 24 hours."""

    action_types: tuple[str, ...]
    most: int


class Writer(Protocol):
    """The writing half of a vendor. What is marked pure makes no call."""

    @property
    def action_types(self) -> "Sequence[str]":
        """All types of actions that it takes. Pure."""
        ...

    @property
    def settled_after(self) -> timedelta:
        """For how long after a look what was sent before it may still happen, or stay hidden. Pure."""
        ...

    def problems(self, action_type: str, payload: bytes) -> "Sequence[PayloadProblem]":
        """Say what keeps a payload from being sent; nothing when it is fine. Pure."""
        ...

    def daily_limit(self, action_type: str) -> DailyLimit | None:
        """Return what limits how often such actions may be done in a day; None for nothing. Pure."""
        ...

    def target(self, action_type: str, payload: bytes) -> Target:
        """Return what a sound payload is about. Pure."""
        ...

    def base(self, action_type: str, payload: bytes, record: bytes) -> str:
        """Note what has to be known of the object as it is before the write. Pure."""
        ...

    def merges_again(self, payload: bytes) -> bool:
        """Tell whether it may be sent anew over a version that it was not made for. Pure."""
        ...

    def quiet_s(self, action_type: str) -> float:
        """Return how long after a write of the same object it has to wait to be told from it. Pure."""
        ...

    def is_ours(self, action_id: str, record: bytes) -> bool:
        """Tell whether the object carries the action's mark. Pure."""
        ...

    def is_compared(self, action_type: str) -> bool:
        """Tell whether `differences` may ever find some after such a write was done. Pure.

        Where it can't, nothing is looked at again.
        """
        ...

    def differences(
        self, action_type: str, payload: bytes, record: bytes | None
    ) -> "Sequence[Difference]":
        """Compare what was asked for with what the vendor has; None when it is gone. Pure."""
        ...

    def overwrites(self, action_type: str) -> bool:
        """Tell whether what an earlier write asked for may be otherwise after this one. Pure."""
        ...

    def ends(self, action_type: str) -> bool:
        """Tell whether nothing shows in the object any more after such a write of it. Pure."""
        ...

    def related(self, action_type: str, payload: bytes) -> "Sequence[Target]":
        """Return the other objects that the write is to show in. Pure."""
        ...

    def related_differences(
        self, action_type: str, payload: bytes, object_id: str, record: bytes
    ) -> "Sequence[Difference]":
        """Compare one of those with what it is to show of the object that was written. Pure."""
        ...

    def touched_types(self, action_type: str, payload: bytes) -> "Sequence[str]":
        """Return the types of other objects that the write changes at the vendor. Pure."""
        ...

    async def read(self, session: Session, target: Target) -> ObjectRecord | None:
        """Read the object as it is now; None when it is gone."""
        ...

    async def write(self, session: Session, intent: Intent) -> Written:
        """Make the call, once.

        Raises:
            StaleVersionError: the object was changed since; nothing happened.
            RejectedError: the vendor will not do it; nothing happened.
            NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError: nothing happened.
            UnknownOutcomeError: it may have happened.
        """
        ...

    @property
    def most_together(self) -> int:
        """How many writes one call can carry; 1 where there is no such call."""
        ...

    def goes_together(self, action_type: str) -> bool:
        """Tell whether writes of this type may share a call with others, in any order. Pure.

        Only those may whose read-back tells each of them from all the others.
        """
        ...

    def leans_on(self, action_type: str, payload: bytes) -> "AbstractSet[str]":
        """Name what a write that goes together with others has in common with some. Pure.

        Two that lean on the same do not: what one batch does has no order, and one of them may be
        refused for the other's sake.
        """
        ...

    async def write_together(
        self, session: Session, intents: "Sequence[Intent]"
    ) -> "Sequence[Written | VendorError]":
        """Make one call for at most `most_together` writes that go together.

        Returns:
            How each ended, in the order of `intents`: done, or one of the errors of `write`.

        Raises:
            NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError: none of them happened.
            UnknownOutcomeError: each of them may have happened.
        """
        ...

    async def read_back(self, session: Session, intent: Intent, since: datetime) -> ReadBack:
        """Find out whether a write whose answer was lost happened.

        Args:
            session: whose.
            intent: as it was sent.
            since: a vendor time before it was first sent.

        Raises:
            VendorError: it can't be found out now.
        """
        ...
