"""What shows that pages still come in and changes still go out."""

import sqlite3

from store.models import StorePulse
from store.sqlite.instants import from_text
from store.sqlite.named_sql import load_statements

SQL = load_statements("pulse.sql")


def read_pulse(connection: sqlite3.Connection, after: int) -> StorePulse:
    """Return it, all as of one moment: in one transaction."""
    connection.execute("BEGIN")
    try:
        looks = {vendor: from_text(at) for vendor, at in connection.execute(SQL["looks"])}
        last_seq, changes = connection.execute(SQL["feed"], {"after": after}).fetchone()
        (purges,) = connection.execute(SQL["purges"]).fetchone()
    finally:
        connection.execute("COMMIT")
    return StorePulse(looks, int(last_seq), int(changes), int(purges))


def count_purge(connection: sqlite3.Connection) -> None:
    """Note that one more account begins to be forgotten, in the transaction that fences it off.

    All of its changes have numbers by then: whoever reads the count finds no gaps behind the newest.
    """
    connection.execute(SQL["count_purge"])
