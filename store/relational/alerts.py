"""Alerts, what happened to them, and how far each channel was told."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import msgspec

from store.relational.instants import from_text, optional_from_text, optional_to_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.plain_text import optional_plain, plain
from store.relational.session import Rows, Session
from store.watch_models import (
    Alert,
    AlertChange,
    AlertEvent,
    AlertFilter,
    AlertHappening,
    ChannelPosition,
    ParkedAction,
    Severity,
)

SQL = StatementNames("watching")

_INSTANTS = ("opened_at", "acked_at", "resolved_at")
_COLUMNS = tuple(field.name for field in fields(Alert))
"""In the order in which the statements name them."""

_STATEMENT = {
    AlertHappening.CHANGED: "alert_changed",
    AlertHappening.ESCALATED: "alert_escalated",
    AlertHappening.ACKNOWLEDGED: "alert_acknowledged",
    AlertHappening.RESOLVED: "alert_resolved",
}


def open_alerts(connection: Session) -> Sequence[Alert]:
    """Return every alert that is not resolved."""
    return [_alert(row) for row in connection.execute(SQL["open_alerts"])]


def read_alerts(connection: Session, wanted: AlertFilter) -> Sequence[Alert]:
    """Return a page of alerts, newest first."""
    return [_alert(row) for row in connection.execute(SQL["alerts"], asdict(wanted))]


def read_alert(connection: Session, alert_id: int) -> Alert | None:
    """Return one alert."""
    row = connection.execute(SQL["alert"], (alert_id,)).fetchone()
    return None if row is None else _alert(row)


def record_alerts(connection: Session, changes: Sequence[AlertChange]) -> Sequence[AlertEvent]:
    """Store what happens to alerts; return what is to be told."""
    told = []
    connection.execute(SQL["alerts_in_order"]).close()
    for change in changes:
        alert = _stored(connection, change)
        if alert is None or change.what is AlertHappening.CHANGED:
            continue
        row = (alert.id, str(change.what), to_text(change.at), msgspec.json.encode(alert).decode())
        (seq,) = connection.execute(SQL["add_alert_event"], row).fetchone()
        told.append(AlertEvent(seq, change.what, change.at, alert))
    return told


def read_alert_events(connection: Session, after: int, limit: int) -> Sequence[AlertEvent]:
    """Return what is to be told behind a number."""
    rows = connection.execute(SQL["alert_events"], (after, limit))
    return [
        AlertEvent(seq, AlertHappening(what), from_text(at), msgspec.json.decode(body, type=Alert))
        for seq, what, at, body in rows
    ]


def last_alert_seq(connection: Session) -> int:
    """Return the number of the newest event."""
    (seq,) = connection.execute(SQL["last_alert_seq"]).fetchone()
    return int(seq)


def prune_alerts(connection: Session, before: datetime, limit: int) -> int:
    """Forget some alerts that were resolved before then."""
    return _forget(connection, connection.execute(SQL["old_alerts"], (to_text(before), limit)))


def forget_alerts(connection: Session, account_id: str) -> None:
    """Forget all alerts about an account."""
    _forget(connection, connection.execute(SQL["alerts_of_account"], (account_id,)))


def parked_actions(connection: Session) -> Sequence[ParkedAction]:
    """Return every user's write that waits for a person."""
    return [ParkedAction(*row) for row in connection.execute(SQL["parked_actions"])]


def read_channel(connection: Session, name: str) -> ChannelPosition | None:
    """Return how far a channel was told."""
    row = connection.execute(SQL["channel"], (name,)).fetchone()
    if row is None:
        return None
    name, position, attempts, failing_at, next_at, last_error = row
    times = optional_from_text(failing_at), optional_from_text(next_at)
    return ChannelPosition(name, position, attempts, *times, last_error)


def put_channel(connection: Session, position: ChannelPosition) -> None:
    """Store how far a channel was told."""
    connection.execute(
        SQL["put_channel"],
        (
            position.name,
            position.position,
            position.attempts,
            optional_to_text(position.failing_at),
            optional_to_text(position.next_at),
            position.last_error,
        ),
    )


def _stored(connection: Session, change: AlertChange) -> Alert | None:
    """Write what happens to the open alert of its kind and subject, and return it as it is from now on.

    None when there is nothing to tell: it is over already, or open already.
    """
    alert = _plain(change.alert)
    if change.what is AlertHappening.TEST:
        return alert
    if change.what is not AlertHappening.RAISED:
        row = connection.execute(SQL[_STATEMENT[change.what]], _row(alert)).fetchone()
        return None if row is None else _alert(row)
    row = connection.execute(SQL["raise_alert"], _row(alert)).fetchone()
    if row is None:
        connection.execute(SQL["change_open_alert"], _row(alert)).close()
        return None
    return replace(alert, id=row[0])


def _plain(alert: Alert) -> Alert:
    return replace(
        alert,
        cause=plain(alert.cause),
        tried=plain(alert.tried),
        note=optional_plain(alert.note),
        resolution=optional_plain(alert.resolution),
    )


def _forget(connection: Session, rows: Rows) -> int:
    ids = [alert_id for (alert_id,) in rows]
    for name in ("forget_alert_events", "forget_alerts"):
        connection.execute(SQL[name], (json_rows(ids),))
    return len(ids)


def _row(alert: Alert) -> dict[str, Any]:
    row = asdict(alert)
    return row | {name: optional_to_text(row[name]) for name in _INSTANTS}


def _alert(row: Sequence[Any]) -> Alert:
    columns = dict(zip(_COLUMNS, row, strict=True))
    times = {name: optional_from_text(columns[name]) for name in _INSTANTS}
    return Alert(**columns | times | {"severity": Severity(columns["severity"])})
