"""Whether this process is one of several that host a store's accounts, and as which one."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import anyio
import structlog

from actors.clock import Clock
from actors.events import Listener
from daemon.action_watch import ActionWatch
from daemon.cluster.node_id import NUMBER_BITS, node_id
from daemon.cluster.watch import ClusterWatch
from daemon.config import Config, ServerConfig
from daemon.hosting import Hosting
from daemon.metrics import Census, Metrics
from daemon.read_watch import ReadWatch
from daemon.single_use import SingleUse
from daemon.store_opening import postgresql_driver
from daemon.supervisor import Supervisor
from daemon.upkeep import Upkeep
from daemon.vendor_talk import VendorSharing
from daemon.vendors import Vendors
from daemon.version import VERSION
from daemon.watching import Together
from daemon.web.pages.session import EndedSessions
from daemon.world import World
from store.cluster_models import NodeStanding, ShardHold
from store.ports import Store

if TYPE_CHECKING:
    from daemon.cluster.links import Links, Part
    from daemon.cluster.placement import Placement


log = structlog.get_logger()


class Housekeeper(Protocol):
    """Has a part in what is done once for all accounts."""

    async def keep_house(self) -> None:
        """Do it until cancelled."""
        ...


def new_supervisor(config: Config, world: World, store: Store, vendors: Vendors) -> Supervisor:
    """Return the supervisor: of all accounts, or of those that are placed here."""
    return Supervisor(
        store,
        vendors.surroundings,
        config.supervisor.restart,
        world.clock,
        world.random,
        grace_s=config.server.shutdown_grace_s,
        alone=config.store.is_file,
    )


@dataclass(frozen=True, slots=True)
class Hosts:
    """Who hosts accounts.

    Attributes:
        here: those of this process.
        links: connect this node with others; None where the store is this process's alone.
        ended_sessions: which browsers signed out, at whichever node.
    """

    here: Supervisor
    links: "Links | None" = None
    ended_sessions: EndedSessions = field(default_factory=EndedSessions)

    @property
    def everywhere(self) -> Hosting:
        """Who hosts all of them, wherever."""
        return self.here if self.links is None else self.links.fleet

    @property
    def single_use(self) -> SingleUse | None:
        """What knows of texts that may be used once at any node; None where there are no nodes."""
        return None if self.links is None else self.links.single_use

    async def leave(self) -> None:
        """Tell the other nodes nothing any more of accounts that were handed over."""
        if self.links is not None:
            await self.links.leave()

    def listeners(self) -> Sequence[Listener]:
        """Return who else is to hear the events of the actors of this process."""
        return () if self.links is None else (self.links.listen,)


def hosts_of(
    config: Config,
    world: World,
    store: Store,
    vendors: Vendors,
    me: NodeStanding | None,
    actions: ActionWatch,
    readers: ReadWatch,
    census: Census,
) -> Hosts:
    """Return who hosts the accounts; the last three hear of what others did.

    Raises:
        StoreOpenError: what that needs is not installed.
    """
    here = new_supervisor(config, world, store, vendors)
    ended = EndedSessions()
    if me is None:
        return Hosts(here, None, ended)
    with postgresql_driver():
        from daemon.cluster.links import Part  # noqa: PLC0415
    part = Part(here, actions, readers, census, ended)
    return Hosts(here, _links(world, store, part, me), ended)


def _links(
    world: World,
    store: Store,
    part: "Part",
    me: NodeStanding,
) -> "Links | None":
    """Return what connects this node with others; None where the store is this process's alone.

    Raises:
        StoreOpenError: what it needs is not installed.
    """
    with postgresql_driver():
        from daemon.cluster.holding import PlacedShards  # noqa: PLC0415
        from daemon.cluster.links import Links  # noqa: PLC0415
        from store.postgresql import PostgresqlStore  # noqa: PLC0415
    if not isinstance(store, PostgresqlStore):
        return None
    here = PlacedShards(me)
    return Links(store, part, here, world.clock)


def placement(
    config: Config,
    world: World,
    store: Store,
    hosts: Hosts,
    upkeep: Upkeep,
    house: Sequence[Housekeeper],
) -> "Placement | None":
    """Return what places shards on this node; None where the store is this process's alone.

    `house` is what else one node does for all of them beside its part of the upkeep.

    Raises:
        StoreOpenError: what it needs is not installed.
    """
    linked = hosts.links
    if linked is None:
        return None
    with postgresql_driver():
        from psycopg.conninfo import make_conninfo  # noqa: PLC0415

        from daemon.cluster.balance import Timing  # noqa: PLC0415
        from daemon.cluster.placement import Placement  # noqa: PLC0415
        from store.postgresql import PostgresqlStore  # noqa: PLC0415
    if not isinstance(store, PostgresqlStore):
        return None

    async def keep_house(hold: ShardHold) -> None:
        log.info("house_kept", epoch=hold.epoch)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upkeep.run_once_for_all)
            for each in house:
                tasks.start_soon(each.keep_house)

    linked.on_delivery(upkeep.jobs.note)
    url, password = config.store.url, config.store.password
    placed = linked.placed.placement = Placement(
        store,
        hosts.here,
        linked.placed.me,
        keep_house,
        world.clock.since_boot_s,
        conninfo=url if password is None else make_conninfo(url, password=password.reveal()),
        shards=config.cluster.shards,
        timing=Timing(stalled_after_s=config.cluster.silent_after_s),
    )
    return placed


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a node knows of the others, beyond what it asks of them for accounts.

    Attributes:
        watch: looks at nodes and shards.
        together: how its watchers work with theirs.
    """

    watch: ClusterWatch
    together: Together


def cluster_of(
    config: Config,
    me: NodeStanding | None,
    store: Store,
    hosting: Hosting,
    metrics: Metrics,
    clock: Clock,
) -> Cluster | None:
    """Return what there is to know of other nodes; None where the store is this process's alone.

    Raises:
        StoreOpenError: what it needs is not installed.
    """
    if me is None:
        return None
    with postgresql_driver():
        from store.postgresql import PostgresqlStore  # noqa: PLC0415
    if not isinstance(store, PostgresqlStore):
        return None
    watch = ClusterWatch(store, me.node, clock, silent_after_s=config.cluster.silent_after_s)
    together = Together(
        store=store, node=me.node, name=me.name, is_deputy=watch.is_deputy, is_blind=watch.is_blind
    )
    metrics.share(hosting, lambda: watch.overview)
    return Cluster(watch, together)


def sharing(me: NodeStanding | None, store: Store, clock: Clock) -> VendorSharing | None:
    """Return what shares the vendors' apps with other nodes; None where the store is ours alone.

    Raises:
        StoreOpenError: what it needs is not installed.
    """
    if me is None:
        return None
    with postgresql_driver():
        from store.postgresql import PostgresqlStore  # noqa: PLC0415
    return VendorSharing(me.node, store, clock) if isinstance(store, PostgresqlStore) else None


def node_name(config: Config) -> str:
    """Return what operators call this process."""
    return config.cluster.node or socket.gethostname()


def this_node(config: Config, world: World) -> NodeStanding | None:
    """Return what this process calls itself: by another id after each start.

    None where the store is this process's alone.
    """
    if config.store.is_file:
        return None
    name = node_name(config)
    now = world.clock.now().utc
    number = world.random.getrandbits(NUMBER_BITS)
    return NodeStanding(node_id(name, number), name, "", VERSION, now, now)


def reached_at(config: ServerConfig, port: int) -> str:
    """Return where this process serves, as the other machines see it."""
    is_everywhere = config.host in {"0.0.0.0", "::"}  # noqa: S104 - what was configured
    host = socket.gethostname() if is_everywhere else config.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
