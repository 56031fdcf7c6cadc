"""The contract that every vendor's package keeps.

The actor asks `looks` (pure) what to read next, has one of them made by `look`, and stores the page
it gets. What a position means, which endpoint is called and how many calls one look takes is the
vendor's own business. Adding a vendor is one folder that keeps this contract and one line in the
registry.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING, Protocol

import msgspec

from actors.credential import Credential
from store.models import Cursor, CursorMove, ObjectRecord, Tombstone, Via
from store.notice import OpenNotices

if TYPE_CHECKING:
    from actors.vendors.writing import Writer


class Priority(IntEnum):
    """Whose call goes first; lower is more urgent.

    A user's own write, a look that a reader waits for, the delivery of routed work, a look that a
    notice asks for, and so on.
    """

    USER = 0
    READ = 1
    DELIVERY = 2
    FRESH = 3
    POLL = 4
    BACKFILL = 5
    VERIFY = 6


class Permit(Protocol):
    """Entered around each call: waits for its turn, and learns from how it ends."""

    def __call__(
        self, operation: str, /, *, items: int | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Return what is entered around one call.

        Args:
            operation: the call's name.
            items: how much a batch does at once: the vendor may meter each, and limits how many
                batches are made. None for a call that is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """What one look needs to speak for one company.

    Attributes:
        permit: must be entered around every single call to the vendor.
        trace_ids: the vendor's own ids of the calls that answered, for whoever stores what they
            brought; the vendor's package adds each as it comes.
    """

    external_account_id: str
    access_token: str
    permit: Permit
    trace_ids: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        """Show whose it is, never the token."""
        return f"Session({self.external_account_id!r})"


class Look(msgspec.Struct, frozen=True, gc=False):  # noqa: PLW1641 - cursors have no hash
    """One thing to read next.

    Attributes:
        key: names what is read; two looks with one key never run at once, nor two that share a
            type.
        object_types: the types whose cursors it moves.
        cursors: where it begins, for each of those types.
        hinted: whether notices asked for it; the planner leaves that to the actor.
        answers: which of them it answers: they came long enough before it began.
        most_objects: how many objects its page may have at most; None as many as the vendor gives.
        by_user: whether a person asked for it, so that its reads are never kept for others; the
            planner leaves that to the actor.
        began_s: when it was begun, in monotonic seconds; the actor notes that too.
    """

    key: str
    via: Via
    priority: Priority
    object_types: tuple[str, ...]
    cursors: Mapping[str, Cursor]
    hinted: bool = False
    answers: Sequence[OpenNotices] = ()
    most_objects: int | None = None
    by_user: bool = False
    began_s: float = -inf

    def __eq__(self, other: object) -> bool:
        """Whether both read the same, whenever they were begun."""
        if not isinstance(other, Look):
            return NotImplemented
        names = [name for name in self.__struct_fields__ if name != "began_s"]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    @property
    def budget(self) -> Priority:
        """As whose its reads count."""
        return Priority.USER if self.by_user else self.priority


class Page(msgspec.Struct, frozen=True, gc=False):
    """What a look brought back.

    Attributes:
        vendor_time: the vendor's own time at the start of the first call; None when no answer told
            it.
        claims: objects that one witness says are gone; `confirm_gone` asks the second. Must be
            settled before the page is stored.
        seen: (type, id) of everything a full reading came across, when `cursors` are in a
            comparison.
        compares: types whose full reading ends with this page: what it did not see is to be
            claimed.
        more: whether there is more to read right now.
    """

    vendor_time: datetime | None
    objects: Sequence[ObjectRecord]
    cursors: Sequence[CursorMove]
    claims: Sequence[Tombstone] = ()
    seen: Sequence[tuple[str, str]] = ()
    compares: Sequence[str] = ()
    more: bool = False


class Witness(msgspec.Struct, frozen=True, gc=False):
    """What the second witness says: those still there, as they are now, and those gone."""

    alive: Sequence[ObjectRecord]
    gone: Sequence[Tombstone]


@dataclass(frozen=True, slots=True)
class Count:
    """How many objects of a type the vendor counts, and the vendor's time of that answer."""

    rows: int
    vendor_time: datetime


class Planner(Protocol):
    """The pure half of a vendor: decides what to read, from cursors alone."""

    def looks(self, cursors: Mapping[str, Cursor], *, due: bool) -> Sequence[Look]:
        """Say what could be read now, most urgent first.

        Args:
            cursors: of every configured type; a type never read has an empty position.
            due: whether it is time to look for changes; readings under way go on without it.
        """
        ...


class Vendor(Planner, Protocol):
    """One kind of external system, for all its accounts. Its calls raise `VendorError`s."""

    @property
    def name(self) -> str:
        """The vendor's name in the contract."""
        ...

    @property
    def single_use_tokens(self) -> bool:
        """Whether a proof and a refresh token are spent by their use: a lost answer loses them."""
        ...

    @property
    def writer(self) -> "Writer | None":
        """What users' writes go through; None where none are taken."""
        ...

    def authorize_url(self, state: str) -> str | None:
        """Return where a browser is sent so that an owner can consent; None when there is no such page."""
        ...

    async def exchange(self, proof: str, external_account_id: str) -> Credential:
        """Trade the `proof` of a `Grant` for tokens.

        Raises:
            GrantRefusedError: the proof is wrong, spent or too old.
        """
        ...

    async def refresh(self, credential: Credential, permit: Permit | None = None) -> Credential:
        """Spend the refresh token for new tokens.

        Args:
            credential: what is to be renewed.
            permit: must be entered around calls that the API's own limits count; a token endpoint
                mostly has none. None where nobody else calls for the account.

        Raises:
            GrantRefusedError: the refresh token is dead; only the owner can help.
            TransientError: the outcome may be unknown; the token may be spent.
        """
        ...

    async def revoke(self, credential: Credential) -> None:
        """End the grant at the vendor. A grant that is dead already is no error."""
        ...

    async def company_name(self, session: Session) -> str:
        """Return the connected company's name, which shows that the tokens open it."""
        ...

    async def look(self, session: Session, look: Look) -> Page:
        """Make the look. Nothing is remembered: made again it gives the same or a newer page."""
        ...

    async def confirm_gone(self, session: Session, claims: Sequence[Tombstone]) -> Witness:
        """Ask again whether these objects are gone, by another way than the one that claimed it."""
        ...

    async def count_objects(self, session: Session, object_type: str) -> Count:
        """Have the vendor count the objects of a type that a full reading comes across."""
        ...

    @property
    def most_together(self) -> int:
        """How many counts, or looks at one type, one call can bring; 1 where there is no such call."""
        ...

    async def count_together(
        self, session: Session, object_types: Sequence[str]
    ) -> Mapping[str, Count]:
        """Have at most `most_together` types counted by one call.

        Returns:
            The counts, by type. What the vendor did not count, or not plainly, is left out.
        """
        ...

    async def look_together(self, session: Session, looks: Sequence[Look]) -> Mapping[str, Page]:
        """Make at most `most_together` looks, each at one type, by one call.

        Returns:
            The pages, by the looks' keys. What the vendor did not bring whole and at once is left
            out: that look is to be made by itself. An empty page is not vouched for as `look` does:
            it is to be believed only when a count says the same.
        """
        ...

    async def read(self, session: Session, object_type: str, object_id: str) -> ObjectRecord | None:
        """Read one object as it is now, whatever lists show; None when it is gone."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
