"""The numbered list of applied differences, which the triggers of `objects` write."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from store.models import Change, ChangeFilter, ChangeOp, Via
from store.sqlite.instants import from_text
from store.sqlite.named_sql import load_statements

SQL = load_statements("changes.sql")


def read_changes(connection: sqlite3.Connection, wanted: ChangeFilter) -> Sequence[Change]:
    """Return a page of changes in the order of `seq`."""
    rows = connection.execute(
        SQL["page"],
        {
            "after": wanted.after,
            "account_id": wanted.account_id,
            "object_type": wanted.object_type,
            "limit": wanted.limit,
        },
    )
    return [change_of(row) for row in rows]


def change_of(row: Sequence[Any]) -> Change:
    """Turn a row into a change."""
    return Change(
        seq=row[0],
        account_id=row[1],
        vendor=row[2],
        object_type=row[3],
        object_id=row[4],
        op=ChangeOp(row[5]),
        via=Via(row[6]),
        observed_at=from_text(row[7]),
        updated_at=from_text(row[8]),
    )


def last_seq(connection: sqlite3.Connection) -> int:
    """Return the newest change's number; 0 when there never was one."""
    (seq,) = connection.execute(SQL["last_seq"]).fetchone()
    return int(seq)


def forget_changes(
    connection: sqlite3.Connection, account_id: str, after: int, through: int
) -> None:
    """Delete the account's changes with `after < seq <= through`."""
    connection.execute(SQL["forget_range"], (after, through, account_id))
