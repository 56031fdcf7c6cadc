"""An alert as everybody outside sees it: over HTTP, in a webhook, in a mail."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.alerts.kinds import KINDS
from store.watch_models import Alert, AlertEvent, AlertHappening, Severity

AlertState = Literal["open", "acknowledged", "resolved"]


class AlertDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody should know."""

    id: Annotated[int, Meta(description="0 while the database takes no writes.")]
    kind: Annotated[str, Meta(description="Which kind: a name that does not change.")]
    subject: Annotated[str, Meta(description="What it is about; empty for the daemon itself.")]
    state: AlertState
    severity: Severity
    vendor: str | None
    account_id: str | None
    cause: str
    meaning: str
    what_to_do: str
    tried: Annotated[str, Meta(description="What was tried by itself; empty when nothing was.")]
    since: datetime
    escalations: Annotated[
        int, Meta(description="How often it was told again because nobody looked after it.")
    ]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    resolved_at: datetime | None
    resolution: Annotated[str | None, Meta(description="How it ended.")]


class AlertEventDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an alert, and the alert as it was then."""

    seq: Annotated[int, Meta(description="Numbers what is told; 0 while it can't be stored.")]
    event: AlertHappening
    at: datetime
    alert: AlertDocument


class AlertEventsDocument(msgspec.Struct, frozen=True):
    """What a webhook delivers: what happened to alerts, in order."""

    items: list[AlertEventDocument]
    next: Annotated[int, Meta(description="`after` for `GET /alerts/events`: the last `seq`.")]


def alert_document(alert: Alert) -> AlertDocument:
    """Show an alert."""
    kind = KINDS.get(alert.kind)
    return AlertDocument(
        id=alert.id,
        kind=alert.kind,
        subject=alert.subject,
        state=_state(alert),
        severity=alert.severity,
        vendor=alert.vendor,
        account_id=alert.account_id,
        cause=alert.cause,
        meaning="" if kind is None else kind.meaning,
        what_to_do="" if kind is None else kind.what_to_do,
        tried=alert.tried,
        since=alert.opened_at,
        escalations=alert.escalations,
        acknowledged_at=alert.acked_at,
        acknowledged_by=alert.acked_by,
        note=alert.note,
        resolved_at=alert.resolved_at,
        resolution=alert.resolution,
    )


def event_document(event: AlertEvent) -> AlertEventDocument:
    """Show what happened to an alert."""
    return AlertEventDocument(
        seq=event.seq, event=event.what, at=event.at, alert=alert_document(event.alert)
    )


def _state(alert: Alert) -> AlertState:
    if alert.resolved_at is not None:
        return "resolved"
    return "open" if alert.acked_at is None else "acknowledged"
