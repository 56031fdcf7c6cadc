"""Companies that jobs are routed between: ServiceTitan and Housecall Pro beside a web house."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from daemon.sandbox.housecallpro import HousecallProSandbox
from support.housecall_house import with_housecallpro
from support.titan_house import TitanHouse, with_servicetitan
from support.web_house import WebHouse

Json = dict[str, Any]

PROVIDER = "11"
"""The booking provider tag that every tenant of the sandbox has."""

SMALL = {"technicians": 3, "customers": 1}


@dataclass
class DispatchHouse:
    """The house, both vendors' sides, and the company that enters jobs.

    Attributes:
        origin: its account.
        technician_id: somebody who works there.
    """

    web: WebHouse
    titan: TitanHouse
    housecall: HousecallProSandbox
    origin: Json
    technician_id: str

    async def tenant(self, **options: object) -> Json:
        """Connect a ServiceTitan tenant with these options; wait until it is exact."""
        grant = self.titan.keys(self.titan.sandbox.add_tenant(sizes=SMALL))
        connect = "/auth/servicetitan/connect"
        account: Json = await self.web.visitor.post(connect, {**grant, **options}, expect=201)
        await self.titan.is_whole(account["id"])
        return account

    async def business(self) -> Json:
        """Connect a Housecall Pro company; wait until it is exact."""
        company = self.housecall.add_company(sizes={"employees": 2})
        grant = {"api_key": self.housecall.businesses[company].api_key}
        connect = "/auth/housecallpro/connect"
        account: Json = await self.web.visitor.post(connect, grant, expect=201)
        await self.titan.is_whole(account["id"])
        return account

    def job(self, **more: object) -> Json:
        """Return a sound job as it is entered."""
        return {
            "created_by": {"account_id": self.origin["id"], "technician_id": self.technician_id},
            "summary": "Replace the water heater",
            "homeowner": {"name": "Ada Park", "phone": "+1 555 0100", "email": ""},
            "address": {
                "street": "1 Main St",
                "city": "Springfield",
                "state": "IL",
                "zip": "62701",
            },
            "revenue": "850.00",
            **more,
        }

    async def entered(self, **more: object) -> Json:
        """Enter a job; return it as it stands then."""
        entered: Json = await self.web.visitor.post("/jobs", self.job(**more), expect=201)
        return entered

    async def until(self, job_id: str, holds: Callable[[Json], bool]) -> Json:
        """Return the job as soon as the condition holds."""
        with anyio.fail_after(15):
            while True:
                job: Json = await self.web.visitor.get(f"/jobs/{job_id}")
                if holds(job):
                    return job
                await anyio.sleep(0.02)

    async def delivered(self, job_id: str) -> Json:
        """Return the job when none of its routings is under way any more."""
        return await self.until(job_id, lambda job: not statuses(job) & {"pending", "sending"})


def statuses(job: Json) -> set[str]:
    """Return how a job's routings stand."""
    return {routing["status"] for routing in job["routings"]}


@asynccontextmanager
async def dispatching(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    """Configure both vendors and connect the company that enters jobs."""
    async with (
        with_servicetitan(web, ("technicians", "customers", "jobs", "leads", "bookings")) as titan,
        with_housecallpro(web, ("employees", "customers", "jobs", "leads")) as housecall,
    ):
        tenant_id = titan.sandbox.add_tenant(sizes=SMALL)
        grant = titan.keys(tenant_id)
        origin = await web.visitor.post("/auth/servicetitan/connect", grant, expect=201)
        await titan.is_whole(origin["id"])
        technicians = titan.sandbox.tenants[tenant_id].objects["technicians"]
        yield DispatchHouse(web, titan, housecall, origin, str(min(technicians)))
