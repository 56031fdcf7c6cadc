"""What Prometheus scrapes: counted from events as they happen, or read from memory when it asks."""

from daemon.metrics.census import Census
from daemon.metrics.exposition import Exposition
from daemon.metrics.metrics import Metrics

__all__ = ["Census", "Exposition", "Metrics"]
