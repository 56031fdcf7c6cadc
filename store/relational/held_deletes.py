"""Deletes that are too many to be made without a person's word."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from store.models import HeldDeletes
from store.relational.instants import from_text, optional_from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("held_deletes")


def hold_deletes(connection: Session, account_id: str, holds: Sequence[HeldDeletes]) -> None:
    """Note that these wait. A hold that goes on keeps when it was noticed, and what was confirmed."""
    for hold in holds:
        connection.execute(
            SQL["hold"],
            {
                "account_id": account_id,
                "object_type": hold.object_type,
                "count": hold.count,
                "live": hold.live,
                "sample": json.dumps(hold.sample),
                "at": to_text(hold.noticed_at),
            },
        )


def release_deletes(connection: Session, account_id: str, object_types: Sequence[str]) -> None:
    """Forget that deletes of these types wait; they need not."""
    # Nearly always none wait: looking first is a quarter of the work of every empty page's delete.
    if object_types and connection.execute(SQL["any"], (account_id,)).fetchone():
        connection.execute(SQL["release"], (account_id, json_rows(object_types)))


def confirm_deletes(
    connection: Session, account_id: str, counts: Mapping[str, int], at: datetime
) -> Sequence[HeldDeletes]:
    """Note that up to so many of each type may go; return the holds that this covers."""
    rows = connection.execute(
        SQL["confirm"],
        {"account_id": account_id, "counts": json_rows(list(counts.items())), "at": to_text(at)},
    ).fetchall()
    return sorted(map(_held, rows), key=lambda held: held.object_type)


def read_held_deletes(connection: Session, account_id: str) -> tuple[HeldDeletes, ...]:
    """Return the account's, by type."""
    return tuple(_held(row) for row in connection.execute(SQL["of_account"], (account_id,)))


def read_all_held_deletes(connection: Session) -> Mapping[str, tuple[HeldDeletes, ...]]:
    """Return all, by account; there are few."""
    found: defaultdict[str, tuple[HeldDeletes, ...]] = defaultdict(tuple)
    for account_id, *row in connection.execute(SQL["of_all"]):
        found[account_id] += (_held(row),)
    return found


def forget_held_deletes(connection: Session, account_id: str) -> None:
    """Forget all of the account's, and what was confirmed."""
    connection.execute(SQL["forget"], (account_id,))


def _held(row: Sequence[Any]) -> HeldDeletes:
    return HeldDeletes(
        object_type=row[0],
        count=row[1],
        live=row[2],
        sample=tuple(json.loads(row[3])),
        noticed_at=from_text(row[4]),
        confirmed_at=optional_from_text(row[5]),
        confirmed_count=row[6],
    )
