"""The values that cross the store's border.

Instants are aware datetimes in UTC; nothing here is a string that pretends to be a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


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


@dataclass(frozen=True, slots=True)
class OpenRefresh:
    """A token refresh that was begun and whose end was never stored.

    Attributes:
        token_hash: which refresh token was about to be spent (hex SHA-256).
        attempts: how often it was tried; more than one means that an earlier answer was lost.
    """

    token_hash: str
    started_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class ClaimedAccount:
    """All that an actor needs to go on where the last one stopped; `account.epoch` is its fence."""

    account: Account
    credential: SealedCredential | None
    cursors: Sequence[Cursor]
    open_refresh: OpenRefresh | None


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


@dataclass(frozen=True, slots=True)
class PageWrite:
    """One page with all that goes with it: stored whole, or not at all.

    Attributes:
        epoch: the claim under which it was read.
        object_types: every type that must be covered before `exact_as_of` may move.
        begins: types whose full reading begins with this page: what an earlier one saw is
            forgotten first.
        seen: (type, id) of what a full reading came across on this page, changed or not.
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


@dataclass(frozen=True, slots=True)
class PageApplied:
    """What a page changed. Rows that we had already, byte for byte, count for nothing.

    Attributes:
        last_seq: the store's newest change when the page was committed.
        exact_as_of: the account's watermark after the page.
    """

    upserts: int
    deletes: int
    last_seq: int
    exact_as_of: datetime | None


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
    """Which changes are wanted, in the order of `seq`."""

    after: int = 0
    limit: int = 100
    account_id: str | None = None
    object_type: str | None = None


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether the store takes writes. `reason` says why not, in words for an operator."""

    writable: bool
    reason: str | None = None
