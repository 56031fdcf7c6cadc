"""The months' metered reads, as metric families: read from the meters when Prometheus asks."""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.read_state import ReadsState
from actors.vendors.base import Priority

if TYPE_CHECKING:
    from actors.read_meter import ReadMeter


class ReadsCollector(Collector):
    """Shows the meters. `meters` are looked at afresh each time, by vendor."""

    def __init__(self, vendors: Sequence[str]) -> None:
        self._vendors = vendors
        self.meters: Mapping[str, ReadMeter] = {}

    def describe(self) -> Iterator[Metric]:
        """Name the families."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Build the families."""
        states = {vendor: meter.state() for vendor, meter in self.meters.items()}
        rows = [(vendor, _values(states.get(vendor))) for vendor in self._vendors]
        for number, (name, meaning) in enumerate(_FAMILIES):
            family = GaugeMetricFamily(f"syncline_{name}", meaning, labels=["vendor"])
            for vendor, values in rows:
                family.add_metric([vendor], values[number])
            yield family


_FAMILIES = (
    ("metered_reads", "Reads of this calendar month that the vendor meters, failed ones too."),
    ("metered_reads_allowance", "How many of them a month has; infinite when unmetered."),
    ("metered_reads_forecast", "Reads by the month's end if no poll interval were stretched."),
    ("poll_stretch", "By how much the usual account's poll interval is stretched; 1 is not."),
    (
        "metered_reads_resting",
        "Whether polls rest until the month turns: nothing is left for them.",
    ),
)


def _values(state: ReadsState | None) -> tuple[float, ...]:
    if state is None:
        return (0.0, inf, 0.0, 1.0, 0.0)
    allowance = inf if state.allowance is None else float(state.allowance)
    resting = float(Priority.POLL in state.resting)
    return (state.used, allowance, state.forecast or 0.0, state.stretch, resting)
