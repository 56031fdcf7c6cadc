"""All that watches, put together: alerts, health, timelines and the audit trail."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import anyio
import httpx

from actors import events
from actors.clock import Clock
from actors.outage import Outage
from actors.surroundings import Surroundings
from daemon.account_events.keeper import EventKeeper
from daemon.account_events.telling import ERROR
from daemon.alerts.book import AlertBook
from daemon.alerts.channels import Channels, ChannelWorkshop
from daemon.alerts.condition import Condition
from daemon.alerts.desk import AlertDesk
from daemon.alerts.happenings import Happenings
from daemon.alerts.kinds import RELOAD_FAILED
from daemon.alerts.process_watch import ProcessWatch
from daemon.alerts.routing_watch import RoutingWatch
from daemon.audit.trail import OPERATOR, AuditTrail
from daemon.config import AlertsConfig
from daemon.health.monitor import HealthMonitor
from daemon.health.readings import Readings
from daemon.health.recovery import Recovery
from daemon.heartbeat import HeartbeatCheck
from daemon.hosting import Hosting
from daemon.metrics import Metrics
from daemon.watch_retention import WatchRetention
from store.errors import StoreError
from store.ports import Store

_NAME_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched.

    Attributes:
        surroundings: what is around the actors of each vendor; looked at afresh each time.
        outages: what they are told of their vendor's incidents.
        open_client: makes an HTTP client for a channel.
    """

    store: Store
    supervisor: Hosting
    surroundings: Mapping[str, Surroundings]
    outages: Mapping[str, Outage]
    heartbeat: HeartbeatCheck
    metrics: Metrics
    clock: Clock
    random: Random
    open_client: Callable[[], httpx.AsyncClient]
    public_url: str


class Watching:
    """The watchers. `load`, then `run`; `listen` from the first event on.

    Attributes:
        desk: where alerts are raised and resolved.
        monitor: judges accounts.
        events: the accounts' timelines.
        audit: who did what.
    """

    def __init__(self, watched: Watched, config: AlertsConfig) -> None:
        store, clock, metrics = watched.store, watched.clock, watched.metrics
        self._store = store
        book = AlertBook(config.escalate_after_s)
        workshop = ChannelWorkshop(
            store=store,
            clock=clock,
            random=watched.random,
            open_client=watched.open_client,
            public_url=watched.public_url,
            name_of=self._name_of,
            count=metrics.alerts.delivered,
        )
        self.desk = AlertDesk(store, clock, book, Channels(workshop, config, book.open_alerts))
        self.events = EventKeeper(store, clock)
        self.audit = AuditTrail(store, clock, self.events)
        self._metrics = metrics
        supervisor, surroundings = watched.supervisor, watched.surroundings
        readings = Readings(metrics.census, supervisor, surroundings, clock)
        recovery = Recovery(supervisor, clock, self._recovered)
        self.monitor = HealthMonitor(
            store, supervisor, readings, recovery, self.desk, clock, watched.outages
        )
        self.monitor.on_crash = lambda account_id, error: self.events.note(
            account_id, "crashed", f"its actor crashed: {error}", ERROR
        )
        self._happenings = Happenings(self.desk, clock)
        self._process = ProcessWatch(
            self.desk,
            self._happenings,
            store,
            watched.heartbeat,
            surroundings,
            clock,
            readings.vendor,
        )
        self._routings = RoutingWatch(self.desk, store, clock, readings.vendor)
        self._retention = WatchRetention(store, clock)
        metrics.open_alerts.counts = book.counts
        metrics.open_alerts.incidents = self.monitor.incidents

    def listen(self, event: events.Event) -> None:
        """Take in an event of the actors."""
        self.monitor.listen(event)
        self.events.listen(event)
        self._happenings.listen(event)

    def configure(self, config: AlertsConfig) -> None:
        """Tell whom the configuration names from now on."""
        self.desk.book.escalate_after_s = config.escalate_after_s
        self.desk.channels.configure(config)

    def reload_refused(self, problems: str) -> None:
        """The configuration was read again, and has mistakes."""
        self._metrics.config_reloaded(successful=False)
        self.desk.hold(Condition(RELOAD_FAILED, "", problems))

    def reloaded(self) -> None:
        """The configuration was read again, and holds."""
        self._metrics.config_reloaded(successful=True)
        self.desk.end(RELOAD_FAILED.name, "", "it was read again, and holds")
        self.audit.note(OPERATOR, "configuration_reloaded")

    async def load(self) -> None:
        """Begin with what is stored. Raises `StoreUnavailableError`."""
        await self.desk.load()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with anyio.create_task_group() as tasks:
            for part in (
                self.desk,
                self.desk.channels,
                self._process,
                self.monitor,
                self.events,
                self.audit,
                self._routings,
                self._retention,
            ):
                tasks.start_soon(part.run)

    async def close(self) -> None:
        """Write what is left, once nothing happens any more."""
        await self.desk.close()
        await self.events.close()
        await self.audit.close()

    def _recovered(self, account_id: str, recovery: str, why: str) -> None:
        self._metrics.alerts.recovered(recovery)
        self.events.note(account_id, "recovery", f"{recovery}: {why}")

    async def _name_of(self, account_id: str) -> str | None:
        """Return what an account is called, unless that takes a while: an alert must not wait for it."""
        with suppress(StoreError), anyio.move_on_after(_NAME_WITHIN_S):
            return (await self._store.account(account_id)).name
        return None
