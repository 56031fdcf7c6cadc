"""Counts what happens, as it happens."""

from collections import Counter as Counts
from collections.abc import Sequence
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram

from actors.breaker import BreakerState
from actors.errors import REASONS
from actors.events import (
    BreakerChanged,
    CallMade,
    DeletesHeld,
    DeliveryOutcome,
    Event,
    LookAbandoned,
    OwnerNeeded,
    PageStored,
    RefreshFailed,
    TokenRefreshed,
    WebhookDelivered,
)
from actors.step import REFUSED
from store.models import ChangeOp, Via

_CALL_REASONS = sorted(set(REASONS.values()))
_REASONS = sorted({*_CALL_REASONS, "store_unavailable"})
_GRANT_REFUSED = "grant_refused"
_VIAS = [str(via) for via in Via]
_OPS = [str(op) for op in ChangeOp]
_OUTCOMES = [str(outcome) for outcome in DeliveryOutcome]
_NOTICES = ("stored", "duplicate", "unknown_account", "unknown_type", "unreadable")
_ANSWER_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 10.0)
_LAG_BUCKETS_S = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
_CALL_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class EventCounts:
    """Counters and histograms over the actors' events."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry."""
        self._registry = registry
        self._counters: list[tuple[Counter, Sequence[Sequence[str]]]] = []
        self._histograms: list[Histogram] = []
        self._register_calls()
        self._register_looks()
        self._register_tokens()
        self._register_webhooks()

    def begin(self, vendor: str, operations: Sequence[str]) -> None:
        """Show every combination of labels of the vendor that is known beforehand, from 0 on."""
        for name in operations:
            self._requests.labels(vendor, name)
            self._request_duration.labels(vendor, name)
        for counter, known in self._counters:
            for values in product(*known):
                counter.labels(vendor, *values)
        for histogram in self._histograms:
            histogram.labels(vendor)

    def _register_calls(self) -> None:
        self._requests = Counter(
            "syncline_vendor_requests_total",
            "Calls made to a vendor, failed ones too.",
            ["vendor", "operation"],
            registry=self._registry,
        )
        self._request_duration = Histogram(
            "syncline_vendor_request_duration_seconds",
            "How long a vendor took to answer, or we to give up.",
            ["vendor", "operation"],
            buckets=_CALL_BUCKETS_S,
            registry=self._registry,
        )
        self._request_failures = self._counter(
            "vendor_request_failures_total", "Calls to a vendor that failed.", reason=_CALL_REASONS
        )
        self._breaker_opens = self._counter(
            "breaker_opens_total", "Times that an account's circuit breaker opened."
        )

    def _register_looks(self) -> None:
        self._look_failures = self._counter(
            "look_failures_total",
            "Attempts to read a page and store it that failed; each is made again.",
            reason=_REASONS,
        )
        self._pages = self._counter("pages_stored_total", "Pages read and stored.", via=_VIAS)
        self._objects_read = self._counter(
            "objects_read_total",
            "Objects that a vendor showed in stored pages, changed or not.",
            via=_VIAS,
        )
        self._changes = self._counter(
            "changes_applied_total", "Differences written to the replica.", via=_VIAS, op=_OPS
        )

        self._deletes_held = self._counter(
            "deletes_held_total",
            "Times that so many objects of a type would go at once that a person has to confirm it.",
        )

    def _register_tokens(self) -> None:
        self._refreshes = self._counter(
            "token_refreshes_total", "Attempts to renew an account's tokens, failed ones too."
        )
        self._refresh_failures = self._counter(
            "token_refresh_failures_total",
            "Attempts to renew an account's tokens that failed.",
            reason=_REASONS,
        )
        self._owners_needed = self._counter(
            "owners_needed_total",
            "Times that an account came to need its owner to connect it again.",
        )

    def _register_webhooks(self) -> None:
        self._deliveries = self._counter(
            "webhook_deliveries_total",
            "Deliveries to our webhook, by what became of them.",
            outcome=_OUTCOMES,
        )
        self._notices = self._counter(
            "webhook_notices_total",
            "Notices in verified deliveries, by what became of them.",
            outcome=_NOTICES,
        )
        self._missed = self._counter(
            "webhooks_missed_total",
            "Changes found by polling that a webhook should have told of before.",
        )
        self._answers = self._histogram(
            "webhook_answer_duration_seconds",
            "How long a delivery took to be durable and answered, or refused.",
            _ANSWER_BUCKETS_S,
        )
        self._lag = self._histogram(
            "webhook_change_lag_seconds",
            "How long after it happened a change that a webhook told of was stored.",
            _LAG_BUCKETS_S,
        )

    def _histogram(self, name: str, meaning: str, buckets: Sequence[float]) -> Histogram:
        """Register a histogram by vendor."""
        histogram = Histogram(
            f"syncline_{name}", meaning, ["vendor"], registry=self._registry, buckets=buckets
        )
        self._histograms.append(histogram)
        return histogram

    def _counter(self, name: str, meaning: str, **known: Sequence[str]) -> Counter:
        """Register a counter by vendor and by what is named."""
        counter = Counter(f"syncline_{name}", meaning, ["vendor", *known], registry=self._registry)
        self._counters.append((counter, list(known.values())))
        return counter

    def note(self, event: Event) -> None:
        """Count the event."""
        if isinstance(event, WebhookDelivered):
            self._delivered(event)
        else:
            self._count(event)

    def _count(self, event: Event) -> None:
        match event:
            case CallMade():
                self._call_made(event)
            case PageStored():
                self._page_stored(event)
            case DeletesHeld():
                self._deletes_held.labels(event.vendor).inc()
            case LookAbandoned():
                self._look_failures.labels(event.vendor, event.reason).inc()
            case TokenRefreshed():
                self._refreshes.labels(event.vendor).inc()
            case RefreshFailed():
                self._refresh_failed(event.vendor, event.reason)
            case OwnerNeeded():
                self._owners_needed.labels(event.vendor).inc()
                if event.cause != REFUSED:  # it came of a refused refresh token
                    self._refresh_failed(event.vendor, _GRANT_REFUSED)
            case BreakerChanged(state=BreakerState.OPEN):
                self._breaker_opens.labels(event.vendor).inc()

    def _call_made(self, event: CallMade) -> None:
        self._requests.labels(event.vendor, event.operation).inc()
        self._request_duration.labels(event.vendor, event.operation).observe(event.duration_s)
        if event.reason is not None:
            self._request_failures.labels(event.vendor, event.reason).inc()

    def _page_stored(self, event: PageStored) -> None:
        via = str(event.via)
        self._pages.labels(event.vendor, via).inc()
        self._objects_read.labels(event.vendor, via).inc(event.objects)
        hinted = Counts(str(change.op) for change in event.hinted)
        for op, applied in ((ChangeOp.UPSERT, event.upserts), (ChangeOp.DELETE, event.deletes)):
            told = hinted[str(op)]
            self._changes.labels(event.vendor, via, str(op)).inc(applied - told)
            self._changes.labels(event.vendor, str(Via.WEBHOOK), str(op)).inc(told)
        for change in event.hinted:
            self._lag.labels(event.vendor).observe(change.lag_s)
        self._missed.labels(event.vendor).inc(event.missed)

    def _delivered(self, event: WebhookDelivered) -> None:
        self._deliveries.labels(event.vendor, str(event.outcome)).inc()
        self._answers.labels(event.vendor).observe(event.duration_s)
        numbers = (
            event.stored,
            event.duplicates,
            event.unknown_accounts,
            event.unknown_types,
            event.unreadable,
        )
        for outcome, number in zip(_NOTICES, numbers, strict=True):
            self._notices.labels(event.vendor, outcome).inc(number)

    def _refresh_failed(self, vendor: str, reason: str) -> None:
        self._refreshes.labels(vendor).inc()
        self._refresh_failures.labels(vendor, reason).inc()
