"""When a user's write is the same as an earlier one, whatever the clocks say."""

from datetime import datetime, timedelta

from store.relational.accounts import read_account
from store.relational.instants import optional_to_text, to_text
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("actions")

SAME = "the same was asked for within the last 24 h, or has not ended"

_WITHIN = timedelta(hours=24)


def same_not_long_ago(
    connection: Session,
    account_id: str,
    action_id: str,
    action_type: str,
    fingerprint: str,
    at: datetime,
) -> str | None:
    """Return another action that asked for the same not long ago.

    What the vendor was seen to have come to is never later than it is: a clock of ours that is
    wrong, or was when the other one was stored, lets nothing through.
    """
    exact_as_of = read_account(connection, account_id).exact_as_of
    parameters = {
        "account_id": account_id,
        "id": action_id,
        "type": action_type,
        "fingerprint": fingerprint,
        "since": to_text(at - _WITHIN),
        "vendor_since": optional_to_text(exact_as_of and exact_as_of - _WITHIN) or "",
    }
    row = connection.execute(SQL["same_since"], parameters).fetchone()
    return None if row is None else str(row[0])
