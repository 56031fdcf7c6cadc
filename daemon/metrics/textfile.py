"""The metrics of backups and drills as a file that node_exporter reads: for hosts without a daemon."""

from pathlib import Path

from prometheus_client import CollectorRegistry, write_to_textfile

from daemon.metrics.recovery import RecoveryCollector
from daemon.recovery_note import RecoveryNote


def write_textfile(path: Path, note: RecoveryNote) -> None:
    """Write the file in the place of an earlier one, whole. Raises `OSError`."""
    registry, collector = CollectorRegistry(), RecoveryCollector()
    collector.read = lambda: note
    registry.register(collector)
    write_to_textfile(str(path), registry)
