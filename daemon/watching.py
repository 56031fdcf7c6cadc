"""All that watches, put together: alerts, health, timelines and the audit trail."""

from collections.abc import Callable, Mapping, Sequence
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
from daemon.alerts.action_recall import ActionRecall
from daemon.alerts.book import AlertBook
from daemon.alerts.channels import Channels, ChannelWorkshop
from daemon.alerts.condition import Condition, Conditions
from daemon.alerts.desk import AlertDesk
from daemon.alerts.happenings import Happenings
from daemon.alerts.kinds import HEARTBEAT_SILENT, RELOAD_FAILED, VENDOR_INCIDENT
from daemon.alerts.process_watch import ProcessWatch
from daemon.alerts.routing_watch import RoutingWatch
from daemon.alerts.sights import HouseSights, NodeSight
from daemon.alerts.teller import Teller
from daemon.audit.trail import OPERATOR, AuditTrail
from daemon.config import AlertsConfig
from daemon.health.monitor import HealthMonitor
from daemon.health.readings import Readings
from daemon.health.recovery import Recovery
from daemon.heartbeat import HeartbeatCheck
from daemon.hosting import Hosting
from daemon.metrics import Metrics
from daemon.part_keeper import PartKeeper, PartName, Run
from daemon.watch_retention import WatchRetention
from store.cluster_ports import NodeWords
from store.errors import StoreError
from store.ports import Store

_NAME_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What a node that shares its store with others knows of itself.

    Attributes:
        store: what nodes see of more than their own accounts.
        node: its id.
        name: what its operator calls it.
        is_deputy: whether it is to tell of alerts though it does not hold the house.
        is_blind: whether it can't see now who holds that.
    """

    store: NodeWords
    node: str
    name: str
    is_deputy: Callable[[], bool]
    is_blind: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched.

    Attributes:
        surroundings: what is around the actors of each vendor; looked at afresh each time.
        outages: what they are told of their vendor's incidents.
        open_client: makes an HTTP client for a channel.
        together: what there is to know of other nodes; None where there are none.
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
    together: Together | None = None


class Watching:
    """The watchers. `load`, then `run`; `listen` from the first event on.

    Where several nodes share the store, each looks after its own accounts and itself; what is done
    once for all is `keep_house`, which runs while the node holds the house.

    Attributes:
        desk: where alerts are raised and resolved.
        monitor: judges accounts.
        events: the accounts' timelines.
        audit: who did what.
        keeper: keeps the daemon's parts going, these and others; it is told of what fails again and again.
    """

    def __init__(self, watched: Watched, config: AlertsConfig) -> None:
        store, clock, metrics = watched.store, watched.clock, watched.metrics
        together = watched.together
        self._store = store
        self.keeper = PartKeeper(clock, watched.random, metrics.parts.failed)
        book = AlertBook(config.escalate_after_s)
        workshop = ChannelWorkshop(
            store=store,
            clock=clock,
            random=watched.random,
            open_client=watched.open_client,
            public_url=watched.public_url,
            name_of=self._name_of,
            count=metrics.alerts.delivered,
            shared=together is not None,
        )
        channels = Channels(workshop, config, book.open_alerts)
        self.desk = AlertDesk(store, clock, book, channels, shared=together is not None)
        self.events = EventKeeper(store, clock)
        self.audit = AuditTrail(store, clock, self.events)
        self._metrics = metrics
        self._heartbeat = watched.heartbeat
        supervisor, surroundings = watched.supervisor, watched.surroundings
        self._sight = None if together is None else self._sight_of(together, surroundings, clock)
        self._teller = (
            None
            if together is None
            else Teller(store, self.desk, together.is_deputy, together.is_blind)
        )
        self._seen: Conditions = self._sight or self.desk
        readings = Readings(metrics.census, supervisor, surroundings, clock)
        recovery = Recovery(supervisor, clock, self._recovered)
        self.monitor = HealthMonitor(
            store, supervisor, readings, recovery, self.desk, self._seen, clock, watched.outages
        )
        self.monitor.on_crash = lambda account_id, error: self.events.note(
            account_id, "crashed", f"its actor crashed: {error}", ERROR
        )
        self._happenings = Happenings(self.desk, self._seen, clock)
        self._process = ProcessWatch(
            *(self.desk, self._seen, self._happenings, store, watched.heartbeat),
            *(surroundings, self.keeper, clock),
        )
        self._house: dict[PartName, Run] = {
            PartName.ROUTING_WATCH: RoutingWatch(self.desk, store, clock, readings.vendor).run,
            PartName.ACTION_RECALL: ActionRecall(self.desk, store, readings.vendor).run,
            PartName.WATCH_RETENTION: WatchRetention(store, clock).run,
        }
        if together is not None:
            sights = HouseSights(together.store, self.desk, clock)
            self._house[PartName.HOUSE_SIGHTS] = sights.run
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
        self._seen.hold(Condition(RELOAD_FAILED, "", problems))

    def reloaded(self) -> None:
        """The configuration was read again, and holds."""
        self._metrics.config_reloaded(successful=True)
        self._seen.end(RELOAD_FAILED.name, "", "it was read again, and holds")
        self.audit.note(OPERATOR, "configuration_reloaded")

    async def load(self) -> None:
        """Begin with what is stored. Raises `StoreUnavailableError`."""
        await self.desk.load()

    def incidents(self) -> Sequence[str]:
        """Return the vendors at which most accounts fail, whichever nodes see it."""
        if self._sight is None:
            return self.monitor.incidents()
        alerts = self.desk.book.open_alerts()
        return [alert.subject for alert in alerts if alert.kind == VENDOR_INCIDENT.name]

    def silences(self) -> Sequence[str]:
        """Return what is silent, whichever nodes see it."""
        if self._sight is None:
            return self._heartbeat.reasons()
        alerts = self.desk.book.open_alerts()
        return [alert.cause for alert in alerts if alert.kind == HEARTBEAT_SILENT.name]

    async def run(self) -> None:
        """Watch until cancelled."""
        parts: dict[PartName, Run] = {
            PartName.ALERT_DESK: self.desk.run,
            PartName.PROCESS_WATCH: self._process.run,
            PartName.HEALTH_MONITOR: self.monitor.run,
            PartName.EVENT_KEEPER: self.events.run,
            PartName.AUDIT_TRAIL: self.audit.run,
        }
        if self._sight is None or self._teller is None:
            parts |= {PartName.ALERT_CHANNELS: self.desk.channels.run, **self._house}
        else:
            parts |= {PartName.NODE_SIGHT: self._sight.run, PartName.ALERT_TELLER: self._teller.run}
        await self.keeper.keep_all(parts)

    async def keep_house(self) -> None:
        """Do what one of all nodes does, until cancelled; where there are no others, `run` does it."""
        if self._teller is None:
            return
        self._teller.has_house = True
        try:
            await self.keeper.keep_all(self._house)
        finally:
            self._teller.has_house = False

    async def close(self) -> None:
        """Write what is left, once nothing happens any more."""
        if self._sight is not None:
            await self._sight.close()
        await self.desk.close()
        await self.events.close()
        await self.audit.close()

    def _sight_of(
        self, together: Together, surroundings: Mapping[str, Surroundings], clock: Clock
    ) -> NodeSight:
        def hearing() -> Sequence[str]:
            now_s = clock.now().monotonic_s
            return [
                vendor
                for vendor, around in surroundings.items()
                if around.hearing is not None and around.hearing.health.works_until_s > now_s
            ]

        return NodeSight(together.store, together.node, together.name, hearing)

    def _recovered(self, account_id: str, recovery: str, why: str) -> None:
        self._metrics.alerts.recovered(recovery)
        self.events.note(account_id, "recovery", f"{recovery}: {why}")

    async def _name_of(self, account_id: str) -> str | None:
        """Return what an account is called, unless that takes a while: an alert must not wait for it."""
        with suppress(StoreError), anyio.move_on_after(_NAME_WITHIN_S):
            return (await self._store.account(account_id)).name
        return None
