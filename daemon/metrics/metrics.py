"""All metrics of the process, behind one door."""

import platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import anyio
from anyio import lowlevel
from prometheus_client import CollectorRegistry, Gauge, Histogram, Info
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from actors.clock import Clock
from actors.events import Event
from daemon.alerts.channels import CHANNELS
from daemon.alerts.kinds import KINDS
from daemon.cluster.overview import ClusterOverview
from daemon.health.recovery import RECOVERIES
from daemon.hosting import Hosting
from daemon.metrics.action_counts import ActionCounts
from daemon.metrics.alert_counts import AlertCounts, OpenAlertsCollector
from daemon.metrics.census import Census
from daemon.metrics.cluster import ClusterCollector
from daemon.metrics.event_counts import EventCounts
from daemon.metrics.exposition import Exposition, expose
from daemon.metrics.heartbeat import HeartbeatCollector
from daemon.metrics.http_counts import HttpCounts
from daemon.metrics.job_counts import JobCounts, JobsReading
from daemon.metrics.part_counts import PartCounts
from daemon.metrics.per_account import PerAccountCollector
from daemon.metrics.read_counts import ReadCounts
from daemon.metrics.reads import ReadsCollector
from daemon.metrics.recovery import RecoveryCollector
from daemon.metrics.snapshot import Reading, SnapshotCollector
from daemon.metrics.verification_counts import VerificationCounts
from store.errors import StoreError, StoreUnavailableError
from store.ports import Directory, Store
from store.watch_models import Severity

Told = TypeVar("Told")
AnyCollector = TypeVar("AnyCollector", bound=Collector)

_STORE_ANSWERS_WITHIN_S = 1.0
_LAG_BUCKETS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics:
    """Counts events and answers scrapes.

    No scrape calls a vendor; all it asks of the store is the newest change's number, how many drifts
    are open and where routings stand.

    Attributes:
        registry: all metrics; its own, nothing of the process' global one.
        census: what is known of every account; is to be told of those that were connected, paused
            or removed.
        per_account: shows accounts on their own, as many as it is told to.
        heartbeat: shows the heartbeats that it is given to read.
        http: counts who is refused by our server.
        parts: counts failures of the daemon's own parts.
        recovery: shows the note of backups and drills that it is given to read.
        jobs: shows what becomes of routed work; is to be given what follows it.
        reads: shows the meters of the vendors' reads that are given to it.
        alerts: counts deliveries of alerts, and what is tried by itself.
        open_alerts: shows the alerts and incidents that it is given to read.
        cluster: shows the cluster that it is given to read, where there is one.
    """

    def __init__(self, clock: Clock, operations: Mapping[str, Sequence[str]], version: str) -> None:
        """Make the metrics.

        Args:
            clock: tells the time of a scrape.
            operations: by configured vendor, the names of its calls; see `begin`.
            version: what runs.
        """
        now = clock.now().utc
        self._clock = clock
        self.registry = CollectorRegistry()
        self.census = Census()
        self._vendors: list[str] = []
        self._overview: Callable[[], ClusterOverview | None] | None = None
        self._counts = EventCounts(self.registry)
        self._verifications = VerificationCounts(self.registry)
        self._actions = ActionCounts(self.registry)
        self._reads = ReadCounts(self.registry)
        self.jobs = JobCounts(self.registry)
        reading = Reading(now, store_writable=True, last_seq=None, drifts={})
        self._snapshot = self._shown(SnapshotCollector(self._vendors, self.census, reading))
        self.per_account = self._shown(PerAccountCollector(self.census))
        self.reads = self._shown(ReadsCollector(self._vendors))
        Info("syncline_build", "What runs.", registry=self.registry).info(
            {"version": version, "python": platform.python_version()}
        )
        self._lag = Histogram(
            "syncline_event_loop_lag_seconds",
            "How much later than asked for the event loop came back to a waiting task.",
            buckets=_LAG_BUCKETS_S,
            registry=self.registry,
        )
        self._reload_successful = Gauge(
            "syncline_config_last_reload_successful",
            "Whether the configuration was taken when it was last read.",
            registry=self.registry,
        )
        self._reloaded_at = Gauge(
            "syncline_config_last_reload_success_timestamp_seconds",
            "When a configuration was last taken.",
            registry=self.registry,
        )
        self.config_reloaded(successful=True)
        self.heartbeat = self._shown(HeartbeatCollector())
        self.http = HttpCounts(self.registry)
        self.parts = PartCounts(self.registry)
        self.recovery = self._shown(RecoveryCollector())
        self.alerts = AlertCounts(self.registry, CHANNELS, RECOVERIES)
        self.open_alerts = self._shown(
            OpenAlertsCollector(list(KINDS), [str(each) for each in Severity], self._vendors)
        )
        self.cluster = self._shown(ClusterCollector())
        ProcessCollector(registry=self.registry)
        self.begin(operations)

    def _shown(self, collector: AnyCollector) -> AnyCollector:
        self.registry.register(collector)
        return collector

    def begin(self, operations: Mapping[str, Sequence[str]]) -> None:
        """Show what is known of these vendors' labels, each combination from 0 on.

        A vendor that is shown already stays as it is, named or not: what was counted is not forgotten.

        Args:
            operations: by vendor, the names of its calls.
        """
        for vendor, names in operations.items():
            if vendor in self._vendors:
                continue
            self._vendors.append(vendor)
            self._counts.begin(vendor, names)
            self._verifications.begin(vendor)
            self._actions.begin(vendor)
            self._reads.begin(vendor)
            self.jobs.begin(vendor)

    def share(self, hosting: Hosting, overview: Callable[[], ClusterOverview | None]) -> None:
        """Be one of several nodes: show what is this node's own, and of all only what it keeps for all."""
        self._overview = overview
        self.census.is_ours = hosting.is_here
        self.cluster.read = overview

    def listen(self, event: Event) -> None:
        """Take in an event of the actors."""
        self._counts.note(event)
        self._verifications.note(event)
        self._actions.note(event)
        self._reads.note(event)
        self.jobs.note(event)
        self.census.note(event)

    def loop_lag(self, lag_s: float) -> None:
        """Take in how late the event loop was."""
        self._lag.observe(lag_s)

    def config_reloaded(self, *, successful: bool) -> None:
        """Take in that the configuration was read, and whether it holds now."""
        self._reload_successful.set(successful)
        if successful:
            self._reloaded_at.set(self._clock.now().utc.timestamp())

    async def load(self, store: Directory) -> None:
        """Begin with the accounts that are stored. Raises `StoreUnavailableError`."""
        self.census.load(await store.accounts())
        for account_id, at in (await store.certified_at()).items():
            self.census.put_certified_at(account_id, at)

    async def load_tokens(self, store: Directory) -> None:
        """Learn when the stored tokens end, one account after the other.

        What is raised for a row that nobody foresaw is raised at the end: the others are learned of.
        """
        unforeseen: Exception | None = None
        for account_id in self.census.without_token_times():
            await lowlevel.checkpoint()
            try:
                credential = await store.credential(account_id)
            except StoreError:
                continue  # its next refresh will tell
            except Exception as error:  # noqa: BLE001 - raised below
                unforeseen = unforeseen or error
                continue
            if credential is not None:
                self.census.put_token_times(account_id, credential)
        if unforeseen is not None:
            raise unforeseen

    async def scrape(self, store: Store, supervisor: Hosting, accept: str) -> Exposition:
        """Answer a scrape, in the format that its `Accept` header asks for."""
        await self.census.settle(supervisor.hosted())
        if self._overview is not None:
            self._snapshot.census = self.per_account.census = await self.census.part()
        keeps = self.open_alerts.is_shown = self._keeps_house()
        self._snapshot.reading = Reading(
            now=self._clock.now().utc,
            store_writable=store.health().writable,
            last_seq=await _answer(store.last_seq) if keeps else None,
            drifts=await _answer(store.open_drifts) if keeps else None,
        )
        routings = await _answer(store.routing_counts) if keeps else None
        self.jobs.reading = JobsReading(routings, self._snapshot.reading.last_seq)
        return expose(self.registry, accept)

    def _keeps_house(self) -> bool:
        """Tell whether this process shows what is the same for all: of several nodes one does."""
        if self._overview is None:
            return True
        overview = self._overview()
        return overview is not None and overview.me is not None and overview.me.has_house


async def _answer(ask: Callable[[], Awaitable[Told]]) -> Told | None:
    """Return what the store says; None when it has trouble."""
    try:
        with anyio.fail_after(_STORE_ANSWERS_WITHIN_S):
            return await ask()
    except (TimeoutError, StoreUnavailableError):
        return None
