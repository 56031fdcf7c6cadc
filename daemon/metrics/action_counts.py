"""Counts what happens to users' writes."""

from itertools import product

from prometheus_client import CollectorRegistry, Counter, Histogram

from actors.events import (
    ActionAttempted,
    ActionEnded,
    ActionParked,
    DriftFound,
    DriftResolved,
    Event,
)
from daemon.metrics.job_counts import is_delivery
from store.action_models import ENDED, AttemptCall, AttemptOutcome

_ENDS = sorted(str(state) for state in ENDED)
_CALLS = [str(call) for call in AttemptCall]
_OUTCOMES = [str(outcome) for outcome in AttemptOutcome if outcome is not AttemptOutcome.OPEN]
_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0)


class ActionCounts:
    """Counters and a histogram over the events of actions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register with the registry."""
        self._attempts = Counter(
            "syncline_action_attempts_total",
            "Calls about users' writes: sendings, and looks for those whose answer was lost.",
            ["vendor", "call", "outcome"],
            registry=registry,
        )
        self._ended = Counter(
            "syncline_actions_ended_total",
            "Users' writes that ended: they happened once, or not at all.",
            ["vendor", "state"],
            registry=registry,
        )
        self._duration = Histogram(
            "syncline_action_duration_seconds",
            "From the acceptance of a user's write to its end.",
            ["vendor"],
            buckets=_BUCKETS_S,
            registry=registry,
        )
        self._parked = Counter(
            "syncline_actions_needing_person_total",
            "Users' writes whose outcome only a person can find out.",
            ["vendor"],
            registry=registry,
        )
        self._drifts = Counter(
            "syncline_drifts_total",
            "Fields that a vendor has otherwise than a user's write asked for.",
            ["vendor"],
            registry=registry,
        )
        self._resolved = Counter(
            "syncline_drifts_resolved_total",
            "Of those, how many are as asked for again, or were overwritten.",
            ["vendor"],
            registry=registry,
        )

    def begin(self, vendor: str) -> None:
        """Show every combination of labels of the vendor, from 0 on."""
        self._resolved.labels(vendor)
        self._duration.labels(vendor)
        self._parked.labels(vendor)
        self._drifts.labels(vendor)
        for state in _ENDS:
            self._ended.labels(vendor, state)
        for call, outcome in product(_CALLS, _OUTCOMES):
            self._attempts.labels(vendor, call, outcome)

    def note(self, event: Event) -> None:
        """Count the event, if it is about an action."""
        match event:
            case ActionAttempted():
                labels = (event.vendor, str(event.call), str(event.outcome))
                self._attempts.labels(*labels).inc()
            case ActionEnded():
                self._ended.labels(event.vendor, str(event.state)).inc()
                if not is_delivery(event):
                    self._duration.labels(event.vendor).observe(event.duration_s)
            case ActionParked():
                self._parked.labels(event.vendor).inc()
            case DriftFound():
                self._drifts.labels(event.vendor).inc()
            case DriftResolved():
                self._resolved.labels(event.vendor).inc()
