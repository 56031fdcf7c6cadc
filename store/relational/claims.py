"""Taking accounts over, with all that their actors go on from."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from store.models import ClaimedAccount, Cursor
from store.relational.accounts import claim_account, claim_accounts
from store.relational.actions import accounts_with_open_actions, has_work
from store.relational.credentials import (
    JOURNAL,
    credential_of,
    open_refresh_of,
    read_credential,
    read_open_refresh,
)
from store.relational.credentials import SQL as CREDENTIALS
from store.relational.cursors import SQL as CURSORS
from store.relational.cursors import read_cursors
from store.relational.held_deletes import read_all_held_deletes, read_held_deletes
from store.relational.instants import from_text
from store.relational.notices import open_notices, open_of_shard
from store.relational.session import Session
from store.relational.verifications import read_standing, standings_of_shard


def claim(connection: Session, account_id: str) -> ClaimedAccount:
    """Take one account over.

    Raises:
        UnknownAccountError: there is no such account.
        StaleEpochError: it is disconnected.
    """
    return ClaimedAccount(
        claim_account(connection, account_id),
        read_credential(connection, account_id),
        read_cursors(connection, account_id),
        read_open_refresh(connection, account_id),
        read_held_deletes(connection, account_id),
        open_notices(connection, account_id),
        read_standing(connection, account_id),
        has_work(connection, account_id),
    )


def claim_shard(connection: Session, shard: int) -> Sequence[ClaimedAccount]:
    """Take all the shard's accounts over, with one statement for each table."""
    with connection.reading_once():
        return _claim_shard(connection, shard)


def _claim_shard(connection: Session, shard: int) -> Sequence[ClaimedAccount]:
    accounts = claim_accounts(connection, shard)
    credentials = {
        row[0]: credential_of(row[1:])
        for row in connection.execute(CREDENTIALS["of_shard"], (shard,))
    }
    open_refreshes = {
        row[0]: open_refresh_of(row[1:])
        for row in connection.execute(JOURNAL["open_of_shard"], (shard,))
    }
    cursors = _cursors_of_shard(connection, shard)
    notices = open_of_shard(connection, shard)
    held = read_all_held_deletes(connection)
    standings = standings_of_shard(connection, shard)
    waiting = accounts_with_open_actions(connection, shard)
    return [
        ClaimedAccount(
            account,
            credentials.get(account.id),
            cursors.get(account.id, ()),
            open_refreshes.get(account.id),
            held.get(account.id, ()),
            notices.get(account.id, ()),
            standings.get(account.id),
            account.id in waiting,
        )
        for account in accounts
    ]


def _cursors_of_shard(connection: Session, shard: int) -> dict[str, Sequence[Cursor]]:
    """Keep equal texts and instants once: there may be 100,000 cursors, and most share theirs."""
    texts: dict[str, str] = {}
    instants: dict[str, datetime] = {}
    cursors: defaultdict[str, list[Cursor]] = defaultdict(list)

    def instant(text: str | None) -> datetime | None:
        if text is None:
            return None
        if text not in instants:
            instants[text] = from_text(text)
        return instants[text]

    for row in connection.execute(CURSORS["of_shard"], (shard,)):
        account_id, object_type, position, complete, covered_until, rescan, synced_at = row
        cursors[account_id].append(
            Cursor(
                texts.setdefault(object_type, object_type),
                texts.setdefault(position, position),
                bool(complete),
                instant(covered_until),
                bool(rescan),
                instant(synced_at),
            )
        )
    return {account_id: tuple(found) for account_id, found in cursors.items()}
