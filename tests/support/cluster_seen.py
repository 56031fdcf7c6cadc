"""A cluster as its store would show it: nodes, shards and moves as a test wants them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.cluster.node_id import node_id
from store.cluster_models import HOUSE, NodeStanding, ShardHold, ShardMove, ShardStanding
from store.models import ClaimedAccount
from support.store_fixtures import at

HOUR_S = 3_600.0
NOW = at(2 * HOUR_S)


def node(
    name: str, *, unseen_s: float = 0.5, version: str = "1.0", up_s: float = 2 * HOUR_S
) -> NodeStanding:
    """Return a node that was seen a while ago, and runs for two hours."""
    seen_at = NOW - timedelta(seconds=unseen_s)
    began = NOW - timedelta(seconds=up_s)
    return NodeStanding(
        f"id of {name}", name, f"http://{name}:8321", version, began, seen_at, unseen_s=unseen_s
    )


def shard(number: int, holder: str | None, *, since_s: float = HOUR_S) -> ShardStanding:
    """Return a shard of ten accounts, which was taken or let go a while ago."""
    held_by = None if holder is None else f"id of {holder}"
    accounts = 0 if number == HOUSE else 10
    return ShardStanding(number, 7, held_by, NOW - timedelta(seconds=since_s), accounts)


def move(
    number: int, epoch: int, moved_at: datetime, before: str, *, let_go: bool, to: str = "b"
) -> ShardMove:
    """Return a shard's move."""
    return ShardMove(number, epoch, f"id of {to}", f"id of {before}", let_go, moved_at, 1.0)


@dataclass
class SeenCluster:
    """What is asked of `Nodes` and `Shards` when a cluster is looked at.

    Attributes:
        counts: how often accounts were counted.
    """

    all_nodes: list[NodeStanding] = field(default_factory=list)
    all_shards: list[ShardStanding] = field(default_factory=list)
    all_moves: list[ShardMove] = field(default_factory=list)
    counts: int = 0

    async def nodes(self) -> Sequence[NodeStanding]:
        return self.all_nodes

    async def shards(self, accounts: Mapping[int, int] | None = None) -> Sequence[ShardStanding]:
        self.counts += accounts is None
        return [
            each if accounts is None else replace(each, accounts=accounts.get(each.shard, 0))
            for each in self.all_shards
        ]

    async def shard_moves(self, *, within_s: float) -> Sequence[ShardMove]:
        return [each for each in self.all_moves if (NOW - each.at).total_seconds() <= within_s]

    async def note_node(self, node: NodeStanding) -> None:
        raise NotImplementedError

    async def forget_nodes(self, *, unseen_s: float, node: str | None = None) -> int:
        raise NotImplementedError

    async def prepare_shards(self, count: int) -> int:
        raise NotImplementedError

    async def take_shard(self, shard: int, node: str) -> tuple[ShardHold, Sequence[ClaimedAccount]]:
        raise NotImplementedError

    async def claim_under(self, hold: ShardHold, account_id: str) -> ClaimedAccount:
        raise NotImplementedError

    async def let_go(self, hold: ShardHold) -> bool:
        raise NotImplementedError

    async def still_held(self, holds: Collection[ShardHold]) -> Collection[ShardHold]:
        raise NotImplementedError


def three_nodes() -> SeenCluster:
    """Return three nodes of which one has vanished, with six shards of which it still has two; a fourth left."""
    return SeenCluster(
        [node("alpha"), node("beta", version="1.1", up_s=600), node("gamma", unseen_s=42)],
        [
            shard(HOUSE, "beta"),
            *[shard(number, ("alpha", "beta", "gamma")[number % 3]) for number in range(6)],
        ],
        [
            replace(
                move(0, 6, NOW - timedelta(seconds=400), "", let_go=True, to="alpha"),
                before=node_id("delta", 7),
            ),
            move(1, 6, NOW - timedelta(seconds=300), "alpha", let_go=True, to="beta"),
            move(4, 7, NOW - timedelta(seconds=200), "gamma", let_go=False, to="beta"),
        ],
    )
