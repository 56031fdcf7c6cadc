"""What happened to accounts, who did what, and how accounts were."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import msgspec

from store.relational.instants import from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.plain_text import optional_plain, plain
from store.relational.session import Session
from store.watch_models import (
    AccountEvent,
    AccountEventFilter,
    AuditEntry,
    AuditFilter,
    Detail,
    PackedSamples,
)

SQL = StatementNames("watching")

_BEHIND_ALL = 1 << 62


def add_account_events(connection: Session, events: Sequence[AccountEvent]) -> None:
    """Store what happened, with one statement."""
    rows = [
        (
            *(plain(event.account_id), to_text(event.at), event.kind, event.level),
            *(plain(event.text), event.times, msgspec.json.encode(_plain(event.detail)).decode()),
        )
        for event in events
    ]
    connection.execute(SQL["add_account_events"], (json_rows(rows),))


def read_account_events(connection: Session, wanted: AccountEventFilter) -> Sequence[AccountEvent]:
    """Return a page of what happened to an account."""
    name = "account_events_before" if wanted.after is None else "account_events_after"
    return [
        AccountEvent(
            *(account_id, from_text(at), kind, level, text, times),
            detail=msgspec.json.decode(detail, type=dict[str, str | int | float | None]),
            id=number,
        )
        for account_id, at, kind, level, text, times, detail, number in connection.execute(
            SQL[name], asdict(wanted)
        )
    ]


def prune_account_events(connection: Session, before: datetime, limit: int) -> int:
    """Forget some of the oldest that are from before then."""
    given = {"before": to_text(before), "limit": limit}
    return connection.execute(SQL["prune_account_events"], given).rowcount


def forget_some_account_events(connection: Session, account_id: str, limit: int) -> bool:
    """Forget some of what happened to an account; tell whether there was any."""
    given = (account_id, limit)
    return connection.execute(SQL["forget_account_events"], given).rowcount > 0


def add_audit(connection: Session, entries: Sequence[AuditEntry]) -> None:
    """Store who did what."""
    rows = [
        (
            *(to_text(entry.at), plain(entry.who), plain(entry.peer), entry.what),
            *(plain(entry.outcome), optional_plain(entry.account_id), plain(entry.subject)),
        )
        for entry in entries
    ]
    connection.execute(SQL["add_audit"], (json_rows(rows),))


def read_audit(connection: Session, wanted: AuditFilter) -> Sequence[AuditEntry]:
    """Return a page of who did what, newest first."""
    name = "audit" if wanted.account_id is None else "audit_of_account"
    given = asdict(wanted) | {"before": wanted.before or _BEHIND_ALL}
    return [AuditEntry(from_text(at), *rest) for at, *rest in connection.execute(SQL[name], given)]


def put_health_samples(
    connection: Session, part: int, samples: PackedSamples, forget_before: datetime
) -> None:
    """Keep one check of a part of the accounts; forget the oldest."""
    connection.execute(SQL["put_health_samples"], (part, to_text(samples.at), samples.body))
    connection.execute(SQL["forget_health_samples"], (part, to_text(forget_before)))


def read_health_samples(connection: Session, part: int, since: datetime) -> Sequence[PackedSamples]:
    """Return the checks of a part, oldest first."""
    rows = connection.execute(SQL["health_samples"], (part, to_text(since)))
    return [PackedSamples(from_text(at), bytes(body)) for at, body in rows]


def _plain(detail: Detail) -> Detail:
    return {
        name: plain(value) if isinstance(value, str) else value for name, value in detail.items()
    }
