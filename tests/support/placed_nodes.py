"""Nodes in one process on one PostgreSQL database, which notice each other faster than real ones."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import anyio

from actors.clock import SystemClock
from daemon.cluster.balance import Timing
from daemon.cluster.placement import Placement
from daemon.restart import RestartPolicy
from daemon.supervisor import Supervisor
from store.cluster_models import HOUSE, NodeStanding, ShardHold
from store.postgresql import PostgresqlStore, open_store
from support.postgres_database import PostgresDatabase
from support.store_fixtures import at

QUICK = Timing(beat_s=0.1, stalled_after_s=2.0, look_s=0.1, fetch_s=0.05)
_LOOK_EVERY_S = 0.02


@dataclass
class Node:
    """One of them.

    Attributes:
        houses: when it began to keep the house, as holds.
    """

    store: PostgresqlStore
    supervisor: Supervisor
    placement: Placement
    houses: list[ShardHold] = field(default_factory=list)

    @property
    def shards(self) -> set[int]:
        """Which it holds, without the house."""
        return set(self.placement.holds()) - {HOUSE}

    @property
    def has_house(self) -> bool:
        return HOUSE in self.placement.holds()


def node(
    database: PostgresDatabase, name: str, *, shards: int, timing: Timing = QUICK
) -> AbstractAsyncContextManager[Node]:
    """Run a node on this database; at the end it leaves."""
    return serve_node(database.url, name, shards=shards, timing=timing)


@asynccontextmanager
async def serve_node(
    url: str, name: str, *, shards: int, timing: Timing = QUICK, engine_url: str | None = None
) -> AsyncIterator[Node]:
    """Run a node; at the end it leaves. Its engine may be led elsewhere than to its store."""
    async with await open_store(url, alone=False, durable=False) as store:
        clock = SystemClock()
        supervisor = Supervisor(
            store, {}, RestartPolicy(), clock, Random(0), grace_s=5.0, alone=False
        )
        houses: list[ShardHold] = []

        async def house(hold: ShardHold) -> None:
            houses.append(hold)
            await anyio.sleep_forever()

        placement = Placement(
            store,
            supervisor,
            NodeStanding(name, name, "", "1", at(0), at(0)),
            house,
            clock.since_boot_s,
            conninfo=engine_url or url,
            shards=shards,
            timing=timing,
        )
        async with anyio.create_task_group() as tasks:
            await tasks.start(supervisor.run)
            await tasks.start(placement.run)
            yield Node(store, supervisor, placement, houses)
            await placement.leave()
            supervisor.stop()


async def until(look: Callable[[], bool], within_s: float = 15.0) -> None:
    """Return once the look shows it; fails when it does not in time."""
    with anyio.fail_after(within_s):
        while not look():  # noqa: ASYNC110 - what is looked at tells nobody
            await anyio.sleep(_LOOK_EVERY_S)


async def evenly_held(nodes: Sequence[Node], shards: int) -> None:
    """Return once each holds its share and all is held."""
    share = -(-shards // len(nodes))

    def is_even() -> bool:
        held = [shard for each in nodes for shard in each.shards]
        whole = sorted(held) == list(range(shards))
        houses = sum(each.has_house for each in nodes)
        return whole and houses == 1 and all(len(each.shards) <= share for each in nodes)

    await until(is_even)
