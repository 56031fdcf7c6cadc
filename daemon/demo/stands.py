"""The vendors of the demo: a stand-in each, with companies in it, and how a company is connected."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

import httpx

from daemon.cli.sandbox_section import housecall_section, sandbox_section, titan_section
from daemon.demo.arrivals import ObjectKey
from daemon.sandbox.housecallpro import HousecallProSandbox
from daemon.sandbox.quickbooks import Behaviour, QuickBooksSandbox
from daemon.sandbox.servicetitan import ServiceTitanSandbox

if TYPE_CHECKING:
    from daemon.sandbox.transport import Sandbox

_LATENCY_S = (0.02, 0.08)
_TIMEOUT_S = 60.0

Objects = Mapping[str, Mapping[str, bytes]]
"""Payloads by object type and id."""
Mutation = tuple[ObjectKey, datetime]
"""What changed at a vendor, and when."""


class Stand(Protocol):
    """One vendor with its companies.

    Attributes:
        vendor: its name in the contract.
        title: its name for people.
        path: the segment of the address that it is below; empty for the one at the root.
        companies: names by the vendor's own ids of them.
    """

    vendor: str
    title: str
    path: str
    companies: dict[str, str]

    @property
    def sandbox(self) -> "Sandbox":
        """What answers."""
        ...

    def section(self, url: str) -> dict[str, object]:
        """Return what leads a daemon there."""
        ...

    async def connect(self, http: httpx.AsyncClient, company_id: str) -> bytes:
        """Connect a company; return what the daemon answers."""
        ...

    def truth(self, company_id: str) -> Objects:
        """Return what a company has."""
        ...

    def churn(self, company_id: str, times: int) -> None:
        """Let some things happen at a company."""
        ...

    def mutations(self) -> Iterator[Mutation]:
        """Yield what changed since the last time."""
        ...

    def calls(self) -> tuple[int, int]:
        """Return how many calls came, and how many of them passed a limit."""
        ...


class Contractors(Stand, Protocol):
    """One vendor whose companies are offered jobs."""

    def technician(self, company_id: str) -> str:
        """Return the id of somebody who works there."""
        ...

    def take(self, company_id: str, offer_id: str) -> None:
        """Have the company's office make a job of what it was offered."""
        ...

    def decline(self, company_id: str, offer_id: str) -> None:
        """Have it turn the offer down."""
        ...

    def complete(self, company_id: str, job_id: str, revenue: Decimal) -> None:
        """Have the job done, for so much."""
        ...


@dataclass(slots=True)
class QuickBooksStand:
    """Companies that keep their books there."""

    sandbox: QuickBooksSandbox
    vendor: str = "quickbooks"
    title: str = "QuickBooks"
    path: str = ""
    companies: dict[str, str] = field(default_factory=dict)
    _told: int = 0

    def section(self, url: str) -> dict[str, object]:
        """Return what leads a daemon there."""
        return sandbox_section(self.sandbox, url)

    async def connect(self, http: httpx.AsyncClient, company_id: str) -> bytes:
        """Connect a company as its owner would: consent page, redirect, code exchange."""
        start = await http.get("/auth/quickbooks/start")
        consent = httpx.URL(start.headers["Location"]).copy_merge_params({"realmId": company_id})
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as browser:
            reply = await browser.get(consent, follow_redirects=True)
        return reply.raise_for_status().content

    def truth(self, company_id: str) -> Objects:
        """Return what a company has."""
        return self.sandbox.truth(company_id)

    def churn(self, company_id: str, times: int) -> None:
        """Let some things happen at a company."""
        self.sandbox.churn(company_id, times)

    def mutations(self) -> Iterator[Mutation]:
        """Yield what changed since the last time."""
        for each in self.sandbox.mutations(self._told):
            self._told = each.sequence
            key = ObjectKey(each.realm_id, each.object_type, each.object_id)
            yield key, datetime.fromtimestamp(each.at_us / 1e6, UTC)

    def calls(self) -> tuple[int, int]:
        """Return how many calls came, and how many of them passed a limit."""
        seen = self.sandbox.statistics()
        return sum(seen.calls.values()), sum(seen.violations.values())


@dataclass(slots=True)
class ServiceTitanStand:
    """Contractors that plan their jobs there."""

    sandbox: ServiceTitanSandbox
    vendor: str = "servicetitan"
    title: str = "ServiceTitan"
    path: str = "servicetitan"
    companies: dict[str, str] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def section(self, url: str) -> dict[str, object]:
        """Return what leads a daemon there."""
        return titan_section(self.sandbox, url)

    async def connect(self, http: httpx.AsyncClient, company_id: str) -> bytes:
        """Connect a tenant by the keys that its owner made."""
        tenant = self.sandbox.tenants[company_id]
        grant = {
            "tenant_id": company_id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "booking_provider": str(next(iter(tenant.provider_tags))),
        }
        connected = await http.post("/auth/servicetitan/connect", json=grant)
        # A tenant has no name of its own that could be read.
        where = f"/integrations/{connected.raise_for_status().json()['id']}"
        named = await http.patch(where, json={"name": self.companies[company_id]})
        return named.raise_for_status().content

    def truth(self, company_id: str) -> Objects:
        """Return what a tenant has."""
        return self.sandbox.tenants[company_id].truth()

    def churn(self, company_id: str, times: int) -> None:
        """Let some things happen at a tenant."""
        self.sandbox.churn(company_id, times)

    def mutations(self) -> Iterator[Mutation]:
        """Yield what changed since the last time."""
        for company_id, tenant in self.sandbox.tenants.items():
            first = self._told.get(company_id, 0)
            self._told[company_id] = len(tenant.versions)
            for each in tenant.versions[first:]:
                yield ObjectKey(company_id, each.kind, str(each.object_id)), each.committed_at

    def calls(self) -> tuple[int, int]:
        """Return how many calls came, and how many of them passed a limit."""
        return sum(self.sandbox.calls.values()), sum(self.sandbox.limiter.violations.values())

    def technician(self, company_id: str) -> str:
        """Return the id of somebody who works there."""
        technicians = self.sandbox.tenants[company_id].objects["technicians"]
        return str(next(key for key, body in technicians.items() if body["active"]))

    def take(self, company_id: str, offer_id: str) -> None:
        """Have the tenant's office make a job of a booking."""
        self.sandbox.business(company_id).office.convert_booking(int(offer_id), self.sandbox.now())
        self.sandbox.settle()

    def decline(self, company_id: str, offer_id: str) -> None:
        """Have it dismiss a booking."""
        office = self.sandbox.business(company_id).office
        office.dismiss("bookings", int(offer_id), self.sandbox.now())
        self.sandbox.settle()

    def complete(self, company_id: str, job_id: str, revenue: Decimal) -> None:
        """Have the job done, for so much."""
        self.sandbox.business(company_id).office.complete(int(job_id), revenue, self.sandbox.now())
        self.sandbox.settle()


@dataclass(slots=True)
class HousecallProStand:
    """Contractors that plan their jobs there."""

    sandbox: HousecallProSandbox
    vendor: str = "housecallpro"
    title: str = "Housecall Pro"
    path: str = "housecallpro"
    companies: dict[str, str] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def section(self, url: str) -> dict[str, object]:
        """Return what leads a daemon there."""
        return housecall_section(url)

    async def connect(self, http: httpx.AsyncClient, company_id: str) -> bytes:
        """Connect a company by the key that its admin made."""
        grant = {"api_key": self.sandbox.businesses[company_id].api_key}
        return (
            (await http.post("/auth/housecallpro/connect", json=grant)).raise_for_status().content
        )

    def truth(self, company_id: str) -> Objects:
        """Return what a company has."""
        return self.sandbox.businesses[company_id].truth()

    def churn(self, company_id: str, times: int) -> None:
        """Let some things happen at a company."""
        self.sandbox.churn(company_id, times)

    def mutations(self) -> Iterator[Mutation]:
        """Yield what changed since the last time."""
        for company_id, business in self.sandbox.businesses.items():
            first = self._told.get(company_id, 0)
            self._told[company_id] = len(business.versions)
            for each in business.versions[first:]:
                yield ObjectKey(company_id, each.kind, each.object_id), each.at

    def calls(self) -> tuple[int, int]:
        """Return how many calls came, and how many of them passed a limit."""
        return sum(self.sandbox.calls.values()), self.sandbox.violations

    def technician(self, company_id: str) -> str:
        """Return the id of somebody who works there."""
        return next(iter(self.sandbox.businesses[company_id].objects["employees"]))

    def take(self, company_id: str, offer_id: str) -> None:
        """Have the company's office make a job of a lead."""
        self.sandbox.offices[company_id].convert(offer_id, self.sandbox.now())

    def decline(self, company_id: str, offer_id: str) -> None:
        """Have it give a lead up."""
        self.sandbox.offices[company_id].lose(offer_id, self.sandbox.now())

    def complete(self, company_id: str, job_id: str, revenue: Decimal) -> None:
        """Have the job done, for so much."""
        cents = int(revenue * 100)
        self.sandbox.offices[company_id].complete(job_id, cents, self.sandbox.now())


@dataclass(frozen=True, slots=True)
class Cast:
    """All vendors of the demo."""

    books: QuickBooksStand
    titan: ServiceTitanStand
    housecall: HousecallProStand

    @property
    def stands(self) -> tuple[Stand, ...]:
        """Return them in the order in which their companies are connected."""
        return (self.books, self.titan, self.housecall)

    @property
    def contractors(self) -> tuple[Contractors, ...]:
        """Return those whose companies are offered jobs."""
        return (self.titan, self.housecall)


def open_cast(clock: Callable[[], datetime], seed: int) -> Cast:
    """Make the stand-ins, and found their companies. A scale of 1 is about 250 objects."""
    books = QuickBooksStand(
        QuickBooksSandbox(clock, seed, behaviour=Behaviour(latency_s=_LATENCY_S))
    )
    for name, scale in {
        "Corner Café": 1.0,
        "Harbour Plumbing": 8.0,
        "Meridian Foods": 40.0,
    }.items():
        books.companies[books.sandbox.add_company(name=name, scale=scale)] = name
    titan = ServiceTitanStand(ServiceTitanSandbox(clock, seed))
    for name, scale in {"Summit Heating": 4.0, "Valley Air": 1.0}.items():
        titan.companies[titan.sandbox.add_tenant(name, scale=scale)] = name
    housecall = HousecallProStand(HousecallProSandbox(clock, seed))
    housecall.sandbox.per_minute = None
    company_id = housecall.sandbox.add_company("Bright Electric", scale=1.0)
    housecall.companies[company_id] = "Bright Electric"
    return Cast(books, titan, housecall)
