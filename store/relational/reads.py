"""How many metered reads were made."""

from collections.abc import Mapping

from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("reads")

WHOLE_APP = ""
"""Stands where an account's id would: the reads of all accounts together."""


def note_reads(connection: Session, vendor: str, month: str, count: int) -> int:
    """Count so many more for the whole app; return the month's sum."""
    (noted,) = connection.execute(SQL["note"], (vendor, month, count)).fetchone()
    return int(noted)


def add_reads(connection: Session, vendor: str, month: str, by_account: Mapping[str, int]) -> None:
    """Count so many more for each of these accounts."""
    connection.execute(SQL["add"], (vendor, month, json_rows(list(by_account.items()))))


def read_reads(connection: Session, vendor: str, month: str, account_id: str) -> int:
    """Return what was counted for the account, or for the whole app."""
    row = connection.execute(SQL["get"], (vendor, month, account_id)).fetchone()
    return 0 if row is None else int(row[0])


def forget_reads(connection: Session, account_id: str) -> None:
    """Forget which reads were the account's; they stay counted for the whole app."""
    connection.execute(SQL["forget"], (account_id,))
