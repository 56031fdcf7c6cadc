"""The cluster as an operator sees it: nodes, shards, who holds what, and what moved of late. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from daemon.alerts.condition import Condition
from daemon.alerts.kinds import CLUSTER_FLAPPING, NODE_VANISHED, SHARDS_UNHELD, VERSIONS_DIFFER
from daemon.cluster.node_id import name_in
from store.cluster_models import HOUSE, NodeStanding, ShardMove, ShardStanding

TAKING_OVER_S = 10.0
"""So long it may take beyond a node's silence until its shards are held again: then nobody is told.

A node that was not seen for that long counts as gone, and what it holds as held by nobody."""
MOVES_SHOWN = 20
MOVES_WITHIN_S = 600.0
FLAPS = 3
"""So often a shard may come back within ten minutes to a process that had it before.

A roll-out moves it as often as there are nodes, and more, but each time on to a process that never had it.
"""
LOSSES = 3
"""So often a node may lose what it holds within ten minutes, without having let go of it."""
VERSIONS_MAY_DIFFER_S = 3_600.0
_TOGETHER = timedelta(seconds=10)
"""What a node lost within so long of each other it lost at once."""
_NAMED = 5


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node, and what it holds.

    Attributes:
        accounts: how many are in its shards.
        has_house: whether it does what is done once for all.
        is_gone: whether it was not seen for long, though it never said that it leaves.
    """

    standing: NodeStanding
    shards: int
    accounts: int
    has_house: bool
    is_gone: bool

    @property
    def state(self) -> Literal["live", "leaving", "gone"]:
        """Name how it is: `live`, `leaving` or `gone`."""
        if self.is_gone:
            return "gone"
        return "leaving" if self.standing.is_leaving else "live"


@dataclass(frozen=True, slots=True)
class UnheldShard:
    """A shard that nobody holds, or whose holder is not seen any more."""

    shard: int
    accounts: int
    for_s: float


@dataclass(frozen=True, slots=True)
class ClusterOverview:
    """All of it, at a moment.

    Attributes:
        node: the id of the node that looked.
        at: by the database's clock.
        nodes: in the order of their start, without silent ones that were started again.
        shards: all of them, the house first.
        unheld: for whatever time; the house too.
        moves: those of the last ten minutes, the newest first.
        taken: how often any shard was ever taken.
        told_after_s: after how long it is told that nobody holds a shard.
    """

    node: str
    at: datetime
    nodes: Sequence[NodeView]
    shards: Sequence[ShardStanding]
    unheld: Sequence[UnheldShard]
    moves: Sequence[ShardMove]
    taken: int
    told_after_s: float

    @property
    def me(self) -> NodeView | None:
        """Return the node that looked, once it is known to the others."""
        return next((each for each in self.nodes if each.standing.node == self.node), None)

    def name_of(self, node: str) -> str:
        """Return what a node is called, by its id; one too that has left."""
        known = (each.standing.name for each in self.nodes if each.standing.node == node)
        return next(known, name_in(node))

    @property
    def longest_unheld_s(self) -> float:
        """Return for how long the shard is held by nobody that is so for the longest; 0 when none is."""
        return max((each.for_s for each in self.unheld), default=0.0)

    def is_deputy(self) -> bool:
        """Tell whether this node tells of alerts while nobody holds the house: it is the eldest."""
        if not any(each.shard == HOUSE and self.is_long(each) for each in self.unheld):
            return False
        eldest = next((each for each in self.nodes if each.state == "live"), None)
        return eldest is not None and eldest.standing.node == self.node

    def is_long(self, shard: UnheldShard) -> bool:
        """Tell whether nobody has held it for longer than taking it over may take."""
        return shard.for_s > self.told_after_s


def cluster_overview(
    node: str,
    nodes: Sequence[NodeStanding],
    shards: Sequence[ShardStanding],
    moves: Sequence[ShardMove],
    now: datetime,
    silent_after_s: float = 5.0,
) -> ClusterOverview:
    """Put together what the store knows.

    Args:
        node: who looks.
        nodes: those that are known.
        shards: all.
        moves: of the last ten minutes, oldest first.
        now: the database's time when no node tells it.
        silent_after_s: after how long without a word the nodes take each other for dead.
    """
    told_after_s = silent_after_s + TAKING_OVER_S
    at = max((each.seen_at + timedelta(seconds=each.unseen_s) for each in nodes), default=now)
    gone_s = {each.node: each.unseen_s for each in nodes if each.unseen_s > told_after_s}
    held = Counter(each.node for each in shards if each.shard != HOUSE)
    accounts: Counter[str | None] = Counter()
    for each in shards:
        accounts[each.node] += each.accounts
    house = next((each.node for each in shards if each.shard == HOUSE), None)
    known = {each.node for each in nodes}
    return ClusterOverview(
        node=node,
        at=at,
        nodes=[
            NodeView(
                each,
                held[each.node],
                accounts[each.node],
                each.node == house,
                each.node in gone_s and not each.is_leaving,
            )
            for each in nodes
            if each.node == node or not _is_replaced(each, nodes, silent_after_s)
        ],
        shards=sorted(shards, key=lambda each: each.shard),
        unheld=list(_unheld(shards, known, gone_s, at)),
        moves=list(reversed(moves)),
        taken=sum(each.epoch for each in shards),
        told_after_s=told_after_s,
    )


def unheld_conditions(overview: ClusterOverview) -> Sequence[Condition]:
    """Say that shards are held by nobody: any node may tell that, for nobody may hold the house."""
    long = [each for each in overview.unheld if overview.is_long(each)]
    if not long:
        return ()
    accounts = sum(each.accounts for each in long)
    named = ", ".join(_name(each.shard) for each in long[:_NAMED])
    more = "" if len(long) <= _NAMED else f" and {len(long) - _NAMED} more"
    cause = (
        f"{len(long)} of {len(overview.shards)} shards with {accounts} accounts are held by nobody"
        f" for {max(each.for_s for each in long):.0f} s: {named}{more}"
    )
    return [Condition(SHARDS_UNHELD, "", cause)]


def house_conditions(overview: ClusterOverview) -> Mapping[str, Sequence[Condition]]:
    """Return what else holds of the cluster, by kind: what the holder of the house tells."""
    return {
        CLUSTER_FLAPPING.name: list(_flapping(overview)),
        NODE_VANISHED.name: list(_vanished(overview)),
        VERSIONS_DIFFER.name: list(_versions(overview)),
    }


def _is_replaced(
    silent: NodeStanding, nodes: Sequence[NodeStanding], silent_after_s: float
) -> bool:
    """Tell whether a process is silent, and another was started under its name since."""
    return silent.unseen_s > silent_after_s and any(
        each.name == silent.name and each.started_at > silent.started_at for each in nodes
    )


def _unheld(
    shards: Sequence[ShardStanding],
    known: set[str],
    gone_s: Mapping[str, float],
    at: datetime,
) -> Iterator[UnheldShard]:
    for each in shards:
        since_s = max(0.0, (at - each.since).total_seconds())
        if each.node is None or each.node not in known:
            yield UnheldShard(each.shard, each.accounts, since_s)
        elif each.node in gone_s:
            yield UnheldShard(each.shard, each.accounts, min(gone_s[each.node], since_s))


def _flapping(overview: ClusterOverview) -> Iterator[Condition]:
    often = [(shard, n) for shard, n in _came_back(overview.moves).most_common() if n > FLAPS]
    causes = [
        f"shard {_name(shard)} came back {count} times within ten minutes to nodes that had it before"
        for shard, count in often[:_NAMED]
    ]
    causes += [
        f"node {name} lost what it held {count} times within ten minutes"
        for name, count in _losses(overview).items()
        if count >= LOSSES
    ]
    if causes:
        yield Condition(CLUSTER_FLAPPING, "", "; ".join(causes))


def _came_back(moves: Sequence[ShardMove]) -> Counter[int]:
    """Return how often each shard came from another process to one that had held it before."""
    came_back: Counter[int] = Counter()
    had: set[tuple[int, str]] = set()
    for move in reversed(moves):
        if move.before is not None:
            had.add((move.shard, move.before))
        if move.before != move.node and (move.shard, move.node) in had:
            came_back[move.shard] += 1
        had.add((move.shard, move.node))
    return came_back


def _losses(overview: ClusterOverview) -> Mapping[str, int]:
    """Return how often each node lost shards without having let go of them, by its name."""
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for move in reversed(overview.moves):
        if move.before is not None and not move.was_let_go:
            times[overview.name_of(move.before)].append(move.at)
    return {
        name: sum(place == 0 or at - found[place - 1] > _TOGETHER for place, at in enumerate(found))
        for name, found in sorted(times.items())
    }


def _vanished(overview: ClusterOverview) -> Iterator[Condition]:
    here = {each.standing.name for each in overview.nodes if each.state != "gone"}
    for each in overview.nodes:
        node = each.standing
        if each.is_gone and node.name not in here:
            here.add(node.name)
            cause = (
                f"it was last seen at {node.seen_at:%H:%M:%S} UTC, and had not said that it leaves"
            )
            yield Condition(NODE_VANISHED, node.name, cause)


def _versions(overview: ClusterOverview) -> Iterator[Condition]:
    live = [each.standing for each in overview.nodes if each.state == "live"]
    versions = sorted({each.version for each in live})
    youngest_s = min(
        ((overview.at - each.started_at).total_seconds() for each in live), default=0.0
    )
    if len(versions) > 1 and youngest_s > VERSIONS_MAY_DIFFER_S:
        of = "; ".join(
            f"{version} on {', '.join(each.name for each in live if each.version == version)}"
            for version in versions
        )
        yield Condition(VERSIONS_DIFFER, "", f"nodes run different versions: {of}")


def _name(shard: int) -> str:
    return "the house" if shard == HOUSE else str(shard)
