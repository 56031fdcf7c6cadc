"""Metrics as text, in the format that the scraper asks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric, exposition
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

_OPENMETRICS = "application/openmetrics-text"
_TEXT = ("text/plain", "text/*", "*/*")


@dataclass(frozen=True, slots=True)
class Exposition:
    """What a scraper is given. `content_type` is a whole header value."""

    body: bytes
    content_type: str


def expose(registry: CollectorRegistry, accept: str) -> Exposition:
    """Write down all metrics.

    Args:
        registry: what to write.
        accept: the scraper's `Accept` header; OpenMetrics 1.0 for who prefers it, else text 0.0.4.
    """
    shown: Collector = _WithoutCreated(registry)
    if prefers_openmetrics(accept):
        return Exposition(_openmetrics_text(shown), openmetrics.CONTENT_TYPE_LATEST)
    shown = _WithPlainHistograms(shown)
    return Exposition(exposition.generate_latest(shown), exposition.CONTENT_TYPE_PLAIN_0_0_4)


def _openmetrics_text(shown: Collector) -> bytes:
    text: bytes = openmetrics.generate_latest(shown)  # type: ignore[no-untyped-call]
    return text


def prefers_openmetrics(accept: str) -> bool:
    """Tell whether the `Accept` header ranks OpenMetrics at least as high as plain text."""
    ranks: dict[str, float] = {}
    for item in accept.split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        ranks[media] = max(ranks.get(media, 0.0), _rank(parameters))
    wanted = ranks.get(_OPENMETRICS, 0.0)
    return wanted > 0 and wanted >= max(ranks.get(media, 0.0) for media in _TEXT)


def _rank(parameters: list[str]) -> float:
    weights = [
        value for name, _, value in (each.partition("=") for each in parameters) if name == "q"
    ]
    try:
        return float(weights[0]) if weights else 1.0
    except ValueError:
        return 0.0


class _WithoutCreated(Collector):
    """Leaves out when each series began: that would double their number."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric


class _WithPlainHistograms(Collector):
    """Names a gauge histogram's sums as a histogram's, which it is called in the text format."""

    def __init__(self, shown: Collector) -> None:
        self._shown = shown

    def collect(self) -> Iterator[Metric]:
        for metric in self._shown.collect():
            if metric.type == "gaugehistogram":
                for ours, plain in (("_gcount", "_count"), ("_gsum", "_sum")):
                    metric.samples = [
                        s._replace(name=metric.name + plain) if s.name == metric.name + ours else s
                        for s in metric.samples
                    ]
            yield metric
