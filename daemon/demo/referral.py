"""A job that one contractor enters and others are offered: its way there and back."""

from collections.abc import Callable
from decimal import Decimal

import anyio
import msgspec

from daemon.cli.job_replies import JobReply, RoutingReply
from daemon.demo.audience import Audience, DemoFailed
from daemon.demo.stage import Stage
from daemon.demo.stands import Contractors
from daemon.demo.view import View

_LOOK_EVERY_S = 0.1
_PATIENCE_S = 60.0
_REVENUE = Decimal("850.00")


class Referral:
    """Enters one job, and has the others' offices do something with it."""

    def __init__(self, stage: Stage, audience: Audience, view: View) -> None:
        self._stage = stage
        self._audience = audience
        self._view = view
        self._told: dict[str, str] = {}

    async def play(self) -> None:
        """Play it from its entry to what it brought: the first takes it, the others turn it down."""
        (origin, company_id), (taker, taker_id), *others = self._companies()
        name = self._stage.companies[company_id]
        self._view.say(
            f"A technician of {name} enters a job; all other contractors are offered it."
        )
        job_id = await self._enter(origin, company_id)
        synced = await self._until(job_id, lambda job: _all(job, "synced"))
        taker.take(taker_id, self._offer(synced, taker_id))
        for stand, each in others:
            stand.decline(each, self._offer(synced, each))
        taken = await self._until(job_id, lambda job: self._routing(job, taker_id).external_job_id)
        taker.complete(taker_id, str(self._routing(taken, taker_id).external_job_id), _REVENUE)
        done = await self._until(job_id, self._is_done)
        brought = self._routing(done, taker_id).revenue
        self._view.say(
            f"The job is completed: {brought} for {self._stage.companies[taker_id]}.", "green"
        )

    async def _enter(self, origin: Contractors, company_id: str) -> str:
        reply = await self._stage.http.post(
            "/jobs",
            json={
                "created_by": {
                    "account_id": self._audience.account_id(company_id),
                    "technician_id": origin.technician(company_id),
                },
                "summary": "Replace the water heater",
                "homeowner": {"name": "Ada Park", "phone": "+1 217 555 0100"},
                "address": {
                    "street": "1 Main St",
                    "city": "Springfield",
                    "state": "IL",
                    "zip": "62701",
                },
                "revenue": f"{_REVENUE}",
            },
        )
        return msgspec.json.decode(reply.raise_for_status().content, type=JobReply).id

    async def _until(self, job_id: str, holds: Callable[[JobReply], object]) -> JobReply:
        """Wait until it holds of the job, and tell of its routings meanwhile.

        Raises:
            DemoFailed: it did not within a minute.
        """
        with anyio.move_on_after(_PATIENCE_S):
            while True:
                job = await self._job(job_id)
                if holds(job):
                    return job
                if lost := next((each for each in job.routings if each.status == "failed"), None):
                    raise DemoFailed(f"the job could not be delivered: {lost.last_error}")
                await anyio.sleep(_LOOK_EVERY_S)
        stands = ", ".join(self._told.values())
        raise DemoFailed(f"the job got no further within {_PATIENCE_S:.0f} s: {stands}")

    async def _job(self, job_id: str) -> JobReply:
        reply = await self._stage.http.get(f"/jobs/{job_id}")
        job = msgspec.json.decode(reply.raise_for_status().content, type=JobReply)
        for routing in job.routings:
            if self._told.get(routing.id) != routing.status:
                self._told[routing.id] = routing.status
                self._tell(routing)
        return job

    def _tell(self, routing: RoutingReply) -> None:
        name = self._stage.companies[self._audience.company_id(routing.account_id)]
        what = routing.external_type and f" ({routing.external_type} {routing.external_id})"
        self._view.say(f"  {name}: {routing.status}{what or ''}", "dim")

    def _is_done(self, job: JobReply) -> bool:
        is_open = any(each.status not in {"completed", "canceled"} for each in job.routings)
        return not is_open and any(each.revenue == f"{_REVENUE}" for each in job.routings)

    def _routing(self, job: JobReply, company_id: str) -> RoutingReply:
        account_id = self._audience.account_id(company_id)
        return next(each for each in job.routings if each.account_id == account_id)

    def _offer(self, job: JobReply, company_id: str) -> str:
        return str(self._routing(job, company_id).external_id)

    def _companies(self) -> list[tuple[Contractors, str]]:
        contractors = self._stage.cast.contractors
        return [(stand, key) for stand in contractors for key in stand.companies]


def _all(job: JobReply, status: str) -> bool:
    return all(each.status == status for each in job.routings)
