"""The values of the ledger of users' writes: actions, and every attempt at one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from store.models import ObjectRecord, Tombstone


class ActionState(StrEnum):
    """Where an action stands. `succeeded` and `failed` are certain; `unknown` says that it is not."""

    PENDING = "pending"
    SENDING = "sending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


ENDED = frozenset({ActionState.SUCCEEDED, ActionState.FAILED})


class ActionPriority(StrEnum):
    """Who waits for an action: a person, or nobody in particular."""

    USER = "user"
    DELIVERY = "delivery"


class AttemptCall(StrEnum):
    """What was asked of the vendor: to do it, or whether it was done."""

    SEND = "send"
    READ_BACK = "read_back"


class AttemptOutcome(StrEnum):
    """How an attempt ended.

    Of a sending: `open` (nobody saw its end), `done`, `refused`, `stale` (refused, for the object
    has another version), `not_sent`, `unknown`. Of a read-back: `done` (found), `not_found` (yet),
    `repeatable` (not found, and the vendor would refuse a second one), `absent` (it did not happen
    and will not), `unclear` (only a person can tell), `failed`.
    """

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    STALE = "stale"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"
    REPEATABLE = "repeatable"
    ABSENT = "absent"
    UNCLEAR = "unclear"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call about an action.

    Attributes:
        ended_at: when its end was stored; None while nobody knows of one.
        status: the HTTP status of the answer, if one came.
        code: the vendor's own code.
        trace_id: the vendor's id of the call.
        error: what went wrong, in words.
        base: what the vendor's package noted of the object before it was sent.
        vendor_time: the vendor's own time of a read-back that did not find it; of what was done,
            that of the object's version, or of its end.
    """

    call: AttemptCall
    at: datetime
    outcome: AttemptOutcome
    ended_at: datetime | None = None
    status: int | None = None
    code: str | None = None
    trace_id: str | None = None
    error: str | None = None
    base: str | None = None
    vendor_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A field of an object that is not at the vendor as a write asked for."""

    object_type: str
    object_id: str
    field: str
    asked: str
    found: str


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The object that an action left; `payload` is None when the action removed it."""

    object_type: str
    object_id: str
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Action:
    """One write that a user asked for.

    Attributes:
        asked_at: when it was asked for, or asked for again by hand.
        revived_after: how many attempts there were when it was last asked for by hand.
        searched_from: a vendor time before it was first sent.
        parked: no more is done about it without a person.
    """

    id: str
    account_id: str
    action_type: str
    payload: bytes
    idempotency_key: str | None
    state: ActionState
    created_at: datetime
    asked_at: datetime
    revived_after: int = 0
    searched_from: datetime | None = None
    parked: bool = False
    finished_at: datetime | None = None
    last_error: str | None = None
    result: ActionResult | None = None
    attempts: tuple[Attempt, ...] = ()
    priority: ActionPriority = ActionPriority.USER


@dataclass(frozen=True, slots=True)
class ActionLimit:
    """At most so many actions of these types within 24 hours, those that failed not counted."""

    action_types: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class NewAction:
    """What a user asks for.

    Attributes:
        fingerprint: the same for payloads that mean the same.
        allow_duplicate: it may be the same as an earlier one without a key.
        limit: what it must keep to; None for nothing.
    """

    id: str
    account_id: str
    action_type: str
    payload: bytes
    fingerprint: str
    idempotency_key: str | None
    at: datetime
    allow_duplicate: bool = False
    limit: ActionLimit | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A wish that is stored.

    Attributes:
        action: as it stands, without the attempt that was begun with it.
        is_new: whether it was not stored before.
        begun: whether its sending is noted, and has to be made now by whoever noted it.
    """

    action: Action
    is_new: bool
    begun: bool


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """What is stored when an attempt is over, in one piece.

    Attributes:
        state: where the action stands after it.
        record: the object as the vendor has it now, when it was done.
        tombstone: the object's end, when that was what was asked for.
        object_types: the types that are replicated: objects of others are kept out.
        known_attempts: how many attempts there were when it was decided on, if it was not noted
            as begun.
        mismatches: where the vendor's answer is not as asked for.
        compare_at: when the action is to be compared with what the vendor has; None is never.
    """

    attempt: Attempt
    state: ActionState
    parked: bool = False
    last_error: str | None = None
    result: ActionResult | None = None
    record: ObjectRecord | None = None
    tombstone: Tombstone | None = None
    object_types: tuple[str, ...] = ()
    known_attempts: int | None = None
    mismatches: tuple[Mismatch, ...] = ()
    compare_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions of one account are wanted, newest first. `before_id` is the last of the page before."""

    account_id: str
    state: ActionState | None = None
    before_id: str | None = None
    limit: int = 100
