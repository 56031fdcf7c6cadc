"""How many of an account's actions of a kind there may be within a day."""

from datetime import datetime, timedelta

from store.action_models import ActionLimit
from store.errors import ActionLimitError
from store.relational.instants import from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("actions")

LIMITED_WITHIN = timedelta(hours=24)


def check_limit(
    connection: Session, account_id: str, limit: ActionLimit | None, at: datetime
) -> None:
    """See that one more action keeps to the limit; what may have happened counts.

    Raises:
        ActionLimitError: it does not.
    """
    if limit is None:
        return
    row = connection.execute(
        SQL["nth_latest"],
        {
            "account_id": account_id,
            "types": json_rows(limit.action_types),
            "since": to_text(at - LIMITED_WITHIN),
            "before": limit.most - 1,
        },
    ).fetchone()
    if row is not None:
        raise ActionLimitError(limit.most, from_text(row[0]) + LIMITED_WITHIN)
