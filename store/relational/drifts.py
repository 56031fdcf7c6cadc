"""Where a vendor has something else than users' writes asked for, and when that is looked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from store.action_models import Mismatch
from store.drift import Comparison, ComparisonNoted, Drift, DriftFilter, DueComparison
from store.relational.accounts import check_fence
from store.relational.actions import read_action
from store.relational.instants import (
    from_text,
    optional_from_text,
    optional_to_text,
    to_text,
)
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("drifts")


def note_comparison(
    connection: Session, account_id: str, epoch: int, comparison: Comparison
) -> ComparisonNoted:
    """Store what a comparison came to.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    check_fence(connection, account_id, epoch)
    next_at = optional_to_text(comparison.next_at)
    connection.execute(
        SQL["compare_at"],
        {"account_id": account_id, "id": comparison.action_id, "compare_at": next_at},
    )
    if comparison.mismatches is None:
        return ComparisonNoted()
    at = to_text(comparison.at)
    seen = [
        see(
            connection,
            account_id,
            comparison.action_id,
            mismatch,
            at,
            changed_since=comparison.changed_since,
        )
        for mismatch in comparison.mismatches
    ]
    ids = json_rows([row[0] for row in seen])
    gone = connection.execute(
        SQL["resolve"], {"action_id": comparison.action_id, "at": at, "seen": ids}
    ).fetchall()
    opened = [_drift_of(row) for row in seen if row[-1]]
    return ComparisonNoted(opened, [_drift_of(row) for row in gone])


def see(
    connection: Session,
    account_id: str,
    action_id: str,
    mismatch: Mismatch,
    at: str,
    *,
    changed_since: bool,
) -> Sequence[Any]:
    """Note a mismatch; the row's last column tells whether it is new."""
    row: Sequence[Any] = connection.execute(
        SQL["see"],
        {
            "account_id": account_id,
            "action_id": action_id,
            "object_type": mismatch.object_type,
            "object_id": mismatch.object_id,
            "field": mismatch.field,
            "asked": mismatch.asked,
            "found": mismatch.found,
            "changed_since": changed_since,
            "at": at,
        },
    ).fetchone()
    return row


def see_all(
    connection: Session,
    account_id: str,
    action_id: str,
    mismatches: Sequence[Mismatch],
    at: datetime,
) -> None:
    """Note what the answer to a write shows, in the transaction that stores its end."""
    for mismatch in mismatches:
        see(connection, account_id, action_id, mismatch, to_text(at), changed_since=False)


def next_comparison(connection: Session, account_id: str) -> datetime | None:
    """Return when the next action is to be compared."""
    (at,) = connection.execute(SQL["next"], (account_id,)).fetchone()
    return optional_from_text(at)


def due_comparisons(
    connection: Session, account_id: str, at: datetime, limit: int
) -> Sequence[DueComparison]:
    """Return actions whose time to be compared has come."""
    ids = [row[0] for row in connection.execute(SQL["due"], (account_id, to_text(at), limit))]
    found = []
    for action_id in ids:
        action = read_action(connection, account_id, action_id)
        if action is not None:
            later = [row[0] for row in connection.execute(SQL["later_types"], (action_id,))]
            (drifting,) = connection.execute(SQL["is_drifting"], (action_id,)).fetchone()
            found.append(DueComparison(action, later, bool(drifting)))
    return found


def types_done_since(
    connection: Session,
    account_id: str,
    object_type: str,
    object_id: str,
    since: datetime,
) -> Sequence[str]:
    """Return the types of actions that were done to an object since then."""
    wanted = {
        "account_id": account_id,
        "object_type": object_type,
        "object_id": object_id,
        "since": to_text(since),
    }
    return [row[0] for row in connection.execute(SQL["types_done_since"], wanted)]


def read_drifts(connection: Session, wanted: DriftFilter) -> Sequence[Drift]:
    """Return a page of drifts, newest first."""
    object_type, object_id = wanted.of or (None, None)
    rows = connection.execute(
        SQL["page"],
        {
            "account_id": wanted.account_id,
            "is_open": wanted.is_open,
            "action_id": wanted.action_id,
            "object_type": object_type,
            "object_id": object_id,
            "before_id": wanted.before_id,
            "limit": wanted.limit,
        },
    )
    return [_drift_of(row) for row in rows]


def open_by_vendor(connection: Session) -> dict[str, int]:
    """Return how many drifts are open."""
    return dict(connection.execute(SQL["open_by_vendor"]).fetchall())


def forget_drifts(connection: Session, account_id: str) -> None:
    """Delete the account's drifts."""
    connection.execute(SQL["forget"], (account_id,))


def _drift_of(row: Sequence[Any]) -> Drift:
    return Drift(
        id=row[0],
        account_id=row[1],
        action_id=row[2],
        mismatch=Mismatch(*row[3:8]),
        changed_since=bool(row[8]),
        found_at=from_text(row[9]),
        seen_at=from_text(row[10]),
        resolved_at=optional_from_text(row[11]),
    )
