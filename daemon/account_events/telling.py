"""What an event of the actors is in an account's timeline. Pure.

What an idle account does all day (a poll without news, a token renewed in time) is not told one by
one: it is counted (`is_idle`).
"""

from datetime import datetime
from functools import singledispatch

from actors import events
from actors.breaker import BreakerState
from store.action_models import ActionState, AttemptOutcome
from store.models import Via
from store.watch_models import AccountEvent, Detail

INFO, WARNING, ERROR = "info", "warning", "error"

KINDS = (
    "action_attempted",
    "action_ended",
    "action_needs_person",
    "breaker_closed",
    "breaker_opened",
    "breaker_probing",
    "by_hand",
    "crashed",
    "deletes_held",
    "deletes_released",
    "drift_found",
    "drift_resolved",
    "first_copy_complete",
    "idle",
    "look_failed",
    "owner_needed",
    "page_stored",
    "recovery",
    "routing_moved",
    "token_refresh_failed",
    "token_refreshed",
    "verification_ended",
    "verification_failed",
)
"""Every kind of event in a timeline."""

Told = tuple[str, str, str, Detail]
"""Kind, level, text and what else is known."""


def account_event(event: events.Event, at: datetime) -> AccountEvent | None:
    """Return what an event is in an account's timeline; None when it is in none."""
    told = _told(event)
    account_id = getattr(event, "account_id", None)
    if told is None or not isinstance(account_id, str):
        return None
    kind, level, text, detail = told
    known = {name: value for name, value in detail.items() if value is not None}
    return AccountEvent(account_id, at, kind, level, text, detail=known)


def is_idle(event: events.PageStored) -> bool:
    """Tell whether a page is a poll that found nothing."""
    quiet = not (event.upserts or event.deletes or event.missed or event.became_exact)
    return event.via is Via.POLL and quiet and not event.hinted


@singledispatch
def _told(event: object) -> Told | None:
    del event
    return None


@_told.register
def _(event: events.PageStored) -> Told:
    kind = "first_copy_complete" if event.became_exact else "page_stored"
    text = f"{event.look}: {event.objects} objects read, {event.upserts} stored"
    if event.deletes:
        text += f", {event.deletes} deleted"
    if event.hinted:
        text += f"; webhooks told of {len(event.hinted)}"
    if event.missed:
        text += f"; webhooks should have told of {event.missed}"
    detail: Detail = {
        "look": event.look,
        "via": str(event.via),
        "objects": event.objects,
        "upserts": event.upserts,
        "deletes": event.deletes,
        "duration_s": round(event.duration_s, 3),
    }
    return kind, INFO, text, detail


@_told.register
def _(event: events.LookAbandoned) -> Told:
    text = f"{event.look}: failed {event.attempt} times in a row: {event.error}"
    detail: Detail = {
        "look": event.look,
        "reason": event.reason,
        "attempt": event.attempt,
        "trace_id": event.trace_id,
    }
    return "look_failed", WARNING, text, detail


@_told.register
def _(event: events.TokenRefreshed) -> Told:
    text = f"the tokens were renewed; they last until {event.access_expires_at:%H:%M:%S} UTC"
    return "token_refreshed", INFO, text, {}


@_told.register
def _(event: events.RefreshFailed) -> Told:
    text = f"the tokens could not be renewed, {event.attempt} times in a row: {event.error}"
    detail: Detail = {"reason": event.reason, "attempt": event.attempt}
    return "token_refresh_failed", WARNING, text, detail


@_told.register
def _(event: events.OwnerNeeded) -> Told:
    return "owner_needed", ERROR, f"only its owner can help: {event.cause}", {}


@_told.register
def _(event: events.BreakerChanged) -> Told:
    match event.state:
        case BreakerState.OPEN:
            text = "calls failed too often: its vendor is left alone for a while"
            return "breaker_opened", WARNING, text, {}
        case BreakerState.HALF_OPEN:
            return "breaker_probing", INFO, "one call tries whether its vendor answers again", {}
        case BreakerState.CLOSED:
            return "breaker_closed", INFO, "its vendor answers again", {}


@_told.register
def _(event: events.DeletesHeld) -> Told:
    text = f"{event.object_type}: {event.count} of {event.live} would be deleted; held"
    return "deletes_held", WARNING, text, {"object_type": event.object_type}


@_told.register
def _(event: events.DeletesReleased) -> Told:
    text = f"{event.object_type}: deletes are held no more"
    return "deletes_released", INFO, text, {"object_type": event.object_type}


@_told.register
def _(event: events.VerificationEnded) -> Told:
    certificate = event.certificate
    if certificate.exact:
        text, level = "compared with its vendor: no difference", INFO
    elif certificate.differences:
        mended = "all mended" if certificate.repaired else "not all mended"
        text = f"compared with its vendor: {certificate.differences} objects differed, {mended}"
        level = WARNING if certificate.repaired else ERROR
    else:
        text, level = "compared with its vendor: it did not come to its end", INFO
    detail: Detail = {"number": certificate.number, "reads": certificate.reads}
    return "verification_ended", level, text, detail


@_told.register
def _(event: events.VerificationAbandoned) -> Told:
    text = f"comparing with its vendor failed {event.attempt} times in a row: {event.error}"
    return "verification_failed", WARNING, text, {"reason": event.reason}


@_told.register
def _(event: events.ActionAttempted) -> Told:
    unsure = event.outcome in (AttemptOutcome.UNKNOWN, AttemptOutcome.UNCLEAR)
    text = f"{event.action_type}: {event.call}, attempt {event.attempt}: {event.outcome}"
    if event.error:
        text += f": {event.error}"
    detail: Detail = {"action": event.action_id, "trace_id": event.trace_id}
    return "action_attempted", WARNING if unsure else INFO, text, detail


@_told.register
def _(event: events.ActionEnded) -> Told:
    level = INFO if event.state is ActionState.SUCCEEDED else WARNING
    text = f"{event.action_type} {event.state}"
    if event.error:
        text += f": {event.error}"
    return "action_ended", level, text, {"action": event.action_id}


@_told.register
def _(event: events.ActionParked) -> Told:
    text = f"{event.action_type}: a person has to find out what became of it: {event.reason}"
    return "action_needs_person", ERROR, text, {"action": event.action_id}


@_told.register
def _(event: events.DriftFound) -> Told:
    text = f"{event.object_type} {event.object_id}: {event.field} is not as was asked for"
    return "drift_found", WARNING, text, {"action": event.action_id}


@_told.register
def _(event: events.DriftResolved) -> Told:
    text = f"{event.object_type} {event.object_id}: {event.field} is as was asked for, or replaced"
    return "drift_resolved", INFO, text, {"action": event.action_id}


@_told.register
def _(event: events.RoutingMoved) -> Told:
    text = f"routed work is {event.status.replace('_', ' ')}: {event.cause}"
    return "routing_moved", INFO, text, {"routing": event.routing_id}
