"""What was put right in the replica without news of it from the vendor, until a certificate names it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from store.models import PageWrite
from store.relational.instants import to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session
from store.verification import Difference, Mend, NotedMend

SQL = StatementNames("mends")

_KEPT_UNNAMED = timedelta(days=366)
"""Where nothing is verified no certificate ever names them; a paused account's may after a year."""
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def note_mends(
    connection: Session, page: PageWrite, mends: Sequence[Mend], look_id: int | None
) -> Sequence[Mend]:
    """Note those that the page, stored under this number in the same transaction, has put right."""
    if not mends or look_id is None:
        return ()
    rows = connection.execute(
        SQL["note"],
        {
            "account_id": page.account_id,
            "via": page.via.value,
            "at": to_text(page.observed_at),
            "look_id": look_id,
            "mends": json_rows(
                [(each.object_type, each.object_id, each.difference.value) for each in mends]
            ),
        },
    )
    return [Mend(name, object_id, Difference(kind)) for name, object_id, kind in rows.fetchall()]


def note_removed(connection: Session, page: PageWrite, object_type: str, object_id: str) -> Mend:
    """Note that a row was taken out."""
    made_up = Mend(object_type, object_id, Difference.EXTRA)
    values = (page.account_id, object_type, object_id, made_up.difference.value)
    connection.execute(SQL["note_removed"], (*values, page.via.value, to_text(page.observed_at)))
    return made_up


def unnamed_mends(connection: Session, account_id: str) -> Sequence[NotedMend]:
    """Return what was put right and no certificate names, oldest first."""
    return [
        NotedMend(number, Mend(object_type, object_id, Difference(kind)))
        for number, object_type, object_id, kind in connection.execute(
            SQL["unnamed"], (account_id,)
        )
    ]


def unnamed_count(connection: Session, account_id: str) -> int:
    """Return how many rows were put right that no certificate names."""
    (count,) = connection.execute(SQL["unnamed_count"], (account_id,)).fetchone()
    return int(count)


def name_mends(connection: Session, account_id: str, through: int, number: int) -> None:
    """Note that the certificate of this number names those up to `through`."""
    values = {"account_id": account_id, "through": through, "number": number}
    connection.execute(SQL["name"], values)


def prune_mends(connection: Session, before: datetime, limit: int) -> int:
    """Forget the oldest ones from before then, unnamed ones a year later; return how many."""
    unnamed_before = before - min(_KEPT_UNNAMED, before - _FIRST)
    bounds = {
        "before": to_text(before),
        "unnamed_before": to_text(unnamed_before),
        "limit": limit,
    }
    return connection.execute(SQL["prune"], bounds).rowcount


def forget_some_mends(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some of the account's; return whether there may be more."""
    return connection.execute(SQL["forget_some"], (account_id, limit)).rowcount == limit
