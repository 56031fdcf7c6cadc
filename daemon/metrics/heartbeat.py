"""The heartbeat as metric families. Instants, not ages: what is no longer checked grows old by itself."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from daemon.heartbeat import Heartbeat


class HeartbeatCollector(Collector):
    """Shows the last check's heartbeats. A vendor without running accounts has none."""

    def __init__(self) -> None:
        self.read: Callable[[], Mapping[str, Heartbeat]] = dict

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families."""
        oldest = GaugeMetricFamily(
            "syncline_heartbeat_timestamp_seconds",
            "When the oldest link from the vendor over the store to the feed of changes last moved;"
            " none without running accounts.",
            labels=["vendor"],
        )
        interval = GaugeMetricFamily(
            "syncline_heartbeat_interval_seconds",
            "How often that is expected to move; infinite while the month's reads rest.",
            labels=["vendor"],
        )
        for vendor, beat in self.read().items():
            oldest.add_metric([vendor], beat.oldest_s)
            interval.add_metric([vendor], beat.interval_s)
        yield oldest
        yield interval
