"""Shows what becomes of jobs that are routed to other companies."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.events import ActionEnded, Event
from store.action_models import ActionPriority, ActionState
from store.job_models import RoutingStatus

_BUCKETS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class JobsReading:
    """What the store says at a scrape; None where it did not."""

    routings: Mapping[str, int] | None = None
    last_seq: int | None = None


class JobCounts(Collector):
    """A histogram of deliveries, and where routings stand at a scrape.

    Attributes:
        reading: what the store said last.
        unfollowed: tells how many changes, up to one, routings were not brought up to date with.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry."""
        self.reading = JobsReading({})
        self.unfollowed: Callable[[int], int] = lambda _: 0
        self._deliveries = Histogram(
            "syncline_delivery_duration_seconds",
            "From the entry of a job until a company's system had it.",
            ["vendor"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        registry.register(self)

    def begin(self, vendor: str) -> None:
        """Show the vendor from 0 on, whether its companies can be offered jobs or not."""
        self._deliveries.labels(vendor)

    def note(self, event: Event) -> None:
        """Count a delivery."""
        is_over = isinstance(event, ActionEnded) and event.state is ActionState.SUCCEEDED
        if isinstance(event, ActionEnded) and is_over and is_delivery(event):
            self._deliveries.labels(event.vendor).observe(event.duration_s)

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families from the last reading."""
        routings = GaugeMetricFamily(
            "syncline_routings", "Routings that are not put away, by status.", labels=["status"]
        )
        if (counts := self.reading.routings) is not None:
            for status in RoutingStatus:
                routings.add_metric([str(status)], counts.get(str(status), 0))
        yield routings
        behind = GaugeMetricFamily(
            "syncline_job_follower_lag_changes",
            "Changes that routings were not brought up to date with yet.",
        )
        if (last_seq := self.reading.last_seq) is not None:
            behind.add_metric([], self.unfollowed(last_seq))
        yield behind


def is_delivery(event: ActionEnded) -> bool:
    """Tell whether it is an offer that nobody in particular waits for, and no user's own write."""
    return event.action is not None and event.action.priority is ActionPriority.DELIVERY
