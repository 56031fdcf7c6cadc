"""Writes what happens to users' writes as log lines. Names of people stay out of them."""

import re
from collections.abc import Callable, Mapping

import structlog

from actors.events import ActionAttempted, ActionEnded, ActionParked, DriftFound, DriftResolved
from store.action_models import ActionState, AttemptOutcome

log = structlog.get_logger()

ActionEvent = ActionAttempted | ActionEnded | ActionParked | DriftFound | DriftResolved

_HARMLESS = re.compile(r"[-+.:TZ\d]+|nothing|there|deleted|void|not void")
_UNSURE = frozenset({AttemptOutcome.UNKNOWN, AttemptOutcome.UNCLEAR})


def log_action(event: ActionEvent, trace: Callable[[str, str | None], Mapping[str, str]]) -> None:
    """Write the event's line. `trace` names the vendor's own id of a call."""
    match event:
        case ActionAttempted():
            write = log.warning if event.outcome in _UNSURE else log.info
            write(
                "action_attempted",
                account=event.account_id,
                vendor=event.vendor,
                action=event.action_id,
                type=event.action_type,
                call=str(event.call),
                outcome=str(event.outcome),
                attempt=event.attempt,
                duration_s=round(event.duration_s, 3),
                error=event.error,
                **trace(event.vendor, event.trace_id),
            )
        case ActionEnded():
            write = log.info if event.state is ActionState.SUCCEEDED else log.warning
            write(
                "action_ended",
                account=event.account_id,
                vendor=event.vendor,
                action=event.action_id,
                type=event.action_type,
                state=str(event.state),
                duration_s=round(event.duration_s, 3),
                error=event.error,
            )
        case ActionParked():
            log.error(
                "action_needs_person",
                account=event.account_id,
                vendor=event.vendor,
                action=event.action_id,
                type=event.action_type,
                reason=event.reason,
            )
        case DriftFound():
            _log_drift(event)
        case DriftResolved():
            log.info(
                "drift_resolved",
                account=event.account_id,
                vendor=event.vendor,
                action=event.action_id,
                object_type=event.object_type,
                object_id=event.object_id,
                field=event.field,
            )


def _log_drift(event: DriftFound) -> None:
    log.warning(
        "drift_found",
        account=event.account_id,
        vendor=event.vendor,
        action=event.action_id,
        object_type=event.object_type,
        object_id=event.object_id,
        field=event.field,
        asked=_harmless(event.asked),
        found=_harmless(event.found),
        changed_since=event.changed_since,
    )


def _harmless(value: str) -> str:
    """Return amounts, days and ids; what else a field holds may be a name, and is not logged."""
    return value if _HARMLESS.fullmatch(value) else "(not shown)"
