"""What vendors' webhooks said: kept before they are answered, and until a look has answered them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from store.models import ChangeOp, HintedChange
from store.notice import Notice, NoticeCheck, NoticesReceived, OpenNotices
from store.relational.instants import from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("notices")

_ROW_BYTES = 400
"""What a notice takes in the table and its indexes, roughly."""


def notices_bytes(notices: Sequence[Notice]) -> int:
    """Estimate how much a delivery writes at most."""
    return len(notices) * _ROW_BYTES


def receive_notices(
    connection: Session, vendor: str, notices: Sequence[Notice], at: datetime
) -> NoticesReceived:
    """Keep what is new of a delivery about connected companies."""
    (before,) = connection.execute(SQL["newest"]).fetchone()
    rows = json_rows(
        [
            (
                notice.external_account_id,
                notice.object_type,
                notice.object_id,
                notice.event_id,
                notice.operation,
                to_text(notice.occurred_at),
            )
            for notice in notices
        ]
    )
    given = {"vendor": vendor, "rows": rows, "at": to_text(at)}
    stored = connection.execute(SQL["receive"], given).rowcount
    strangers = 0
    if stored < len(notices):
        (strangers,) = connection.execute(
            SQL["strangers"], {"vendor": vendor, "rows": rows}
        ).fetchone()
    fresh = _by_account(connection, "fresh", before)
    return NoticesReceived(fresh, stored, len(notices) - stored - strangers, strangers)


def open_notices(connection: Session, account_id: str) -> Sequence[OpenNotices]:
    """Return what no look has answered yet, by type."""
    rows = connection.execute(SQL["open_of_account"], (account_id,))
    return tuple(OpenNotices(*row) for row in rows)


def open_of_shard(connection: Session, shard: int) -> Mapping[str, Sequence[OpenNotices]]:
    """Return what no look has answered yet, by account and type."""
    return _by_account(connection, "open_of_shard", shard)


def check_changes(
    connection: Session,
    account_id: str,
    check: NoticeCheck,
    before: int,
    at: datetime,
) -> tuple[Sequence[HintedChange], int]:
    """Hold the account's changes behind a number against its notices.

    Those that one tells of become `via: webhook`. Returns them, and how many are missed webhooks.
    """
    given = {"account_id": account_id, "before": before}
    told = connection.execute(SQL["hinted"], given).rowcount
    rows = connection.execute(SQL["hinted_changes"], given).fetchall() if told else []
    if rows:
        keys = json_rows([(object_type, object_id) for _, object_type, object_id, _ in rows])
        connection.execute(SQL["hinted_objects"], {"account_id": account_id, "keys": keys})
    hinted = [HintedChange(ChangeOp(op), _age_s(occurred_at, at)) for op, _, _, occurred_at in rows]
    return hinted, _missed(connection, account_id, check, before)


def answer_notices(
    connection: Session, account_id: str, answers: Sequence[OpenNotices], at: datetime
) -> None:
    """Note that a look has answered these and all older ones of their types."""
    if answers:
        numbers = json_rows([(each.object_type, each.newest) for each in answers])
        given = {"account_id": account_id, "answers": numbers, "at": to_text(at)}
        connection.execute(SQL["answer"], given)


def awaits(connection: Session, account_id: str, object_types: Sequence[str]) -> bool:
    """Tell whether an open notice about one of these types tells of what is not here yet."""
    if not object_types:
        return False
    given = {"account_id": account_id, "types": json_rows(object_types)}
    (found,) = connection.execute(SQL["awaits"], given).fetchone()
    return bool(found)


def prune_notices(
    connection: Session,
    received_before: datetime,
    forgotten_before: datetime,
    limit: int,
) -> int:
    """Delete some that were answered long ago, or never in a much longer time; return how many."""
    return connection.execute(
        SQL["prune"],
        {
            "received_before": to_text(received_before),
            "forgotten_before": to_text(forgotten_before),
            "limit": limit,
        },
    ).rowcount


def forget_some_notices(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some of the account's; return whether there may be more."""
    return connection.execute(SQL["forget_some"], (account_id, limit)).rowcount == limit


def _age_s(occurred_at: str, at: datetime) -> float:
    return max(0.0, (at - from_text(occurred_at)).total_seconds())


def _missed(connection: Session, account_id: str, check: NoticeCheck, before: int) -> int:
    if not check.missable or check.missed_since is None or check.missed_until is None:
        return 0
    (missed,) = connection.execute(
        SQL["missed"],
        {
            "account_id": account_id,
            "before": before,
            "since": to_text(check.missed_since),
            "until": to_text(check.missed_until),
            "types": json_rows(check.missable),
        },
    ).fetchone()
    return int(missed)


def _by_account(
    connection: Session, statement: str, given: int
) -> Mapping[str, Sequence[OpenNotices]]:
    found: defaultdict[str, list[OpenNotices]] = defaultdict(list)
    for account_id, object_type, newest in connection.execute(SQL[statement], (given,)):
        found[account_id].append(OpenNotices(object_type, newest))
    return dict(found)
