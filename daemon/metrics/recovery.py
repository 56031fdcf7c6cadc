"""Backups and restore drills, as metric families: instants and a verdict, from the note beside the database."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daemon.recovery_note import NOTHING, RecoveryNote


class RecoveryCollector(Collector):
    """Shows the note. What never was has no sample."""

    def __init__(self) -> None:
        self.read: Callable[[], RecoveryNote] = lambda: NOTHING

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families."""
        note = self.read()
        yield _instant(
            "syncline_backup_timestamp_seconds", "When the last backup was taken.", note.backup_at
        )
        size = GaugeMetricFamily("syncline_backup_size_bytes", "How large the last backup is.")
        if note.backup_at is not None:
            size.add_metric([], note.backup_bytes)
        yield size
        yield _instant(
            "syncline_restore_drill_timestamp_seconds",
            "When a backup was last restored elsewhere and compared with the live database.",
            note.drill_at,
        )
        passed = GaugeMetricFamily(
            "syncline_restore_drill_successful",
            "Whether it was sound, and what the live database had been.",
        )
        if note.drill_at is not None:
            passed.add_metric([], note.drill_passed)
        yield passed
        yield _instant(
            "syncline_restore_drill_backup_timestamp_seconds",
            "When the backup of that drill had been taken.",
            note.drill_backup_at,
        )


def _instant(name: str, meaning: str, at: datetime | None) -> Metric:
    family = GaugeMetricFamily(name, meaning)
    if at is not None:
        family.add_metric([], at.timestamp())
    return family
