"""Jobs as tests enter them, and what moves the actions that deliver them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from store.action_models import (
    ActionResult,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
)
from store.job_models import (
    Address,
    Homeowner,
    NewJob,
    NewOffer,
    NewRouting,
    Routing,
    RoutingProgress,
    RoutingStatus,
)
from store.ports import Store
from support.store_fixtures import Owned, at

PAYLOAD = b'{"summary":"Replace the water heater"}'
ADDRESS = Address("1 Main St", "", "Springfield", "IL", "62701", "US")
HOMEOWNER = Homeowner("Ada Park", "+1 555 0100", "ada@example.com")


def new_job(
    job_id: str = "job",
    *,
    account_id: str = "account of origin",
    key: str | None = None,
    fingerprint: str = "f",
    seconds: float = 0,
) -> NewJob:
    """Return a job as somebody enters it."""
    return NewJob(
        id=job_id,
        account_id=account_id,
        technician_id="7",
        summary="Replace the water heater",
        homeowner=HOMEOWNER,
        address=ADDRESS,
        revenue=Decimal("850.00"),
        idempotency_key=key,
        fingerprint=fingerprint,
        at=at(seconds),
    )


def offer(action_id: str, payload: bytes = PAYLOAD) -> NewOffer:
    """Return an action that offers it."""
    return NewOffer(action_id, "lead.create", payload, f"fingerprint of {action_id}")


def new_routing(job_id: str, company: Owned, reason: str | None = None) -> NewRouting:
    """Return the way to a company, by the action `deliver ...`; without one where there is a reason."""
    routing_id = routing_of(job_id, company)
    made = offer(f"deliver {routing_id}") if reason is None else None
    return NewRouting(routing_id, company.account_id, made, reason)


def routing_of(job_id: str, company: Owned) -> str:
    """Return the id of the way to a company."""
    return f"{job_id} to {company.account_id}"


def action_of(job_id: str, company: Owned) -> str:
    """Return the id of the action that delivers it first."""
    return f"deliver {routing_of(job_id, company)}"


def progress(
    routing_id: str,
    status: RoutingStatus | None = None,
    *,
    seconds: float = 100,
    cause: str = "the vendor says so",
    job: tuple[str, str] | None = None,
    match_key: str | None = None,
    completed_at: datetime | None = None,
    amounts: Mapping[tuple[str, str], Decimal | None] | None = None,
) -> RoutingProgress:
    """Return what became known of a routing."""
    return RoutingProgress(
        routing_id=routing_id,
        at=at(seconds),
        cause=cause,
        status=status,
        external_job_type=job[0] if job else None,
        external_job_id=job[1] if job else None,
        match_key=match_key,
        completed_at=completed_at,
        amounts=amounts or {},
    )


async def begin(store: Store, company: Owned, action_id: str, seconds: float = 1) -> None:
    """Note that a delivery is being sent."""
    action = await store.action(company.account_id, action_id)
    assert action is not None
    attempt = Attempt(AttemptCall.SEND, at(seconds), AttemptOutcome.OPEN)
    assert await store.begin_attempt(
        company.account_id,
        company.epoch,
        action_id,
        attempt,
        at(-60),
        known_attempts=len(action.attempts),
    )


async def end(
    store: Store,
    company: Owned,
    action_id: str,
    state: ActionState,
    *,
    seconds: float = 2,
    error: str | None = None,
    parked: bool = False,
    lead_id: str | None = None,
) -> None:
    """Store how the sending ended, and where the delivery stands."""
    outcome = {
        ActionState.SUCCEEDED: AttemptOutcome.DONE,
        ActionState.FAILED: AttemptOutcome.REFUSED,
        ActionState.PENDING: AttemptOutcome.NOT_SENT,
    }.get(state, AttemptOutcome.UNKNOWN)
    attempt = Attempt(AttemptCall.SEND, at(1), outcome, ended_at=at(seconds), error=error)
    result = None if lead_id is None else ActionResult("leads", lead_id, b"{}")
    ended = AttemptEnd(attempt, state, parked=parked, last_error=error, result=result)
    assert await store.end_attempt(company.account_id, company.epoch, action_id, ended)


async def deliver(store: Store, company: Owned, job_id: str = "job", lead_id: str = "L1") -> None:
    """Have a routing delivered."""
    action_id = action_of(job_id, company)
    await begin(store, company, action_id)
    await end(store, company, action_id, ActionState.SUCCEEDED, lead_id=lead_id)


async def refuse(store: Store, company: Owned, job_id: str = "job") -> None:
    """Have a routing fail for certain."""
    action_id = action_of(job_id, company)
    await begin(store, company, action_id)
    await end(store, company, action_id, ActionState.FAILED, error="no such campaign")


async def enter(
    store: Store, companies: Sequence[Owned], job_id: str = "job", seconds: float = 0
) -> None:
    """Enter a job that is offered to these companies."""
    new = replace(new_job(job_id, fingerprint=job_id), at=at(seconds))
    _, is_new = await store.accept_job(new, [new_routing(job_id, each) for each in companies])
    assert is_new


async def routings(store: Store, job_id: str = "job") -> Sequence[Routing]:
    """Return a job's routings with their histories."""
    job = await store.job(job_id)
    assert job is not None
    return job.routings


def told(routing: Routing) -> Sequence[tuple[str, str]]:
    """Return a routing's history without its times."""
    return [(step.status.value, step.cause) for step in routing.history]
