"""The numbered list of applied differences, which the triggers of `objects` write."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from store.errors import ChangesForgottenError
from store.models import Change, ChangeFilter, ChangeOp, Via
from store.relational.instants import from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.metadata import read_metadata, write_metadata
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("changes")

_HORIZON = "changes.horizon"


def read_changes(connection: Session, wanted: ChangeFilter) -> Sequence[Change]:
    """Return a page of changes in the order of `seq`."""
    rows = connection.execute(
        SQL["page"],
        {
            "after": wanted.after,
            "account_id": wanted.account_id,
            "object_type": wanted.object_type,
            "account_ids": _json(wanted.account_ids),
            "object_types": _json(wanted.object_types),
            "limit": wanted.limit,
        },
    )
    found = [change_of(row) for row in rows]
    # Afterwards: what is forgotten meanwhile is told of, too.
    if wanted.complete and wanted.after < (forgotten := horizon(connection)):
        raise ChangesForgottenError(forgotten)
    return found


def _json(values: Sequence[str] | None) -> str | None:
    return None if values is None else json_rows(values)


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


def last_seq(connection: Session) -> int:
    """Return the newest change's number; 0 when there never was one."""
    (seq,) = connection.execute(SQL["last_seq"]).fetchone()
    return int(seq)


def horizon(connection: Session) -> int:
    """Return the newest change that was forgotten for its age; 0 when none was."""
    value = read_metadata(connection, _HORIZON)
    return 0 if value is None else int(value)


def prune_changes(connection: Session, before: datetime, limit: int) -> int:
    """Forget at most `limit` of the oldest changes, as far as nobody in the house needs them.

    Only from the oldest on: behind the horizon, which moves in the same piece, none is missing.
    """
    (followed,) = connection.execute(SQL["followed"]).fetchone()
    oldest = connection.execute(SQL["oldest"], {"through": followed, "limit": limit})
    forgotten, through, bound = 0, 0, to_text(before)
    for seq, observed_at in oldest:
        if observed_at >= bound:
            break
        forgotten, through = forgotten + 1, seq
    oldest.close()
    if forgotten:
        connection.execute(SQL["forget_through"], (through,))
        write_metadata(connection, _HORIZON, str(through).encode())
    return forgotten


def forget_changes(connection: Session, account_id: str, after: int, through: int) -> None:
    """Delete the account's changes with `after < seq <= through`."""
    connection.execute(SQL["forget_range"], (after, through, account_id))
