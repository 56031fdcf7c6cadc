"""The nodes that share the database, and who looks after which accounts."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.cluster.overview import MOVES_SHOWN, ClusterOverview, NodeView
from daemon.web.context import WebContext
from daemon.web.instant import Instant
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import NotFoundError
from store.cluster_models import HOUSE, ShardMove

_SHARD = "Its number; -1 is the house: what is done once for all accounts."

NodeState = Literal["live", "leaving", "gone"]


class NodeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A process that runs on the database."""

    id: Annotated[str, Meta(description="Another one after each start.")]
    name: str
    url: Annotated[str, Meta(description="Where its API is; empty when that is not known.")]
    version: str
    state: NodeState
    since: Annotated[Instant, Meta(description="When it started.")]
    seen_at: Annotated[Instant, Meta(description="When it last said that it lives.")]
    shards: Annotated[int, Meta(description="How many it holds.")]
    accounts: Annotated[int, Meta(description="How many are in them.")]
    has_house: Annotated[bool, Meta(description="Whether it does what is done once for all.")]


class ShardDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the accounts, which one node looks after at a time."""

    shard: Annotated[int, Meta(description=_SHARD)]
    epoch: Annotated[int, Meta(description="How often it was taken: what fences its last holder.")]
    node: Annotated[
        str | None, Meta(description="The name of who holds it; null when nobody does.")
    ]
    since: Annotated[Instant, Meta(description="When it was taken, or let go.")]
    accounts: int


class MoveDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A shard came to a node."""

    shard: Annotated[int, Meta(description=_SHARD)]
    epoch: int
    node: str
    before: Annotated[str | None, Meta(description="Who held it last.")]
    was_let_go: Annotated[bool, Meta(description="Whether that one let go of it.")]
    at: Instant
    unheld_s: Annotated[float, Meta(description="For how long nobody held it.")]


class UnheldDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A shard that nobody holds just now."""

    shard: Annotated[int, Meta(description=_SHARD)]
    accounts: int
    for_s: float


class ClusterBrief(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster at a glance."""

    node: Annotated[str | None, Meta(description="The name of the node that answers.")]
    nodes: Sequence[NodeDocument]
    shards: Annotated[int, Meta(description="How many there are, the house not counted.")]
    unheld: Annotated[
        Sequence[UnheldDocument],
        Meta(description="Those that nobody holds, or whose holder is not seen any more."),
    ]
    house: Annotated[str | None, Meta(description="The name of who holds the house.")]
    last_moves: Annotated[
        Sequence[MoveDocument], Meta(description="Of the last ten minutes, the newest first.")
    ]


class ClusterDocument(ClusterBrief, frozen=True, kw_only=True):
    """The cluster."""

    at: Annotated[Instant, Meta(description="By the database's clock.")]
    all_shards: Sequence[ShardDocument]


async def cluster(call: Call[Nothing, Nothing]) -> Answer:
    """Look at the cluster now."""
    watch = call.context.cluster
    if watch is None:
        raise NotFoundError("this daemon has its database to itself: there is no cluster")
    overview = await watch.look()
    brief = brief_of(overview, moves=MOVES_SHOWN)
    return Answer(
        ClusterDocument(
            **{name: getattr(brief, name) for name in brief.__struct_fields__},
            at=overview.at,
            all_shards=[
                ShardDocument(
                    shard=each.shard,
                    epoch=each.epoch,
                    node=None if each.node is None else overview.name_of(each.node),
                    since=each.since,
                    accounts=each.accounts,
                )
                for each in overview.shards
            ],
        )
    )


def cluster_brief(context: WebContext) -> ClusterBrief | msgspec.UnsetType:
    """Return the cluster as it was last seen; nothing where there is none."""
    if context.cluster is None or context.cluster.overview is None:
        return msgspec.UNSET
    return brief_of(context.cluster.overview, moves=5)


def brief_of(overview: ClusterOverview, *, moves: int) -> ClusterBrief:
    """Show the cluster, and so many of its last moves."""
    house = next((each.standing.name for each in overview.nodes if each.has_house), None)
    return ClusterBrief(
        node=None if overview.me is None else overview.me.standing.name,
        nodes=[_node(each) for each in overview.nodes],
        shards=sum(each.shard != HOUSE for each in overview.shards),
        unheld=[
            UnheldDocument(shard=each.shard, accounts=each.accounts, for_s=round(each.for_s, 1))
            for each in overview.unheld
        ],
        house=house,
        last_moves=[_move(each, overview) for each in overview.moves[:moves]],
    )


def _node(view: NodeView) -> NodeDocument:
    standing = view.standing
    return NodeDocument(
        id=standing.node,
        name=standing.name,
        url=standing.url,
        version=standing.version,
        state=view.state,
        since=standing.started_at,
        seen_at=standing.seen_at,
        shards=view.shards,
        accounts=view.accounts,
        has_house=view.has_house,
    )


def _move(move: ShardMove, overview: ClusterOverview) -> MoveDocument:
    return MoveDocument(
        shard=move.shard,
        epoch=move.epoch,
        node=overview.name_of(move.node),
        before=None if move.before is None else overview.name_of(move.before),
        was_let_go=move.was_let_go,
        at=move.at,
        unheld_s=round(move.unheld_s, 3),
    )


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="GET",
        path="/cluster",
        name="getCluster",
        tag="health",
        summary="The nodes that share the database, and which accounts each looks after",
        handler=cluster,
        replies=[Reply(HTTPStatus.OK, "The cluster.", ClusterDocument)],
        problems={HTTPStatus.NOT_FOUND: "This daemon has its database to itself."},
    ),
)
