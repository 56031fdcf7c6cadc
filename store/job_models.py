"""The values of routed work: companies, jobs, and each job's routing to one company."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from store.action_models import ActionLimit

_DELIVERY = "routing:"


def delivery_key(routing_id: str, number: int) -> str:
    """Return the idempotency key of the action that delivers a routing for the n-th time."""
    return f"{_DELIVERY}{routing_id}:{number}"


def delivered_routing(key: str | None) -> str | None:
    """Return which routing an action with this key delivers; None when it delivers none."""
    if key is None or not key.startswith(_DELIVERY):
        return None
    return key.removeprefix(_DELIVERY).rpartition(":")[0] or None


class RoutingStatus(StrEnum):
    """Where a job's offer to one company stands.

    `pending`, `sending` and `synced` (the company's system has it) follow the action that delivers
    it; `failed` says that nothing was delivered and nothing more is tried without a person. The rest
    is what the company did with it.
    """

    PENDING = "pending"
    SENDING = "sending"
    SYNCED = "synced"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELED = "canceled"
    FAILED = "failed"


NOT_DELIVERED = frozenset({RoutingStatus.PENDING, RoutingStatus.SENDING, RoutingStatus.FAILED})
"""What no company has for certain."""


class JobStatus(StrEnum):
    """Where a job stands, which follows from its routings.

    `routing` until some company took it (`active`), did it (`completed`), or none of them will
    (`canceled`; `failed` when it could be delivered to none). It is `completed` only when no other
    company is still at it. One that was called off is `canceled` as soon as nothing of it is being
    sent any more, and so is one that there was no company for.
    """

    ROUTING = "routing"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELED = "canceled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the work is. Parts that there are none of are empty."""

    street: str
    unit: str
    city: str
    state: str
    zip: str
    country: str


@dataclass(frozen=True, slots=True)
class Homeowner:
    """Whom the work is for. Either `phone` or `email` may be empty, not both."""

    name: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Company:
    """What routing needs of an account.

    Attributes:
        is_active: whether jobs are offered to it.
        options: what its vendor's package has to know to offer it one, by that package's names.
    """

    account_id: str
    is_active: bool = True
    options: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewOffer:
    """The action that delivers a routing: `store.action_models.NewAction` without what both share.

    Attributes:
        action_id: also the reference by which the vendor's package finds it again.
    """

    action_id: str
    action_type: str
    payload: bytes
    fingerprint: str
    limit: ActionLimit | None = None


@dataclass(frozen=True, slots=True)
class NewRouting:
    """A job's way to one company.

    Attributes:
        offer: what delivers it; None when there is nothing to send, which `reason` tells of.
    """

    id: str
    account_id: str
    offer: NewOffer | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is to be done, as somebody entered it.

    Attributes:
        revenue: what it is expected to bring, if that was said.
        fingerprint: the same for jobs that mean the same.
        allow_duplicate: it may be the same as an earlier one without a key.
    """

    id: str
    account_id: str
    technician_id: str
    summary: str
    homeowner: Homeowner
    address: Address
    revenue: Decimal | None
    idempotency_key: str | None
    fingerprint: str
    at: datetime
    allow_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class RoutingEvent:
    """One step of a routing: where it stood from then on, and why."""

    at: datetime
    status: RoutingStatus
    cause: str


@dataclass(frozen=True, slots=True)
class Routing:
    """One job's way to one company.

    Attributes:
        action_id: the action that delivers it; None when there was nothing to send.
        external_type: the type of the object that the vendor made of it, once that is known.
        external_id: the id of that object.
        external_job_type: the type of the vendor's job that it became.
        external_job_id: the id of that job.
        match_key: what it has in common with its job where nothing else links the two.
        revenue: what the job brings there by now.
        attempts: how often it was sent.
        history: its steps, oldest first.
    """

    id: str
    job_id: str
    account_id: str
    vendor: str
    status: RoutingStatus
    action_id: str | None = None
    external_type: str | None = None
    external_id: str | None = None
    external_job_type: str | None = None
    external_job_id: str | None = None
    match_key: str | None = None
    revenue: Decimal | None = None
    completed_at: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    history: tuple[RoutingEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A job and its routings.

    Attributes:
        archived_at: when it was put away; None while it is not.
    """

    id: str
    account_id: str
    technician_id: str
    summary: str
    homeowner: Homeowner
    address: Address
    revenue: Decimal | None
    idempotency_key: str | None
    status: JobStatus
    created_at: datetime
    routings: tuple[Routing, ...] = ()
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoutingProgress:
    """What became known of a routing; None leaves what is stored as it is.

    Attributes:
        cause: why its status is another now, in words.
        status: where it stands. A date of completion stays only while that is `completed`.
        external_job_type: comes with `external_job_id`: the same id may be that of a lead too.
        amounts: by (object type, object id) what each of the vendor's objects adds to its revenue,
            None for one that adds nothing any more. Revenue is their sum.
    """

    routing_id: str
    at: datetime
    cause: str
    status: RoutingStatus | None = None
    external_job_type: str | None = None
    external_job_id: str | None = None
    match_key: str | None = None
    completed_at: datetime | None = None
    amounts: Mapping[tuple[str, str], Decimal | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrackedObject:
    """An object at a vendor that an unfinished routing hangs on."""

    routing_id: str
    account_id: str
    object_type: str
    object_id: str


@dataclass(frozen=True, slots=True)
class FailedRoutings:
    """How many jobs could not be offered to a company, and why the last of them could not."""

    account_id: str
    count: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are wanted, newest first.

    Attributes:
        account_id: whose: of the company that entered it, or of one that it is offered to.
        routing_status: offered to a company where that stands so; with `account_id` to that company.
        since: created no earlier.
        archived: those that were put away, instead of the others.
        before_id: the last of the page before.
    """

    status: JobStatus | None = None
    account_id: str | None = None
    routing_status: RoutingStatus | None = None
    since: datetime | None = None
    archived: bool = False
    before_id: str | None = None
    limit: int = 100
