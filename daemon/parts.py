"""Makes single parts of the daemon of what is configured and of the parts before them."""

from collections.abc import Sequence

from actors.clock import Clock
from actors.credential import Sealer
from actors.events import Listener
from daemon.config import Config
from daemon.connect import Connector
from daemon.deliveries import Deliveries
from daemon.heartbeat import HeartbeatCheck
from daemon.hosting import Hosting
from daemon.metrics import Metrics
from daemon.placing import Cluster, Hosts
from daemon.read_through import ReaderDesk
from daemon.read_watch import ReadWatch
from daemon.service_history import ServiceHistory
from daemon.vendor_talk import VendorSharing
from daemon.vendors import Vendors, VendorWorkshop
from daemon.watching import Watched, Watching
from daemon.world import World
from store.ports import Store


def new_vendors(
    config: Config,
    world: World,
    store: Store,
    sealer: Sealer,
    listeners: Sequence[Listener],
    sharing: VendorSharing | None,
) -> Vendors:
    """Return what is around the actors of each vendor."""
    workshop = VendorWorkshop(
        store=store,
        sealer=sealer,
        clock=world.clock,
        random=world.random,
        listeners=listeners,
        open_client=world.open_client,
        sharing=sharing,
    )
    return Vendors(workshop, config.vendors)


def new_readers(
    world: World, store: Store, vendors: Vendors, supervisor: Hosting, watch: ReadWatch
) -> ReaderDesk:
    """Return who takes in what readers ask of accounts."""
    around = vendors.surroundings
    return ReaderDesk(store, supervisor, around, watch, world.clock, vendors.tell)


def new_deliveries(world: World, store: Store, vendors: Vendors, hosting: Hosting) -> Deliveries:
    """Return who takes in what vendors deliver to webhooks."""
    return Deliveries(store, hosting, vendors.receivers, world.clock, vendors.tell)


def new_connector(
    world: World,
    store: Store,
    sealer: Sealer,
    vendors: Vendors,
    hosts: Hosts,
    metrics: Metrics,
) -> Connector:
    """Return what connects companies, and counts the reads that this takes."""
    connector = Connector(
        store,
        vendors.by_name,
        sealer,
        hosts.everywhere,
        world.clock,
        metrics.census,
        conceal=world.redactor.add,
    )
    if hosts.single_use is not None:
        connector.single_use = hosts.single_use
    connector.reads = metrics.reads.meters = vendors.reads
    return connector


def new_watching(
    config: Config,
    world: World,
    store: Store,
    vendors: Vendors,
    supervisor: Hosting,
    heartbeat: HeartbeatCheck,
    metrics: Metrics,
    cluster: Cluster | None,
) -> Watching:
    """Return the watchers."""
    metrics.heartbeat.read = lambda: heartbeat.beats
    watched = Watched(
        store=store,
        supervisor=supervisor,
        surroundings=vendors.surroundings,
        outages=vendors.outages,
        heartbeat=heartbeat,
        metrics=metrics,
        clock=world.clock,
        random=world.random,
        open_client=world.open_client,
        public_url=config.server.public_url,
        together=None if cluster is None else cluster.together,
    )
    return Watching(watched, config.alerts)


def new_service_history(
    store: Store, watching: Watching, clock: Clock, cluster: Cluster | None
) -> ServiceHistory:
    """Return what remembers how the service did; of several nodes one looks."""
    looked = (watching.incidents, watching.silences)
    return ServiceHistory(store, *looked, clock, keeps=cluster is None)
