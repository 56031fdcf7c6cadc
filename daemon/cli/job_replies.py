"""What the daemon answers about routed work, as far as the command line reads it."""

from datetime import datetime

import msgspec

from daemon.cli.replies import AccountReply


class SettingsReply(AccountReply, frozen=True):
    """One account with how jobs are routed to it; None where none can be."""

    routing: dict[str, bool | str | int | None] | None = None
    routing_advice: str | None = None


class StepReply(msgspec.Struct, frozen=True):
    """One step of a routing."""

    at: datetime
    status: str
    cause: str = ""


class RoutingReply(msgspec.Struct, frozen=True):
    """One job's way to one company."""

    id: str
    job_id: str
    account_id: str
    vendor: str
    status: str
    action_id: str | None = None
    external_type: str | None = None
    external_id: str | None = None
    external_job_id: str | None = None
    revenue: str | None = None
    completed_at: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    history: list[StepReply] = []


class NotRetriedReply(msgspec.Struct, frozen=True):
    """A routing that is not tried again."""

    routing_id: str
    reason: str


class RetriedReply(msgspec.Struct, frozen=True):
    """What trying a company's failed routings again came to."""

    retried: list[str]
    left: list[NotRetriedReply]
    next: str | None = None


class OriginReply(msgspec.Struct, frozen=True):
    """Who entered a job."""

    account_id: str
    technician_id: str


class HomeownerReply(msgspec.Struct, frozen=True):
    """Whom a job is for."""

    name: str
    phone: str = ""
    email: str = ""


class AddressReply(msgspec.Struct, frozen=True):
    """Where a job is."""

    street: str
    unit: str
    city: str
    state: str
    zip: str
    country: str


class JobReply(msgspec.Struct, frozen=True):
    """A job with its routings."""

    id: str
    status: str
    created_at: datetime
    created_by: OriginReply
    summary: str
    homeowner: HomeownerReply
    address: AddressReply
    revenue: str | None = None
    archived_at: datetime | None = None
    routings: list[RoutingReply] = []


class LeftReply(msgspec.Struct, frozen=True):
    """A routing that could not be called off."""

    routing_id: str
    account_id: str
    status: str
    reason: str


class CancellationReply(msgspec.Struct, frozen=True):
    """What calling a job off came to."""

    job: JobReply
    called_off: list[str] = []
    left: list[LeftReply] = []
