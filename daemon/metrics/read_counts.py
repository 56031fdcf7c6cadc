"""Counts reads that ask for a replica of some age."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from actors.events import Event, ReadThroughEnded
from actors.staleness import ReadOutcome, StaleReason

_NO_REASON = ""
_BUCKETS_S = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ReadCounts:
    """A counter and a histogram over reads with `max_age`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry."""
        self._ended = Counter(
            "syncline_read_throughs_total",
            "Reads that asked for a replica of at most some age: it was young enough, was looked at"
            " first, or is stale for a reason.",
            ["vendor", "outcome", "reason"],
            registry=registry,
        )
        self._waited = Histogram(
            "syncline_read_through_wait_seconds",
            "How long readers waited for an account to be looked at; those who did not are left out.",
            ["vendor"],
            buckets=_BUCKETS_S,
            registry=registry,
        )

    def begin(self, vendor: str) -> None:
        """Show every combination of labels of the vendor, from 0 on."""
        self._waited.labels(vendor)
        for outcome in (ReadOutcome.FRESH, ReadOutcome.LOOKED):
            self._ended.labels(vendor, str(outcome), _NO_REASON)
        for reason in StaleReason:
            if reason is not StaleReason.BEHIND:
                self._ended.labels(vendor, str(ReadOutcome.STALE), str(reason))

    def note(self, event: Event) -> None:
        """Count the event, if it is about such a read."""
        if not isinstance(event, ReadThroughEnded):
            return
        reason = _NO_REASON if event.reason is None else str(event.reason)
        self._ended.labels(event.vendor, str(event.outcome), reason).inc()
        if event.outcome is ReadOutcome.LOOKED:
            self._waited.labels(event.vendor).observe(event.waited_s)
