"""What a full reading came across, until it is over."""

from collections.abc import Sequence

from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("comparison")


def see(connection: Session, account_id: str, seen: Sequence[tuple[str, str]]) -> None:
    """Remember these types and ids."""
    if seen:
        connection.execute(SQL["see"], (account_id, json_rows(seen)))


def forget_seen(connection: Session, account_id: str, object_types: Sequence[str]) -> None:
    """Forget what was seen of these types."""
    if object_types:
        connection.execute(SQL["forget_types"], (account_id, json_rows(object_types)))


def unseen(
    connection: Session,
    account_id: str,
    object_type: str,
    limit: int,
    after_id: str = "",
) -> Sequence[str]:
    """Return ids behind `after_id`, held as not deleted, that were not seen, in their order."""
    rows = connection.execute(
        SQL["unseen"],
        {
            "account_id": account_id,
            "object_type": object_type,
            "after_id": after_id,
            "limit": limit,
        },
    )
    return [object_id for (object_id,) in rows]


def unseen_count(connection: Session, account_id: str, object_type: str) -> int:
    """Return how many ids held as not deleted were not seen."""
    (unseen_now,) = connection.execute(
        SQL["unseen_count"], {"account_id": account_id, "object_type": object_type}
    ).fetchone()
    return int(unseen_now)


def forget_some_seen(connection: Session, account_id: str, limit: int) -> bool:
    """Forget some of all that was seen; return whether there may be more."""
    return connection.execute(SQL["forget_some"], (account_id, limit)).rowcount == limit
