"""Companies at two sandboxes that jobs are routed to: supervisor, follower and store, in one process.

Only the network is left out, and time is virtual.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast
from uuid import UUID

import anyio
import msgspec
from cryptography.fernet import Fernet

from actors import events
from actors.credential import Sealer
from actors.mailbox import MailboxFullError
from actors.messages import ActionsWaiting
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.dispatching import Referral
from actors.vendors.housecallpro import HousecallPro
from actors.vendors.registry import DISPATCHING
from actors.vendors.servicetitan import FORM, ServiceTitan
from daemon.config import HousecallProConfig, Secret, ServiceTitanConfig
from daemon.hosted import NotHostedError
from daemon.jobs.follower import JobFollower
from daemon.restart import RestartPolicy
from daemon.sandbox.housecallpro import HousecallProSandbox
from daemon.sandbox.servicetitan import APP_KEY, ServiceTitanSandbox
from daemon.sandbox.servicetitan.tenant import PROVIDER
from daemon.supervisor import Supervisor
from store.job_models import (
    Address,
    Homeowner,
    Job,
    JobFilter,
    NewJob,
    NewOffer,
    NewRouting,
    Routing,
)
from store.sqlite import SqliteStore, open_store
from support.actor_house import TroubledStore
from support.conformance.housecallpro_trial import api_settings
from support.conformance.servicetitan_trial import app_settings
from support.sandbox_client import SandboxClient
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    import httpx

    from actors.vendors.base import Vendor
    from store.ports import ActorStore, Store

TITAN, HOUSECALL = "servicetitan", "housecallpro"
_SIZES = {"customers": 2, "jobs": 2, "invoices": 2, "leads": 2, "bookings": 2, "employees": 2}
_MARK = re.compile(rb"syncline:([0-9a-f]{32})")
_BOOKED = re.compile(rb'"externalId":\s*"([0-9a-f-]{36})"')


@dataclass(frozen=True, slots=True)
class Partner:
    """A company that jobs are offered to; its `proof` is what it is connected with."""

    account_id: str
    vendor: str
    company: str
    options: Mapping[str, str | int]
    proof: str


class TroubledBook:
    """The whole store; what it notes of routings can be made to fail, as in `TroubledStore`."""

    def __init__(self, real: SqliteStore, troubled: TroubledStore) -> None:
        self._real = real
        self._troubled = troubled

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    async def note_progress(self, *arguments: object) -> None:
        self._troubled.trouble("note_progress")
        await self._real.note_progress(*arguments)  # type: ignore[arg-type]
        self._troubled.trouble_after("note_progress")


@dataclass
class RoutedHouse:
    """All of it.

    Attributes:
        store: as actors see it; it can be made to fail.
        partners: the companies, by account.
        heard: how often which kind of event was told.
    """

    clock: VirtualClock
    titan: ServiceTitanSandbox
    housecall: HousecallProSandbox
    real_store: SqliteStore
    store: TroubledStore
    sealer: Sealer
    vendors: Mapping[str, "Vendor"] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    supervisor: Supervisor | None = None
    follower: JobFollower | None = None
    random: Random = field(default_factory=lambda: Random(3))

    def hear(self, event: events.Event) -> None:
        self.heard[type(event).__name__] += 1
        if self.follower is not None:
            self.follower.listen(event)

    async def connect_titan(self, *, books: bool) -> Partner:
        """Connect a tenant; one that `books` has a booking provider for us, another a campaign."""
        tenant_id = self.titan.add_tenant(sizes=_SIZES)
        tenant = self.titan.tenants[tenant_id]
        given = {
            "tenant_id": tenant_id,
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
        }
        proof: str = msgspec.convert(given, FORM.grant).proof  # type: ignore[attr-defined]
        options: Mapping[str, str | int] = (
            {"booking_provider": str(PROVIDER)} if books else {"campaign_id": 77}
        )
        return await self._connect(TITAN, tenant_id, proof, options)

    async def connect_housecall(self) -> Partner:
        """Connect a company."""
        company = self.housecall.add_company(sizes=_SIZES)
        return await self._connect(HOUSECALL, company, self.housecall.businesses[company].api_key)

    async def _connect(
        self,
        vendor: str,
        company: str,
        proof: str,
        options: Mapping[str, str | int] = {},
    ) -> Partner:
        credential = await self.vendors[vendor].exchange(proof, company)
        account, _ = await self.real_store.connect(
            vendor,
            company,
            company,
            self.sealer.seal(credential),
            self.clock.utc(),
            f"{vendor}-{len(self.partners) + 1:02}",
        )
        partner = Partner(account.id, vendor, company, options, proof)
        self.partners[account.id] = partner
        return partner

    async def connect_again(self) -> int:
        """Do what owners do whose account waits for them; return how many there were.

        A good key that is refused twice in a row is taken for one that was withdrawn.
        """
        waiting = [
            partner
            for partner in self.partners.values()
            if (await self.real_store.account(partner.account_id)).reauth_cause is not None
        ]
        for partner in waiting:
            credential = await self.vendors[partner.vendor].exchange(partner.proof, partner.company)
            sealed, now = self.sealer.seal(credential), self.clock.utc()
            company = partner.company
            await self.real_store.connect(
                partner.vendor, company, company, sealed, now, partner.account_id
            )
            if self.supervisor is not None:
                await self.supervisor.start_account(partner.account_id)
        return len(waiting)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[Supervisor]:
        """Run a supervisor and a follower; at the end they are stopped in good order."""
        self.supervisor = Supervisor(
            cast("Store", self.store),
            {name: self._around(name) for name in self.vendors},
            RestartPolicy(cap_s=5.0, max_restarts=100_000),
            self.clock,
            self.random,
            grace_s=30.0,
        )
        book = cast("Store", TroubledBook(self.real_store, self.store))
        self.follower = JobFollower(book, DISPATCHING, self.clock)
        async with anyio.create_task_group() as side:
            side.start_soon(self.follower.run)
            async with anyio.create_task_group() as tasks:
                await tasks.start(self.supervisor.run)
                try:
                    yield self.supervisor
                except BaseException:
                    tasks.cancel_scope.cancel()
                    raise
                self.supervisor.stop()
            side.cancel_scope.cancel()

    def _around(self, vendor: str) -> Surroundings:
        chosen = self.vendors[vendor]
        return Surroundings(
            store=cast("ActorStore", self.store),
            vendor=chosen,
            settings=_settings(vendor),
            sealer=self.sealer,
            clock=self.clock,
            random=self.random,
            slots=PageSlots(),
            listener=self.hear,
        )

    def _id(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))

    async def enter(self, number: int) -> Job:
        """Enter a job that is offered to every company, and tell their actors."""
        now = self.clock.utc()
        referral = Referral(
            f"Job {number}: replace the water heater",
            Homeowner(f"Ada Park {number}", f"+1 555 {number:07}", ""),
            Address(f"{number} Main St", "", "Springfield", "IL", "62701", "US"),
            now,
            "Acme Plumbing",
        )
        new = NewJob(
            id=self._id(),
            account_id="the company of origin",
            technician_id="7",
            summary=referral.summary,
            homeowner=referral.homeowner,
            address=referral.address,
            revenue=None,
            idempotency_key=f"job {number}",
            fingerprint=f"job {number}",
            at=now,
        )
        ways = [self._way(partner, referral) for partner in self.partners.values()]
        job, _ = await self.real_store.accept_job(new, ways)
        for partner in self.partners.values():
            self.nudge(partner.account_id)
        return job

    def _way(self, partner: Partner, referral: Referral) -> NewRouting:
        return NewRouting(self._id(), partner.account_id, self._offer(partner, referral))

    def _offer(self, partner: Partner, referral: Referral) -> NewOffer:
        offer = DISPATCHING[partner.vendor].offer(partner.options, referral)
        return NewOffer(self._id(), offer.action_type, offer.payload, self._id())

    async def offer_again(self, job: Job, routing: Routing) -> None:
        """Do by hand what a person does about a routing that failed, or that nobody knows of."""
        store, now = self.real_store, self.clock.utc()
        partner = self.partners[routing.account_id]
        if routing.status == "failed":
            referral = Referral(
                job.summary, job.homeowner, job.address, job.created_at, "Acme Plumbing"
            )
            offer = self._offer(partner, referral)
            await store.offer_again(routing.id, offer, now, instead_of=routing.action_id)
        elif routing.action_id is not None:
            await store.revive_action(routing.account_id, routing.action_id, now)
        self.nudge(routing.account_id)

    def nudge(self, account_id: str) -> None:
        if self.supervisor is not None:
            with suppress(NotHostedError, MailboxFullError):
                self.supervisor.post(account_id, ActionsWaiting())

    async def jobs(self) -> Sequence[Job]:
        """Return all jobs with their routings."""
        found: list[Job] = []
        before_id = None
        while page := await self.real_store.jobs(JobFilter(before_id=before_id, limit=200)):
            found += page
            before_id = page[-1].id
        return found

    def effects(self, partner: Partner) -> Counter[str]:
        """Return how often the vendor carried out each action, by the mark in what it was sent."""
        found: Counter[str] = Counter()
        for body in self.applied(partner):
            mark = _BOOKED.search(body) or _MARK.search(body)
            assert mark is not None, body
            found[str(UUID(mark[1].decode()))] += 1
        return found

    def applied(self, partner: Partner) -> Sequence[bytes]:
        if partner.vendor == TITAN:
            return [each.body for each in self.titan.tenants[partner.company].writes]
        return [each.body for each in self.housecall.businesses[partner.company].writes]

    def violations(self) -> int:
        """Return how many calls were above a vendor's limit."""
        return sum(self.titan.limiter.violations.values()) + self.housecall.violations

    def calls(self) -> int:
        return self.titan.calls.total() + self.housecall.calls.total()

    def now_s(self) -> float:
        return self.clock.now().monotonic_s


def _settings(vendor: str) -> AccountSettings:
    if vendor == TITAN:
        settings = ServiceTitanConfig(app_key=Secret(APP_KEY)).account
        types: tuple[str, ...] = ("bookings", "invoices", "jobs", "leads")
    else:
        settings, types = HousecallProConfig().account, ("jobs", "leads")
    return replace(settings, object_types=types, verify_interval_s=None)


@asynccontextmanager
async def open_routed_house(path: Path, *, seed: int = 7) -> AsyncIterator[RoutedHouse]:
    """Set it up, without a company."""
    clock = VirtualClock()
    titan, housecall = ServiceTitanSandbox(clock.utc, seed), HousecallProSandbox(clock.utc, seed)
    housecall.per_minute = 60  # what an account asks for at most
    async with await open_store(path / "syncline.db", mode="inline", durable=False) as store:
        house = RoutedHouse(
            clock=clock,
            titan=titan,
            housecall=housecall,
            real_store=store,
            store=TroubledStore(store),
            sealer=Sealer([Fernet.generate_key().decode()]),
            random=Random(seed),
        )
        carried = [cast("httpx.AsyncClient", SandboxClient(each)) for each in (titan, housecall)]
        vendors: Sequence[Vendor] = [
            ServiceTitan(app_settings(), carried[0], clock, house.hear),
            HousecallPro(api_settings(), carried[1], clock, house.hear),
        ]
        house.vendors = dict(zip((TITAN, HOUSECALL), vendors, strict=True))
        try:
            yield house
        finally:
            for vendor in vendors:
                await vendor.close()
