"""Single values that belong to the store as a whole."""

from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("metadata")


def read_metadata(connection: Session, key: str) -> bytes | None:
    """Return the value, if there is one."""
    row = connection.execute(SQL["get"], (key,)).fetchone()
    return None if row is None else bytes(row[0])


def write_metadata(connection: Session, key: str, value: bytes) -> None:
    """Store the value in the place of an earlier one."""
    connection.execute(SQL["put"], (key, value))


def write_check(connection: Session, filler_bytes: int) -> None:
    """Write something that really reaches the disk: a trifle, or as much as is asked for."""
    connection.execute(SQL["check"], {"filler_bytes": filler_bytes})
