"""Whether this process is one of several that host a store's accounts, and as which one."""

import socket
from typing import TYPE_CHECKING

from daemon.config import Config
from daemon.store_opening import postgresql_driver
from daemon.supervisor import Supervisor
from daemon.upkeep import Upkeep
from daemon.vendors import Vendors
from daemon.version import VERSION
from daemon.world import World
from store.cluster_models import NodeStanding, ShardHold
from store.ports import Store

if TYPE_CHECKING:
    from daemon.cluster.placement import Placement


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


def placement(
    config: Config, world: World, store: Store, supervisor: Supervisor, upkeep: Upkeep
) -> "Placement | None":
    """Return what places shards on this node; None where the store is this process's alone.

    Raises:
        StoreOpenError: what it needs is not installed.
    """
    if config.store.is_file:
        return None
    with postgresql_driver():
        from daemon.cluster.placement import Placement, conninfo  # noqa: PLC0415
        from store.postgresql import PostgresqlStore  # noqa: PLC0415
    if not isinstance(store, PostgresqlStore):
        return None

    async def house(hold: ShardHold) -> None:
        del hold
        await upkeep.run_once_for_all()

    password = config.store.password
    return Placement(
        store,
        supervisor,
        this_node(config, world),
        house,
        world.clock.since_boot_s,
        conninfo=conninfo(config.store.url, None if password is None else password.reveal()),
        shards=config.cluster.shards,
    )


def this_node(config: Config, world: World) -> NodeStanding:
    """Return what this process calls itself: by another id after each start."""
    name = config.cluster.node or socket.gethostname()
    now = world.clock.now().utc
    number = world.random.getrandbits(48)
    return NodeStanding(f"{name} {number:012x}", name, "", VERSION, now, now)
