"""How far each type of each account was read."""

from collections.abc import Sequence
from datetime import datetime

from store.models import Cursor, CursorMove
from store.relational.accounts import check_exists
from store.relational.instants import optional_from_text, optional_to_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("cursors")


def move_cursors(
    connection: Session, account_id: str, at: datetime, moves: Sequence[CursorMove]
) -> None:
    """Put the cursors where the moves say. No type may be there twice.

    A full reading that begins answers the request for it. What a type is covered to never goes back,
    though it may become unknown.
    """
    if not moves:
        return
    # Types that were asked for together are covered up to one and the same instant.
    alike: dict[tuple[bool, datetime | None], dict[str, str]] = {}
    for move in moves:
        alike.setdefault((move.complete, move.covered_until), {})[move.object_type] = move.position
    synced_at = to_text(at)
    for (complete, covered_until), positions in alike.items():
        connection.execute(
            SQL["move"],
            {
                "account_id": account_id,
                "at": synced_at,
                "complete": complete,
                "covered_until": optional_to_text(covered_until),
                "positions": json_rows(positions),
            },
        )
    if begun := [move.object_type for move in moves if move.begins_comparison]:
        connection.execute(SQL["rescan_begun"], (account_id, json_rows(begun)))


def request_rescan(connection: Session, account_id: str, object_types: Sequence[str]) -> None:
    """Ask for a full reading of these types.

    Raises:
        UnknownAccountError: there is no such account.
    """
    check_exists(connection, account_id)
    connection.execute(SQL["request_rescan"], (account_id, json_rows(object_types)))


def read_cursors(connection: Session, account_id: str) -> Sequence[Cursor]:
    """Return the account's cursors, by object type."""
    return [cursor_of(row) for row in connection.execute(SQL["of_account"], (account_id,))]


def newest_covered(connection: Session, account_id: str) -> datetime | None:
    """Return up to when the account's best known type is covered, in vendor time."""
    (covered_until,) = connection.execute(SQL["newest_covered"], (account_id,)).fetchone()
    return optional_from_text(covered_until)


def reset_cursors(connection: Session, account_id: str) -> None:
    """Have each type read from end to end and compared with what is held, whatever that is."""
    connection.execute(SQL["reset"], (account_id,))


def forget_cursors(connection: Session, account_id: str) -> None:
    """Delete the account's cursors."""
    connection.execute(SQL["forget"], (account_id,))


def cursor_of(row: tuple[str, str, int, str | None, int, str | None]) -> Cursor:
    """Turn a row into a cursor."""
    object_type, position, complete, covered_until, rescan_requested, last_synced_at = row
    return Cursor(
        object_type,
        position,
        bool(complete),
        optional_from_text(covered_until),
        bool(rescan_requested),
        optional_from_text(last_synced_at),
    )
