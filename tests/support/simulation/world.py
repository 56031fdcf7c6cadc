"""A vendor with companies, a store, and a daemon over it that can be killed and started again."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import anyio
import httpx

from actors import events
from actors.errors import VendorError
from actors.messages import Message, Resume
from actors.vendors.quickbooks import QuickBooks, QuickBooksSettings
from daemon.hosted import NotHostedError
from daemon.sandbox.quickbooks import Limits, QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from daemon.sandbox.webhook_carrier import ANSWER_WITHIN_S
from daemon.supervisor import Supervisor
from store.errors import StoreUnavailableError
from store.models import Account
from store.sqlite import SqliteStore
from support.quickbooks_replica import settings as quickbooks_settings
from support.simulation.doom import Killed
from support.simulation.observed_store import Disk
from support.simulation.observer import Observer
from support.simulation.open_sealer import OpenSealer
from support.simulation.process import Process
from support.simulation.replica import ReplicaReader
from support.simulation.scenario import Scenario
from support.simulation.token_rules import TokenRules
from support.simulation.wire import Wire
from support.virtual_time import VirtualClock, VirtualLoop

if TYPE_CHECKING:
    from store.verification import Certificate
    from support.simulation.damaged import Damage

VENDOR = "quickbooks"

_AGAIN_S = 30.0


class FreezingLoop(VirtualLoop):
    """A loop under virtual time that can miss some of it."""

    def freeze(self, length_s: float) -> None:
        """Let time pass without anything being done."""
        self.now_s += length_s


class WrongClock(VirtualClock):
    """This machine's clock. Its calendar may be set wrong; the vendor's is right."""

    def __init__(self, epoch: datetime, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(epoch, loop)
        self._right = epoch

    def set_wrong(self, error: timedelta) -> None:
        """Have the calendar be wrong by so much from now on."""
        self.epoch = self._right + error


class World:
    """One run's everything.

    Attributes:
        clock: this machine's; `vendor_clock` is the vendor's, and right.
        process: the daemon that runs now, or the last one.
        heard: what the actors of all processes so far told of trouble.
        crashes: errors that nobody foresaw, and how often they ended an actor.
        lags_s: how late each change was that a webhook told of.
        missed: how many changes count as missed webhooks.
        deaths: how often the daemon was killed.
        restart_s: how long the machine takes to start a dead daemon again.
        troubled: whether the troubles are going on.
        path: the database's file; `damages` is what was broken in it.
        certificates: those that were stored, by account, whoever heard of them.
    """

    def __init__(
        self, scenario: Scenario, seed: int, store: SqliteStore, reader: ReplicaReader
    ) -> None:
        self.scenario = scenario
        self.path = reader.path
        self.damages: list[Damage] = []
        self.certificates: list[tuple[str, Certificate]] = []
        self.seed = seed
        self.store = store
        loop = asyncio.get_running_loop()
        self.clock = WrongClock(scenario.epoch, loop)
        self.vendor_clock = VirtualClock(scenario.epoch, loop)
        self.sandbox = QuickBooksSandbox(
            self.vendor_clock.utc,
            seed,
            behaviour=scenario.behaviour(),
            limits=Limits(
                scenario.limits.per_minute, scenario.limits.per_second, scenario.limits.in_flight
            ),
        )
        self.sandbox.set_read_cap(scenario.read_cap)
        self.realms: dict[str, str] = {}
        self.sealer = OpenSealer()
        self.tokens = TokenRules(self.sealer, self.realms)
        self.wire = Wire(self.sandbox, self.tokens.called)
        self.reader = reader
        self.observer = Observer(self.sandbox, reader, self.vendor_clock.utc, scenario.object_types)
        self.heard: list[events.Event] = []
        self.calls = 0
        self.lags_s: list[float] = []
        self.missed = 0
        self.restart_s = 5.0
        self.troubled = True
        self.crashes: Counter[str] = Counter()
        self.deaths = 0
        self.disk = Disk()
        self._may_run = anyio.Event()
        self._consents = QuickBooks(
            self.vendor_settings,
            httpx.AsyncClient(transport=SandboxTransport(self.sandbox), trust_env=False),
            self.clock,
            self.listen,
        )
        self._processes = 0
        self.process = self._new_process()

    def random(self, purpose: str) -> Random:
        """Return a source of chance of its own for one purpose."""
        return Random(f"{self.seed}/{self.scenario.name}/{purpose}")

    @property
    def vendor_settings(self) -> QuickBooksSettings:
        return replace(quickbooks_settings(), overlap_s=self.scenario.overlap_s)

    @property
    def account_ids(self) -> Sequence[str]:
        return list(self.realms)

    @property
    def supervisor(self) -> Supervisor:
        return self.process.supervisor

    # Companies.

    async def connect_all(self) -> None:
        """Add the companies and connect each, as its owner does."""
        for number in range(1, self.scenario.accounts + 1):
            realm = self.sandbox.add_company(sizes=self.scenario.sizes)
            account_id = f"account-{number}"
            self.realms[account_id] = realm
            self.observer.follow(account_id, realm)
            await self._exchange(account_id)

    async def reconnect(self, account_id: str) -> None:
        """Connect an account again, as its owner does; one whom the vendor fails gives up."""
        try:
            await self._exchange(account_id)
        except VendorError:
            return
        await self.start(account_id)

    async def start(self, account_id: str) -> None:
        """Have an account started afresh, as often as it takes while the daemon lives."""
        while self.process.alive:
            try:
                await self.supervisor.start_account(account_id)
            except StoreUnavailableError:
                await anyio.sleep(_AGAIN_S)
            except Killed:
                return
            else:
                return

    async def stop(self, account_id: str) -> None:
        """Have an account stopped."""
        with suppress(Killed):
            await self.supervisor.stop_account(account_id)

    async def _exchange(self, account_id: str) -> None:
        realm = self.realms[account_id]
        credential = await self._consents.exchange(self.sandbox.issue_code(realm), realm)
        sealed = self.sealer.seal(credential)
        await self.store.connect(VENDOR, realm, realm, sealed, self.clock.utc(), account_id)
        self.tokens.stored(account_id, sealed)

    async def account(self, account_id: str) -> Account:
        return await self.store.account(account_id)

    async def close(self) -> None:
        await self._consents.close()

    async def calm(self) -> None:
        """End all trouble: from now on everything works, and nobody changes anything."""
        self.troubled = False
        self.clock.set_wrong(timedelta(0))
        self.disk.full = False
        self.wire.spoilers.clear()
        self.sandbox.clear_faults()
        self.sandbox.end_outage()
        for realm in self.realms.values():
            self.sandbox.end_outage(realm)
            self.sandbox.lose_admin(realm, lost=False)
        self.process.doom.forgive()
        for account_id in self.account_ids:
            await self.store.set_paused(account_id, paused=False)
            self.tell(account_id, Resume())
            if account_id not in self.supervisor.hosted():
                await self.start(account_id)
        self.let_run()

    # The daemon.

    async def keep_running(self) -> None:
        """Start the daemon, and start it again whenever it has ended, as systemd does."""
        while True:
            await self._may_run.wait()
            if self.process.ended.is_set():
                self.process = self._new_process()
            await self.process.live()
            self.deaths += self.process.doom.dead
            self._count_crashes()
            for account_id in self.account_ids:
                self.observer.look(account_id)
            await anyio.sleep(self.restart_s)

    def freeze(self, length_s: float) -> None:
        """Let time pass in which this machine does nothing."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, FreezingLoop):
            loop.freeze(length_s)

    def let_run(self) -> None:
        """Let the daemon be started."""
        self._may_run.set()

    async def shut_down(self) -> None:
        """Stop the daemon in good order; it stays down until `let_run`."""
        self._may_run = anyio.Event()
        process = self.process
        if process.alive:
            process.supervisor.stop()
            await process.ended.wait()

    def tell(self, account_id: str, message: Message) -> None:
        """Tell an actor something, if there is one to tell."""
        try:
            self.supervisor.post(account_id, message)
        except NotHostedError:
            return

    async def post(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        """Deliver a webhook to the daemon; None when nobody answers in time."""
        status = None
        if self.process.alive:
            with suppress(Killed), anyio.move_on_after(ANSWER_WITHIN_S):
                status = await self.process.deliver(body, headers)
        return status

    def _new_process(self) -> Process:
        self._processes += 1
        return Process(self, self._processes)

    def _count_crashes(self) -> None:
        for hosted in self.supervisor.hosted().values():
            if hosted.restarts:
                self.crashes[f"{hosted.account_id}: {hosted.last_error}"] += hosted.restarts

    def listen(self, event: events.Event) -> None:
        """Hear what an actor tells; of what goes well it is enough to count the calls."""
        match event:
            case events.CallMade():
                self.calls += 1
            case events.PageStored():
                self.lags_s += [change.lag_s for change in event.hinted]
                self.missed += event.missed
            case (
                events.OwnerNeeded()
                | events.LookAbandoned()
                | events.RefreshFailed()
                | events.DeletesHeld()
                | events.ReadsForecast()
                | events.ReadsUsedUp()
                | events.ReadsResumed()
                | events.VerificationEnded()
            ):
                self.heard.append(event)
