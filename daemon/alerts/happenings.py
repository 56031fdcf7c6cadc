"""Alerts that come of something that happened, and are over when something else did."""

from collections.abc import Callable
from math import inf

from actors import events
from actors.clock import Clock
from actors.events import DeliveryOutcome
from daemon.alerts import kinds
from daemon.alerts.condition import Condition, Conditions
from daemon.alerts.desk import AlertDesk
from store.action_models import ENDED
from store.ports import Store
from store.watch_models import Severity

_REFUSED_WITHIN_S = 600.0
_REFUSED_TOLD = 5
_SHOWN_CHARACTERS = 100


class Happenings:
    """Tells the desk what the actors' events mean for somebody who should know."""

    def __init__(self, desk: AlertDesk, seen: Conditions, clock: Clock) -> None:
        """Take whom to tell; `seen` takes what is about more than an account."""
        self._desk = desk
        self._seen = seen
        self._clock = clock
        self._refused: dict[str, list[float]] = {}

    def listen(self, event: events.Event) -> None:
        """Take in an event."""
        match event:
            case events.ActionParked():
                subject = f"{event.account_id}/{event.action_id}"
                cause = f"{event.action_type}: {event.reason}"
                self._hold(kinds.ACTION_NEEDS_PERSON, event, subject, cause)
            case events.ActionEnded():
                subject = f"{event.account_id}/{event.action_id}"
                how = f"the write {event.state}"
                self._desk.end(kinds.ACTION_NEEDS_PERSON.name, subject, how)
            case events.DriftFound():
                self._drifted(event)
            case events.DriftResolved():
                how = "the values agree again, or another write replaced it"
                self._desk.end(kinds.DRIFT_FOUND.name, _drift_of(event), how)
            case events.VerificationEnded():
                self._verified(event)
            case events.WebhookDelivered() if event.outcome is not DeliveryOutcome.TAKEN:
                self._refuse(event)

    def settle(self) -> None:
        """End what is over because it happened no more."""
        now_s = self._clock.now().monotonic_s
        for vendor, times in self._refused.items():
            times[:] = [at_s for at_s in times if now_s - at_s < _REFUSED_WITHIN_S]
            if len(times) < _REFUSED_TOLD:
                self._seen.settle((kinds.WEBHOOKS_REFUSED.name,), vendor, ())

    def _drifted(self, event: events.DriftFound) -> None:
        asked, found = event.asked[:_SHOWN_CHARACTERS], event.found[:_SHOWN_CHARACTERS]
        cause = f"{event.field}: asked for {asked}, and the vendor has {found}"
        self._hold(kinds.DRIFT_FOUND, event, _drift_of(event), cause)

    def _verified(self, event: events.VerificationEnded) -> None:
        certificate = event.certificate
        if certificate.exact:
            how = "a verification found no difference"
            self._desk.end(kinds.REPLICA_DIFFERED.name, event.account_id, how)
        elif certificate.differences:
            mended = "all were mended" if certificate.repaired else "not all were mended"
            cause = f"{certificate.differences} objects differed from the vendor; {mended}"
            severity = Severity.WARNING if certificate.repaired else Severity.CRITICAL
            self._hold(kinds.REPLICA_DIFFERED, event, event.account_id, cause, severity)

    def _refuse(self, event: events.WebhookDelivered) -> None:
        times = self._refused.setdefault(event.vendor, [])
        times.append(self._clock.now().monotonic_s)
        del times[:-_REFUSED_TOLD]
        first_s = times[0] if len(times) == _REFUSED_TOLD else -inf
        if times[-1] - first_s < _REFUSED_WITHIN_S:
            cause = f"{_REFUSED_TOLD} deliveries within ten minutes were refused: {event.outcome}"
            self._seen.hold(Condition(kinds.WEBHOOKS_REFUSED, event.vendor, cause, event.vendor))

    def _hold(
        self,
        kind: kinds.Kind,
        event: events.ActionParked | events.DriftFound | events.VerificationEnded,
        subject: str,
        cause: str,
        severity: Severity | None = None,
    ) -> None:
        self._desk.hold(Condition(kind, subject, cause, event.vendor, event.account_id, severity))


def _drift_of(event: events.DriftFound | events.DriftResolved) -> str:
    return f"{event.account_id}/{event.object_type}/{event.object_id}/{event.field}"


async def recall_actions(desk: AlertDesk, store: Store, vendor_of: Callable[[str], str]) -> None:
    """Tell of writes that need a person and whose event was lost with the process, and end the others.

    Raises:
        StoreUnavailableError: the store can't be read now.
    """
    waiting = {f"{each.account_id}/{each.action_id}": each for each in await store.parked_actions()}
    for subject, each in waiting.items():
        if desk.book.find(kinds.ACTION_NEEDS_PERSON.name, subject) is None:
            cause = f"{each.action_type}: what became of it is not known"
            vendor = vendor_of(each.account_id)
            desk.hold(Condition(kinds.ACTION_NEEDS_PERSON, subject, cause, vendor, each.account_id))
    for alert in desk.book.open_alerts():
        if alert.kind == kinds.ACTION_NEEDS_PERSON.name and alert.subject not in waiting:
            account_id, _, action_id = alert.subject.partition("/")
            action = await store.action(account_id, action_id)
            if action is None or action.state in ENDED:
                desk.end(alert.kind, alert.subject, "the write ended, or is no more")
