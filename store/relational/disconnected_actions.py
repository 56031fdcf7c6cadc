"""What becomes of users' writes when their account is disconnected."""

from datetime import datetime

from store.relational.actions import SQL
from store.relational.instants import to_text
from store.relational.session import Session


def let_go_of_actions(connection: Session, account_id: str, at: datetime) -> None:
    """End what was not sent, and leave what may have happened to a person: nobody can look any more."""
    parameters = {"account_id": account_id, "at": to_text(at)}
    connection.execute(SQL["fail_unsent"], parameters)
    connection.execute(SQL["park_unsure"], parameters)


def forget_actions(connection: Session, account_id: str) -> None:
    """Delete the account's actions."""
    connection.execute(SQL["forget_attempts"], (account_id,))
    connection.execute(SQL["forget"], (account_id,))
