"""Who talks to our server, and who was refused."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge

if TYPE_CHECKING:
    from collections.abc import Callable

REASONS = (
    "connections",
    "rate",
    "slow_body",
    "slow_head",
    "slow_reader",
    "waiting",
)


class HttpCounts:
    """A counter over refusals, and what is open at the moment of a scrape.

    Attributes:
        connections: says how many connections there are.
        waiting: says how many long polls and streams there are.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry; every reason starts at 0."""
        self.connections: Callable[[], int] = int
        self.waiting: Callable[[], int] = int
        Gauge(
            "syncline_http_connections", "Connections to our server.", registry=registry
        ).set_function(self._count_connections)
        Gauge(
            "syncline_http_waiting", "Long polls and streams that are open.", registry=registry
        ).set_function(self._count_waiting)
        self._refused = Counter(
            "syncline_http_refused_total",
            "Requests and connections that were refused or cut off, by which limit.",
            ["reason"],
            registry=registry,
        )
        for reason in REASONS:
            self._refused.labels(reason)

    def refused(self, reason: str) -> None:
        """Count one."""
        self._refused.labels(reason).inc()

    def _count_connections(self) -> float:
        return self.connections()

    def _count_waiting(self) -> float:
        return self.waiting()
