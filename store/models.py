"""The values that cross the store's border.

Instants are aware datetimes in UTC; nothing here is a string that pretends to be a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from store.notice import NoticeCheck, OpenNotices
from store.verification import HeldRow, Mend, VerificationStanding


class Via(StrEnum):
    """The channel that brought a change."""

    BACKFILL = "backfill"
    POLL = "poll"
    WEBHOOK = "webhook"
    ACTION = "action"
    VERIFY = "verify"


class ChangeOp(StrEnum):
    """What a change did to its object."""

    UPSERT = "upsert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Account:
    """One connected company at one vendor.

    Attributes:
        epoch: grows each time somebody takes the account over; every write is checked against it.
        shard: which group of accounts it moves with when more than one machine shares the work.
        reauth_cause: why its owner has to connect it again, or None.
        exact_as_of: vendor time up to which the replica is exact, or None before that is known.
        last_synced_at: our time of the last page that was stored, changed or not.
    """

    id: str
    vendor: str
    external_account_id: str
    name: str
    shard: int
    epoch: int
    connected_at: datetime
    paused: bool = False
    reauth_cause: str | None = None
    disconnected_at: datetime | None = None
    exact_as_of: datetime | None = None
    last_synced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """An account's tokens as they rest: sealed, with only what is no secret in the open.

    Attributes:
        sealed: what `actors.credential.Sealer` made of the tokens.
        access_expires_at: when the access token ends.
        refresh_expires_at: when the refresh token ends if it is not used; None when it does not.
        refresh_hard_expires_at: when it ends whatever happens; None when unknown.
    """

    sealed: bytes
    obtained_at: datetime
    access_expires_at: datetime
    refresh_expires_at: datetime | None = None
    refresh_hard_expires_at: datetime | None = None


class Cursor(msgspec.Struct, frozen=True, gc=False):
    """How far one account has been read for one object type.

    Attributes:
        position: the vendor package's own resume point; opaque to all others. Empty at first.
        complete: whether the type has been read from end to end at least once.
        covered_until: vendor time up to which all that happened to the type is in the replica.
        rescan_requested: somebody asked for a full reading that has not begun.
        last_synced_at: our time of the last page stored for the type.
    """

    object_type: str
    position: str = ""
    complete: bool = False
    covered_until: datetime | None = None
    rescan_requested: bool = False
    last_synced_at: datetime | None = None


class OpenRefresh(msgspec.Struct, frozen=True, gc=False):
    """A token refresh that was begun and whose end was never stored.

    Attributes:
        token_hash: which refresh token was about to be spent (hex SHA-256).
        attempts: how often it was tried; more than one means that an earlier answer was lost.
    """

    token_hash: str
    started_at: datetime
    attempts: int


class HeldDeletes(msgspec.Struct, frozen=True, gc=False):
    """Deletes of one type that are too many to be believed without a person's word.

    Attributes:
        count: how many would go at once.
        live: how many objects of the type the replica holds, those included.
        sample: the ids of some of them.
        noticed_at: our time of the first look that was held up by it.
        confirmed_at: when a person last said that they may go; None when nobody did.
        confirmed_count: how many may go by that.
    """

    object_type: str
    count: int
    live: int
    sample: tuple[str, ...]
    noticed_at: datetime
    confirmed_at: datetime | None = None
    confirmed_count: int = 0


@dataclass(frozen=True, slots=True)
class ClaimedAccount:
    """All that an actor needs to go on where the last one stopped; `account.epoch` is its fence.

    Attributes:
        verification: None when it was never verified and nobody asked for it.
        is_contested: whether an earlier owner may still be at work, and have called the vendor.
    """

    account: Account
    credential: SealedCredential | None
    cursors: Sequence[Cursor]
    open_refresh: OpenRefresh | None
    held: tuple[HeldDeletes, ...] = ()
    open_notices: Sequence[OpenNotices] = ()
    verification: VerificationStanding | None = None
    has_open_actions: bool = False
    is_contested: bool = False


class ObjectRecord(msgspec.Struct, frozen=True, gc=False):
    """One vendor record as it was read: key, version token, time, and the vendor's own bytes."""

    object_type: str
    object_id: str
    version: str
    updated_at: datetime
    payload: bytes


class Tombstone(msgspec.Struct, frozen=True, gc=False):
    """An object that is gone at the vendor.

    Attributes:
        updated_at: the vendor's time of its end; None when not known: the row keeps its own.
    """

    object_type: str
    object_id: str
    updated_at: datetime | None


class CursorMove(msgspec.Struct, frozen=True, gc=False):
    """Where a type's cursor stands once its page is stored. Fields as in `Cursor`.

    Attributes:
        begins_comparison: this page begins the full reading that `request_rescan` asked for:
            the wish is met.
        ends_comparison: the full reading is over; what it saw is forgotten.
    """

    object_type: str
    position: str
    complete: bool
    covered_until: datetime | None
    begins_comparison: bool = False
    ends_comparison: bool = False


class PageWrite(msgspec.Struct, frozen=True, gc=False):
    """One page with all that goes with it: stored whole, or not at all.

    Attributes:
        epoch: the claim under which it was read.
        object_types: every type that must be covered before `exact_as_of` may move.
        begins: types whose full reading begins with this page: what an earlier one saw is
            forgotten first.
        seen: (type, id) of what a full reading came across on this page, changed or not.
        notices: what to do about the account's notices; None when nobody sends any.
        look: the key of the look that brought it; empty when it was none.
        trace_ids: the vendor's own ids of the calls that brought it.
        denied: claims of deletion that the second witness did not confirm.
        holds: deletes that are on this page and are not made.
        released: types whose deletes are not held any more.
        judged: rows that were found wrong. What the page says of them holds whatever they claim,
            as long as they are still as they were judged; else a tombstone is left out.
        mends: what the page puts right. It is noted with the page, as far as the page writes it.
        strangers: rows that are taken out, if they are still as they were judged: of a type that
            the account never had.
        vendor_time: the vendor's own time when the page was read; None when that is not known. A row
            that is held with a time far beyond it was damaged, and gives way to the page.
    """

    account_id: str
    epoch: int
    via: Via
    observed_at: datetime
    object_types: Sequence[str]
    objects: Sequence[ObjectRecord] = ()
    tombstones: Sequence[Tombstone] = ()
    cursors: Sequence[CursorMove] = ()
    begins: Sequence[str] = ()
    seen: Sequence[tuple[str, str]] = ()
    look: str = ""
    trace_ids: Sequence[str] = ()
    denied: Sequence[Tombstone] = ()
    holds: Sequence[HeldDeletes] = ()
    released: Sequence[str] = ()
    notices: NoticeCheck | None = None
    judged: Sequence[HeldRow] = ()
    mends: Sequence[Mend] = ()
    strangers: Sequence[HeldRow] = ()
    vendor_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class HintedChange:
    """A change that a notice told of before it was read.

    Attributes:
        lag_s: how long ago it had happened when it was stored, by the first of the notices.
    """

    op: ChangeOp
    lag_s: float


class PageApplied(msgspec.Struct, frozen=True, gc=False):
    """What a page changed. Rows that we had already, byte for byte, count for nothing.

    Attributes:
        last_seq: the store's newest change when the page was committed.
        exact_as_of: the account's watermark after the page.
        hinted: the changes among them that a notice told of.
        missed: how many changes a notice should have told of and none did.
        awaits: whether an open notice tells of a version that is not here yet.
        held: deletes that wait for a person's word: their types' cursors did not move.
        mended: what was put right although the vendor had not changed it; it is noted durably.
    """

    upserts: int
    deletes: int
    last_seq: int
    exact_as_of: datetime | None
    held: Sequence[HeldDeletes] = ()
    hinted: Sequence[HintedChange] = ()
    missed: int = 0
    awaits: bool = False
    mended: Sequence[Mend] = ()


class StoredObject(msgspec.Struct, frozen=True, gc=False):
    """One row of the replica. `payload` is the vendor's JSON, embedded as it is."""

    object_type: str
    object_id: str
    version: str
    updated_at: datetime
    synced_at: datetime
    deleted: bool
    payload: msgspec.Raw


class Change(msgspec.Struct, frozen=True, gc=False):
    """One applied difference. `seq` has no gaps and never goes back."""

    seq: int
    account_id: str
    vendor: str
    object_type: str
    object_id: str
    op: ChangeOp
    via: Via
    observed_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Which objects of one account and type are wanted, in the order of their ids.

    Attributes:
        after_id: only ids behind this one (the last of the page before).
    """

    account_id: str
    object_type: str
    updated_since: datetime | None = None
    include_deleted: bool = False
    after_id: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes are wanted, in the order of `seq`.

    Attributes:
        account_id: only this account's; `account_ids` only those of any of these.
        object_type: only of this type; `object_types` only of any of these.
        complete: refuse when some behind `after` were forgotten.
    """

    after: int = 0
    limit: int = 100
    account_id: str | None = None
    object_type: str | None = None
    account_ids: Sequence[str] | None = None
    object_types: Sequence[str] | None = None
    complete: bool = False


class StoreHealth(msgspec.Struct, frozen=True, gc=False):
    """Whether the store takes writes.

    Attributes:
        reason: why not, in words for an operator.
        outdated: whether it takes none of this program's any more: a later version changed it.
    """

    writable: bool
    reason: str | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class StorePulse:
    """What shows that pages still come in and changes still go out.

    Attributes:
        looks: by vendor, when a page of any account that is meant to be fresh was last stored.
        last_seq: the number of the newest change.
        changes: how many changes there are behind the number that was asked for.
        purges: how many times forgetting an account was begun, ever; that leaves gaps up to the
            number that was newest then.
    """

    looks: Mapping[str, datetime]
    last_seq: int
    changes: int
    purges: int
