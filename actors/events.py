"""What happens, as values. Logs, metrics and tests listen to the same events; nobody else is told.

`CallMade` comes from the vendors' packages, `Reads...` from the meter of a vendor's reads,
`WebhookDelivered` and `ReadThroughEnded` from the web, everything else from the actors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from actors.action_settled import ActionSettled
from actors.breaker import BreakerState
from actors.staleness import ReadOutcome, StaleReason
from store.action_models import Action, ActionState, AttemptCall, AttemptOutcome
from store.job_models import RoutingStatus
from store.models import HintedChange, Via
from store.verification import Certificate, Mend


class CallMade(msgspec.Struct, frozen=True, gc=False):
    """One call to a vendor ended.

    Attributes:
        operation: what was called, from a closed set of the vendor's package.
        status: the HTTP status, or None when no answer came.
        reason: how it failed (`VendorError.reason`), or None when it did not.
        trace_id: the vendor's own id of the call, or None.
        external_account_id: whose company it was about, or None when the call does not say.
    """

    vendor: str
    operation: str
    status: int | None
    reason: str | None
    duration_s: float
    trace_id: str | None
    external_account_id: str | None


class PageStored(msgspec.Struct, frozen=True, gc=False):
    """A look was stored.

    Attributes:
        look: the look's key: an object type, or the name of a feed.
        objects: how many objects the vendor showed, changed or not.
        duration_s: from the moment it was begun until it was durable.
        became_exact: whether this was the page that the account's first copy waited for.
        hinted: those of the changes that a notice told of before.
        missed: how many a notice should have told of and none did.
        mended: rows that were put right although the vendor had not changed them.
    """

    account_id: str
    vendor: str
    look: str
    via: Via
    objects: int
    upserts: int
    deletes: int
    duration_s: float
    exact_as_of: datetime | None
    became_exact: bool = False
    hinted: Sequence[HintedChange] = ()
    missed: int = 0
    mended: Sequence[Mend] = ()


@dataclass(frozen=True, slots=True)
class DeletesHeld:
    """So many objects of a type would go at once that a person has to confirm it; told once.

    Attributes:
        count: how many would go.
        live: how many the replica holds, those included.
    """

    account_id: str
    vendor: str
    object_type: str
    count: int
    live: int


@dataclass(frozen=True, slots=True)
class DeletesReleased:
    """Deletes that were held are held no more: confirmed and made, or claimed no more."""

    account_id: str
    vendor: str
    object_type: str


@dataclass(frozen=True, slots=True)
class LookAbandoned:
    """A look failed; it will be made again. `attempt` counts failures in a row."""

    account_id: str
    vendor: str
    look: str
    reason: str
    error: str
    attempt: int
    trace_id: str | None


class TokenRefreshed(msgspec.Struct, frozen=True, gc=False):
    """New tokens are stored."""

    account_id: str
    vendor: str
    access_expires_at: datetime
    refresh_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshFailed:
    """A token refresh failed and will be tried again."""

    account_id: str
    vendor: str
    reason: str
    error: str
    attempt: int


@dataclass(frozen=True, slots=True)
class OwnerNeeded:
    """Only the owner can help this account, by connecting it again."""

    account_id: str
    vendor: str
    cause: str


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """An account's circuit breaker turned."""

    account_id: str
    vendor: str
    state: BreakerState


@dataclass(frozen=True, slots=True)
class ReadsForecast:
    """At the present pace a vendor's metered reads would not last the month; told once a month.

    Attributes:
        forecast: reads by the month's end if no poll interval were stretched.
        stretch: by how much they are, so that it lasts.
    """

    vendor: str
    month: str
    used: int
    allowance: int
    forecast: int
    stretch: float


@dataclass(frozen=True, slots=True)
class ReadsUsedUp:
    """A vendor's metered reads rest until the month turns; token refreshes and users go on.

    Attributes:
        told_by_vendor: whether the vendor refuses reads, or we keep the last ones for users.
    """

    vendor: str
    month: str
    used: int
    allowance: int | None
    until: datetime
    told_by_vendor: bool


@dataclass(frozen=True, slots=True)
class ReadsResumed:
    """A vendor's metered reads go on."""

    vendor: str
    month: str


class DeliveryOutcome(StrEnum):
    """What became of a delivery to our webhook."""

    TAKEN = "taken"
    FORGED = "forged"
    MALFORMED = "malformed"
    NOT_STORED = "not_stored"


@dataclass(frozen=True, slots=True)
class WebhookDelivered:
    """A vendor, or somebody who says to be it, delivered to our webhook.

    Attributes:
        stored: how many of its notices are new and durable.
        duplicates: how many were known already.
        unknown_accounts: how many are about companies that are not connected.
        unknown_types: how many are about types that are not known, or not replicated.
        unreadable: how many events could not be read.
        duration_s: from the first byte until it was durable, or refused.
    """

    vendor: str
    outcome: DeliveryOutcome
    duration_s: float
    stored: int = 0
    duplicates: int = 0
    unknown_accounts: int = 0
    unknown_types: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class VerificationEnded:
    """An account was compared with its vendor, and what was found is stored."""

    account_id: str
    vendor: str
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class VerificationAbandoned:
    """A verification failed; it will be made again. `attempt` counts failures in a row."""

    account_id: str
    vendor: str
    reason: str
    error: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ActionAttempted:
    """A call about a user's write ended: a sending, or a look for one whose answer was lost.

    Attributes:
        attempt: which one, from 1.
        duration_s: from the moment it was noted until its end was known.
    """

    account_id: str
    vendor: str
    action_id: str
    action_type: str
    call: AttemptCall
    outcome: AttemptOutcome
    attempt: int
    duration_s: float
    error: str | None
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class ActionEnded:
    """A user's write succeeded, or certainly did not happen.

    Attributes:
        duration_s: counts from its acceptance.
        action: as it is stored; not for logs.
    """

    account_id: str
    vendor: str
    action_id: str
    action_type: str
    state: ActionState
    duration_s: float
    error: str | None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class ActionParked:
    """What became of a user's write can't be found out; a person has to."""

    account_id: str
    vendor: str
    action_id: str
    action_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class DriftFound:
    """After a write the vendor has something else than was asked for. The replica has what the vendor has.

    Attributes:
        changed_since: whether the vendor changed the object after the write, by whomever.
    """

    account_id: str
    vendor: str
    action_id: str
    object_type: str
    object_id: str
    field: str
    asked: str
    found: str
    changed_since: bool = False


@dataclass(frozen=True, slots=True)
class DriftResolved:
    """A drift is there no more: the values agree again, or what was asked for was overwritten."""

    account_id: str
    vendor: str
    action_id: str
    object_type: str
    object_id: str
    field: str


@dataclass(frozen=True, slots=True)
class ReadersTold:
    """Those who wait for an account to be looked at are told how it goes.

    Attributes:
        served_s: who wants looks that began then or earlier (monotonic seconds) has them.
        hindered: whether all others wait in vain: no look can be made now.
    """

    account_id: str
    vendor: str
    served_s: float
    hindered: bool


@dataclass(frozen=True, slots=True)
class ReadThroughEnded:
    """Somebody asked for a replica of at most some age, and is answered.

    Attributes:
        reason: why it is stale; None when it is not.
        waited_s: how long they waited for it.
    """

    account_id: str
    vendor: str
    outcome: ReadOutcome
    reason: StaleReason | None
    waited_s: float


@dataclass(frozen=True, slots=True)
class RoutingMoved:
    """What a company did with a job that was routed to it came back.

    Attributes:
        cause: the object that says so, and its vendor's own word.
    """

    account_id: str
    vendor: str
    routing_id: str
    status: RoutingStatus
    cause: str


Event = (
    CallMade
    | WebhookDelivered
    | PageStored
    | DeletesHeld
    | DeletesReleased
    | LookAbandoned
    | TokenRefreshed
    | RefreshFailed
    | OwnerNeeded
    | BreakerChanged
    | ReadsForecast
    | ReadsUsedUp
    | ReadsResumed
    | VerificationEnded
    | VerificationAbandoned
    | ActionAttempted
    | ActionSettled
    | ActionEnded
    | ActionParked
    | DriftFound
    | DriftResolved
    | RoutingMoved
    | ReadersTold
    | ReadThroughEnded
)

Listener = Callable[[Event], None]
