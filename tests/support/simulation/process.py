"""One run of the daemon: the real supervisor, actors and vendor package over the store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import anyio

from actors.hearing import Hearing
from actors.read_meter import ReadMeter
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.quickbooks import DOOR, QuickBooks
from actors.vendors.registry import VENDORS
from daemon.config import Secret
from daemon.deliveries import Deliveries, ForgedDeliveryError, Receiver
from daemon.read_planning import ReadPlanning
from daemon.restart import RestartPolicy
from daemon.sandbox.quickbooks import DEFAULT_VERIFIER_TOKEN
from daemon.supervisor import Supervisor
from store.errors import StoreUnavailableError
from support.simulation.doom import Doom, Killed
from support.simulation.observed_store import ObservedStore
from support.simulation.wire import MortalClient

if TYPE_CHECKING:
    import httpx

    from store.ports import Store
    from support.simulation.world import World

GRACE_S = 25.0


class Process:
    """A daemon in the world.

    Attributes:
        doom: how it is killed.
        alive: whether it runs now.
        reads: shares out the month's metered reads.
        ended: set once it is gone.
    """

    def __init__(self, world: "World", number: int) -> None:
        self.doom = Doom()
        self.ended = anyio.Event()
        self.alive = False
        self.store = ObservedStore(
            world.store,
            world.disk,
            self.doom,
            world.tokens,
            world.observer.page_stored,
            lambda account_id, found: world.certificates.append((account_id, found)),
        )
        self._clock = world.clock
        http = cast("httpx.AsyncClient", MortalClient(world.wire, self.doom))
        self.vendor = QuickBooks(world.vendor_settings, http, world.clock, world.listen)
        store = cast("Store", self.store)
        hearing = Hearing(DOOR.noticed_types)
        surroundings = Surroundings(
            store=store,
            vendor=self.vendor,
            settings=world.scenario.settings(),
            sealer=world.sealer,
            clock=world.clock,
            random=world.random(f"actors/{number}"),
            slots=PageSlots(),
            listener=world.listen,
            reads=self._meter(world, store),
            hearing=hearing if world.scenario.webhooks else None,
        )
        self.supervisor = Supervisor(
            store,
            {self.vendor.name: surroundings},
            RestartPolicy(),
            world.clock,
            world.random(f"supervisor/{number}"),
            grace_s=GRACE_S,
        )
        meters = {} if surroundings.reads is None else {self.vendor.name: surroundings.reads}
        self._plans_reads = bool(meters)
        self.reads = ReadPlanning(meters, {self.vendor.name: surroundings}, self.supervisor)
        receiver = Receiver(
            DOOR, Secret(DEFAULT_VERIFIER_TOKEN), hearing, world.scenario.settings()
        )
        self.deliveries = Deliveries(
            store, self.supervisor, {self.vendor.name: receiver}, world.clock, world.listen
        )

    def _meter(self, world: "World", store: "Store") -> ReadMeter | None:
        scenario, metering = world.scenario, VENDORS[self.vendor.name].metering
        if scenario.reads_per_month is None or metering is None:
            return None
        return ReadMeter(
            self.vendor.name,
            metering,
            scenario.reads_per_month,
            scenario.poll_interval_s,
            store,
            world.clock,
            world.listen,
        )

    async def deliver(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Take a webhook in as the web server does; return the status that it would answer."""
        began_s, name = self._clock.now().monotonic_s, self.vendor.name
        try:
            self.deliveries.admit(name, headers, began_s)
            await self.deliveries.take(name, body, headers, began_s)
        except ForgedDeliveryError:
            return 401
        except StoreUnavailableError:
            return 503
        return 200

    async def live(self) -> None:
        """Run until it is stopped or killed."""
        self.alive = True
        try:
            async with anyio.create_task_group() as tasks:
                self.doom.on_death(tasks.cancel_scope.cancel)
                await self.reads.load()
                if self._plans_reads:  # waking up each minute for nothing takes time
                    tasks.start_soon(self.reads.run)
                await self.supervisor.run()
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as errors:
            rest = errors.split(Killed)[1]
            if rest is not None:
                raise rest from None
        finally:
            self.alive = False
            self.ended.set()
            await self.vendor.close()
