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
        forgetting, accounts = connection.execute(SQL["forgetting"]).fetchone()
    finally:
        connection.execute("COMMIT")
    return StorePulse(looks, int(last_seq), int(changes), bool(forgetting), int(accounts))
