"""Counts how often parts of the daemon failed."""

from prometheus_client import CollectorRegistry, Counter

from daemon.part_keeper import PartName


class PartCounts:
    """Counts failures by part, each from 0 on."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failures = Counter(
            "syncline_part_failures",
            "How often a part of the daemon's own failed, and was started again.",
            ["part"],
            registry=registry,
        )
        for name in PartName:
            self._failures.labels(str(name))

    def failed(self, name: PartName) -> None:
        """Take in a failure."""
        self._failures.labels(str(name)).inc()
