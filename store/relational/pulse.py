"""What shows that pages still come in and changes still go out."""

from store.models import StorePulse
from store.relational.instants import from_text
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("pulse")


def read_pulse(connection: Session, after: int, node: str | None = None) -> StorePulse:
    """Return it, all as of one moment: in one transaction."""
    with connection.one_moment():
        rows = connection.execute(SQL["looks"], {"node": node})
        looks = {vendor: from_text(at) for vendor, at in rows}
        last_seq, changes = connection.execute(SQL["feed"], {"after": after}).fetchone()
        (purges,) = connection.execute(SQL["purges"]).fetchone()
    return StorePulse(looks, int(last_seq), int(changes), int(purges))


def count_purge(connection: Session) -> None:
    """Note that one more account begins to be forgotten, in the transaction that fences it off.

    All of its changes have numbers by then: whoever reads the count finds no gaps behind the newest.
    """
    connection.execute(SQL["count_purge"])
