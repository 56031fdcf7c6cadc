"""What the handlers work with."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from actors.clock import Clock
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings
from daemon.action_desk import ActionDesk
from daemon.cluster.watch import ClusterWatch
from daemon.config import Secret, ServerConfig
from daemon.connect import Connector
from daemon.deliveries import Deliveries
from daemon.heartbeat import HeartbeatCheck
from daemon.hosting import Hosting
from daemon.jobs.archiving import Archiving
from daemon.jobs.desk import JobDesk
from daemon.metrics import Metrics
from daemon.read_through import ReaderDesk
from daemon.service_history import ServiceHistory
from daemon.throughput import Throughput
from daemon.watching import Watching
from daemon.web.body_room import BodyRoom
from daemon.web.pages.rendering import Pages
from daemon.web.pages.session import EndedSessions
from daemon.web.pages.status_link import StatusLinks
from store.ports import Store


@dataclass(frozen=True, slots=True)
class WebContext:
    """The parts of the daemon, as far as HTTP shows them.

    Attributes:
        admin_token: what opens everything that is not open to all.
        settings: how accounts are kept in sync, by vendor; looked at afresh each time.
        reads: counts metered reads, by vendor; looked at afresh each time.
        watching: alerts, health, timelines and the audit trail; None where nothing watches.
        archiving: puts jobs away; None where nothing does.
        cluster: what is seen of the nodes that share the database; None where it is nobody else's.
        heartbeat: proves that the whole pipe works; None where nothing does.
        throughput: what went on in the last hour.
        service_history: how the service did in the last day.
        status_links: the addresses of the pages that an account's own people see.
        pages: what pages are made with.
        ended_sessions: which browsers signed out.
        heartbeat_s: how often a stream without changes shows that it lives.
        max_waiting: how many long polls and streams may be open at once; as configured when None.
        body_room: how many large deliveries are in memory at once.
    """

    store: Store
    supervisor: Hosting
    connector: Connector
    deliveries: Deliveries
    server: ServerConfig
    admin_token: Secret
    clock: Clock
    metrics: Metrics
    settings: Mapping[str, AccountSettings]
    version: str
    actions: ActionDesk
    jobs: JobDesk
    throughput: Throughput
    service_history: ServiceHistory
    status_links: StatusLinks
    readers: ReaderDesk
    reads: Mapping[str, ReadMeter] = field(default_factory=dict)
    heartbeat: HeartbeatCheck | None = None
    watching: Watching | None = None
    archiving: Archiving | None = None
    cluster: ClusterWatch | None = None
    heartbeat_s: float = 15.0
    max_waiting: int | None = None
    body_room: BodyRoom = field(default_factory=BodyRoom)
    pages: Pages = field(default_factory=Pages)
    ended_sessions: EndedSessions = field(default_factory=EndedSessions)

    def stale_after_s(self, vendor: str) -> float:
        """Return at what age a replica is stale; 0 for a vendor that is not configured.

        An idle account is looked at once in an interval, and is exact up to the overlap before
        that: it is stale when a whole interval more has passed.
        """
        settings, hearing = self.settings.get(vendor), self.deliveries.hearing(vendor)
        if settings is None:
            return 0.0
        interval_s, reads = settings.poll_interval_s, self.reads.get(vendor)
        if hearing is not None:
            interval_s = hearing.interval_s(settings, self.clock.now().monotonic_s)
        if reads is not None and not reads.why_resting():
            interval_s *= reads.middle_stretch()
        return settings.overlap_s + 2 * interval_s
