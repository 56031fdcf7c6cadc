"""The nodes that share a database, in a few lines."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from daemon.cli.overview_replies import ClusterMoveReply, ClusterNodeReply, ClusterReply
from daemon.cli.wording import count, duration, printable

_NAMED = 5


def cluster_lines(cluster: ClusterReply | None) -> Iterator[Text]:
    """Yield a line for all nodes, and one for what nobody holds; none where there is no cluster."""
    if cluster is None:
        return
    there = list(_not_replaced(cluster.nodes))
    nodes = ", ".join(
        f"{node.name} {'' if node.state == 'live' else f'{node.state}, '}{node.shards}"
        f"{' and the house' if node.has_house else ''}"
        for node in there
    )
    gone = any(node.state == "gone" for node in there)
    said = f"{count(len(there), 'node')} for {cluster.shards} shards: {nodes}"
    versions = {node.version for node in there}
    if len(versions) > 1:
        said += f"; versions {', '.join(sorted(versions))}"
    yield Text(printable(said), "yellow" if gone else "")
    if cluster.unheld:
        named = ", ".join(_name(each.shard) for each in cluster.unheld[:_NAMED])
        more = ", …" if len(cluster.unheld) > _NAMED else ""
        longest = duration(max(each.for_s for each in cluster.unheld))
        lost = (
            f"Held by nobody for {longest}: {count(len(cluster.unheld), 'shard')} ({named}{more})"
        )
        yield Text(lost, "bold red")


def move_line(move: ClusterMoveReply) -> Text:
    """Say what moved from where to where."""
    come = ""
    if move.before is not None:
        come = f", {'let go by' if move.was_let_go else 'taken from'} {move.before}"
    at = f"{move.at:%H:%M:%SZ}"
    return Text(printable(f"  {at}  {_named(move.shard)} came to {move.node}{come}"), "dim")


def _not_replaced(nodes: Sequence[ClusterNodeReply]) -> Iterator[ClusterNodeReply]:
    """Leave out those that ended, hold nothing, and are back under the same name."""
    live = {node.name for node in nodes if node.state == "live"}
    for node in nodes:
        if node.state == "live" or node.shards or node.has_house or node.name not in live:
            yield node


def _named(shard: int) -> str:
    return "the house" if shard < 0 else f"shard {shard}"


def _name(shard: int) -> str:
    return "the house" if shard < 0 else str(shard)
