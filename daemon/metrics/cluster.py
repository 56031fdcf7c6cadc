"""The cluster as metric families. Where a daemon has its database to itself, there are none."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from daemon.cluster.overview import ClusterOverview

_STATES = ("live", "leaving", "gone")


class ClusterCollector(Collector):
    """Shows what was seen last.

    `syncline_cluster_…` is the same at every node, which is to be looked at by its highest value;
    `syncline_node_…` is each node's own, which may be added up.
    """

    def __init__(self) -> None:
        self.read: Callable[[], ClusterOverview | None] = lambda: None

    def describe(self) -> Iterator[Metric]:
        """Name nothing: there may be nothing."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Build the families."""
        overview = self.read()
        if overview is None:
            return
        states = Counter[str](each.state for each in overview.nodes)
        family = GaugeMetricFamily(
            "syncline_cluster_nodes", "Nodes that share the database, by state.", labels=["state"]
        )
        for state in _STATES:
            family.add_metric([state], states[state])
        yield family
        yield GaugeMetricFamily(
            "syncline_cluster_versions",
            "How many different versions the live nodes run.",
            value=len({each.standing.version for each in overview.nodes if each.state == "live"}),
        )
        yield GaugeMetricFamily(
            "syncline_cluster_shards_unheld",
            "Shards that no node holds, or whose node is not seen any more; the house is one.",
            value=len(overview.unheld),
        )
        yield GaugeMetricFamily(
            "syncline_cluster_unheld_seconds",
            "For how long the shard is held by nobody that is so for the longest; 0 when none is.",
            value=overview.longest_unheld_s,
        )
        yield CounterMetricFamily(
            "syncline_cluster_moves_total",
            "How often a shard was taken by a node, ever.",
            value=overview.taken,
        )
        me = overview.me
        yield GaugeMetricFamily(
            "syncline_node_shards_held",
            "Shards that this node holds, the house not counted.",
            value=0 if me is None else me.shards,
        )
        yield GaugeMetricFamily(
            "syncline_node_holds_house",
            "Whether this node does what is done once for all accounts.",
            value=int(me is not None and me.has_house),
        )
