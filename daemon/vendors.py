"""The configured vendors, and what the actors of each share. Can be configured anew while running."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx

from actors.clock import LastingClock
from actors.credential import Sealer
from actors.events import Event, Listener
from actors.hearing import Hearing
from actors.outage import Outage
from actors.read_meter import ReadMeter
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.registry import VENDORS
from daemon.config import VendorConfig
from daemon.deliveries import Receiver
from daemon.hosting import Hosting
from daemon.read_planning import ReadPlanning
from daemon.vendor_talk import VendorSharing
from store.ports import Store

if TYPE_CHECKING:
    from actors.settings import AccountSettings
    from actors.vendors.base import Vendor


@dataclass(frozen=True, slots=True)
class VendorWorkshop:
    """What all vendors have in common.

    Attributes:
        listeners: who is told what happens.
        open_client: makes the HTTP client that one vendor's accounts share.
        outages: what the actors of each vendor are told of its incidents; stays the same object.
        sharing: how the vendors' apps are shared with other nodes; None where there are none.
    """

    store: Store
    sealer: Sealer
    clock: LastingClock
    random: Random
    listeners: Iterable[Listener]
    open_client: Callable[[], httpx.AsyncClient]
    outages: dict[str, Outage] = field(default_factory=dict)
    sharing: VendorSharing | None = None

    def meter(self, name: str, config: VendorConfig) -> ReadMeter | None:
        """Build what counts the vendor's metered reads, if it meters any."""
        metering = VENDORS[name].metering
        if metering is None:
            return None
        return ReadMeter(
            name,
            metering,
            config.reads_per_month,
            config.account.poll_interval_s,
            self.store,
            self.clock,
            self.tell,
            None if self.sharing is None else partial(self.sharing.supply, name),
        )

    def build(
        self, name: str, config: VendorConfig, reads: ReadMeter | None, hearing: Hearing | None
    ) -> Surroundings:
        """Build the vendor of this name as it is configured, with what is known of it so far."""
        vendor = VENDORS[name].factory(config.settings(), self.open_client(), self.clock, self.tell)
        return Surroundings(
            store=self.store,
            vendor=vendor,
            settings=config.account,
            sealer=self.sealer,
            clock=self.clock,
            random=self.random,
            slots=PageSlots(),
            listener=self.tell,
            reads=reads,
            hearing=hearing if config.webhook_secret is not None else None,
            outage=self.outages.setdefault(name, Outage()),
        )

    def tell(self, event: Event) -> None:
        """Tell everybody who listens."""
        for listener in self.listeners:
            listener(event)


def operations_of(vendors: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return the names of each vendor's calls."""
    return {name: VENDORS[name].operations for name in vendors}


class Vendors:
    """The vendors that are configured now. The mappings stay the same objects when that changes.

    Attributes:
        reads: what counts metered reads, by vendor; each stays the same for as long as we run.
    """

    def __init__(self, workshop: VendorWorkshop, configs: Mapping[str, VendorConfig]) -> None:
        self._workshop = workshop
        self._configs: dict[str, VendorConfig] = {}
        self.surroundings: dict[str, Surroundings] = {}
        self.by_name: dict[str, Vendor] = {}
        self.settings: dict[str, AccountSettings] = {}
        self.reads: dict[str, ReadMeter] = {}
        self.receivers: dict[str, Receiver] = {}
        self._replaced: list[Vendor] = []
        self.configure(configs)

    @property
    def outages(self) -> Mapping[str, Outage]:
        """What the actors are told of their vendors' incidents, by vendor."""
        return self._workshop.outages

    def planning(self, hosting: Hosting) -> ReadPlanning:
        """Return what shares out the metered reads of all of them."""
        sharing = self._workshop.sharing
        talk = None if sharing is None else sharing.talk(self.reads, self.surroundings)
        return ReadPlanning(self.reads, self.surroundings, hosting, talk)

    def configure(self, configs: Mapping[str, VendorConfig]) -> Mapping[str, Surroundings]:
        """Build what is new or different; return it. A vendor that is no longer named stays as it is."""
        changed = {
            name: self._build(name, config)
            for name, config in configs.items()
            if self._configs.get(name) != config
        }
        self._replaced.extend(self.by_name[name] for name in changed if name in self.by_name)
        self._configs.update(configs)
        for name, around in changed.items():
            self.surroundings[name] = around
            self.by_name[name] = around.vendor
            self.settings[name] = around.settings
        return changed

    def _meter(self, name: str, config: VendorConfig) -> ReadMeter | None:
        """Return the vendor's meter, which goes on counting whatever else is built anew."""
        meter = self.reads.get(name) or self._workshop.meter(name, config)
        if meter is not None:
            meter.configure(config.reads_per_month, config.account.poll_interval_s)
            self.reads[name] = meter
        return meter

    def _build(self, name: str, config: VendorConfig) -> Surroundings:
        """Build a vendor. What was heard of its webhooks so far still holds."""
        build_door, before = VENDORS[name].webhooks, self.receivers.get(name)
        hearing = None
        if build_door is not None:
            door = build_door(config.settings())
            hearing = Hearing(door.noticed_types) if before is None else before.hearing
            secret = config.webhook_secret
            self.receivers[name] = Receiver(door, secret, hearing, config.account)
        return self._workshop.build(name, config, self._meter(name, config), hearing)

    def tell(self, event: Event) -> None:
        """Tell everybody who listens."""
        self._workshop.tell(event)

    async def close_replaced(self) -> None:
        """Let go of the connections of vendors that were configured anew and are used no more."""
        while self._replaced:
            await self._replaced.pop().close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close_replaced()
        for vendor in self.by_name.values():
            await vendor.close()
