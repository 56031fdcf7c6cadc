"""Counts alerts, their deliveries, and what is tried by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

OUTCOMES = ("delivered", "failed", "given_up")


class OpenAlertsCollector(Collector):
    """Shows the alerts that are open, unless another node does, and the vendors that have an incident."""

    def __init__(
        self, kinds: Sequence[str], severities: Sequence[str], vendors: Sequence[str]
    ) -> None:
        self._kinds = kinds
        self._severities = severities
        self._vendors = vendors
        self.counts: Callable[[], Mapping[tuple[str, str], int]] = dict
        self.incidents: Callable[[], Sequence[str]] = tuple
        self.is_shown = True

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families from what is in memory."""
        family = GaugeMetricFamily(
            "syncline_alerts_open", "Alerts that are not resolved.", labels=["kind", "severity"]
        )
        counts = self.counts()
        for kind in self._kinds:
            for severity in self._severities:
                family.add_metric([kind, severity], counts.get((kind, severity), 0))
        if self.is_shown:
            yield family
        family = GaugeMetricFamily(
            "syncline_vendor_incident",
            "Whether most accounts of a vendor fail at once; only a few of them are tried then.",
            labels=["vendor"],
        )
        incidents = self.incidents()
        for vendor in self._vendors:
            family.add_metric([vendor], int(vendor in incidents))
        yield family


class AlertCounts:
    """Counters of deliveries and recoveries."""

    def __init__(
        self, registry: CollectorRegistry, channels: Sequence[str], recoveries: Sequence[str]
    ) -> None:
        """Register with the registry; every combination of labels starts at 0."""
        self._deliveries = Counter(
            "syncline_alert_deliveries_total",
            "Attempts to tell a channel what happened to alerts, by how they ended.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._recoveries = Counter(
            "syncline_recoveries_total",
            "What was tried by itself: stuck actors started afresh, failing vendors probed.",
            ["recovery"],
            registry=registry,
        )
        for channel in channels:
            for outcome in OUTCOMES:
                self._deliveries.labels(channel, outcome)
        for recovery in recoveries:
            self._recoveries.labels(recovery)

    def delivered(self, channel: str, outcome: str) -> None:
        """Take in how a delivery ended."""
        self._deliveries.labels(channel, outcome).inc()

    def recovered(self, recovery: str) -> None:
        """Take in that something was tried."""
        self._recoveries.labels(recovery).inc()
