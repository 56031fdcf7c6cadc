"""How routed work looks on the wire."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.jobs.desk import CalledOff
from daemon.web.instant import Instant
from daemon.web.paging import Next
from store.job_models import Job, JobStatus, Routing, RoutingStatus


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who entered it."""

    account_id: str
    technician_id: str


class HomeownerView(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it is for."""

    name: str
    phone: str
    email: str


class AddressView(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is; parts that there are none of are empty."""

    street: str
    unit: str
    city: str
    state: str
    zip: str
    country: str


class RoutingStep(msgspec.Struct, frozen=True):
    """From when on it stood so, and why."""

    at: Instant
    status: RoutingStatus
    cause: str


class RoutingView(msgspec.Struct, frozen=True, kw_only=True):
    """One job's way to one company."""

    id: str
    job_id: str
    account_id: str
    vendor: str
    status: Annotated[
        RoutingStatus,
        Meta(
            description="`pending`, `sending`, `synced` (the company's system has it); what the"
            " company did with it: `accepted`, `scheduled`, `in_progress`, `completed`, `canceled`;"
            " `failed`: nothing was delivered, and nothing more is tried before somebody asks."
        ),
    ]
    action_id: Annotated[
        str | None, Meta(description="The action that delivers it, at its company's account.")
    ]
    external_type: Annotated[
        str | None, Meta(description="What its vendor made of it: the type of that object.")
    ]
    external_id: Annotated[str | None, Meta(description="The vendor's id of that object.")]
    external_job_type: Annotated[
        str | None, Meta(description="The type of the vendor's job that it became.")
    ]
    external_job_id: Annotated[str | None, Meta(description="The id of that job.")]
    revenue: Annotated[
        str | None, Meta(description="What it brings there by now: an exact amount, as text.")
    ]
    completed_at: Instant | None
    attempts: Annotated[int, Meta(description="How often it was sent.")]
    last_error: str | None
    history: Annotated[
        Sequence[RoutingStep] | msgspec.UnsetType,
        Meta(description="Its steps, oldest first. Left out where jobs are listed."),
    ] = msgspec.UNSET


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job and its routings."""

    id: str
    status: Annotated[
        JobStatus,
        Meta(
            description="`routing` until a company took it: `active`, `completed`; `canceled`;"
            " `failed` when it could be delivered to none."
        ),
    ]
    created_at: Instant
    created_by: Origin
    summary: str
    homeowner: HomeownerView
    address: AddressView
    revenue: str | None
    idempotency_key: str | None
    archived_at: Annotated[
        Instant | None, Meta(description="When it was put away; null while it is not.")
    ]
    routings: Sequence[RoutingView]


class JobPage(msgspec.Struct, frozen=True):
    """Jobs, newest first."""

    items: list[JobView]
    next: Next


class NotRetried(msgspec.Struct, frozen=True):
    """A routing that is not tried again."""

    routing_id: str
    reason: str


class Retried(msgspec.Struct, frozen=True):
    """What trying a company's failed routings again came to."""

    retried: Annotated[Sequence[str], Meta(description="The routings that are tried again.")]
    left: Sequence[NotRetried]
    next: Next


class Ids(msgspec.Struct, frozen=True):
    """Ids that begin so."""

    items: Sequence[str]
    more: Annotated[bool, Meta(description="Whether there are others, which are left out.")]


class LeftView(msgspec.Struct, frozen=True):
    """A routing that could not be called off."""

    routing_id: str
    account_id: str
    status: RoutingStatus
    reason: str


class Cancellation(msgspec.Struct, frozen=True):
    """What calling a job off came to."""

    job: JobView
    called_off: Annotated[
        Sequence[str], Meta(description="The routings that are not delivered because of it.")
    ]
    left: Annotated[
        Sequence[LeftView],
        Meta(description="Those that are at their companies, or may be: call there."),
    ]


def job_view(job: Job, *, in_list: bool = False) -> JobView:
    """Show a job."""
    return JobView(
        id=job.id,
        status=job.status,
        created_at=job.created_at,
        created_by=Origin(account_id=job.account_id, technician_id=job.technician_id),
        summary=job.summary,
        homeowner=HomeownerView(**asdict(job.homeowner)),
        address=AddressView(**asdict(job.address)),
        revenue=_text(job.revenue),
        idempotency_key=job.idempotency_key,
        archived_at=job.archived_at,
        routings=[routing_view(each, in_list=in_list) for each in job.routings],
    )


def routing_view(routing: Routing, *, in_list: bool = False) -> RoutingView:
    """Show a routing."""
    steps = [RoutingStep(step.at, step.status, step.cause) for step in routing.history]
    return RoutingView(
        id=routing.id,
        job_id=routing.job_id,
        account_id=routing.account_id,
        vendor=routing.vendor,
        status=routing.status,
        action_id=routing.action_id,
        external_type=routing.external_type,
        external_id=routing.external_id,
        external_job_type=routing.external_job_type,
        external_job_id=routing.external_job_id,
        revenue=_text(routing.revenue),
        completed_at=routing.completed_at,
        attempts=routing.attempts,
        last_error=routing.last_error,
        history=msgspec.UNSET if in_list else steps,
    )


def cancellation(done: CalledOff) -> Cancellation:
    """Show what calling a job off came to."""
    return Cancellation(
        job_view(done.job),
        [routing.id for routing in done.called_off],
        [
            LeftView(each.id, each.account_id, each.status, _why_left(each.status))
            for each in done.left
        ],
    )


def _why_left(status: RoutingStatus) -> str:
    match status:
        case RoutingStatus.PENDING | RoutingStatus.SENDING:
            return "it is being sent, or was, and may have arrived"
        case RoutingStatus.COMPLETED:
            return "the company has done it"
    return "the company has it: only there it can be called off"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
