"""Sealed tokens, and the journal of how they were renewed."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from store.models import OpenRefresh, SealedCredential
from store.relational.instants import from_text, optional_from_text, optional_to_text, to_text
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("credentials")
JOURNAL = StatementNames("refresh_journal")


class RefreshOutcome(StrEnum):
    """How an entry of the journal ended."""

    REFRESHED = "refreshed"
    REFUSED = "refused"
    REPLACED = "replaced"
    DISCONNECTED = "disconnected"


def put_credential(connection: Session, account_id: str, credential: SealedCredential) -> None:
    """Store the tokens in the place of the old ones."""
    connection.execute(
        SQL["put"],
        (
            account_id,
            credential.sealed,
            to_text(credential.obtained_at),
            to_text(credential.access_expires_at),
            optional_to_text(credential.refresh_expires_at),
            optional_to_text(credential.refresh_hard_expires_at),
        ),
    )


def read_credential(connection: Session, account_id: str) -> SealedCredential | None:
    """Return the tokens, if there are any."""
    row = connection.execute(SQL["one"], (account_id,)).fetchone()
    return None if row is None else credential_of(row)


def reseal_credentials(connection: Session, rotate: Callable[[bytes], bytes]) -> int:
    """Replace all that is sealed by what `rotate` makes of it; return how many this changed."""
    changed = [
        (anew, account_id)
        for account_id, sealed in connection.execute(SQL["all_sealed"]).fetchall()
        if (anew := rotate(sealed)) != sealed
    ]
    connection.executemany(SQL["reseal"], changed)
    return len(changed)


def forget_credential(connection: Session, account_id: str) -> None:
    """Delete the tokens."""
    connection.execute(SQL["forget"], (account_id,))


def begin_refresh(
    connection: Session, account_id: str, token_hash: str, at: datetime
) -> OpenRefresh:
    """Open an entry for the token, or count up the one that is open for it."""
    found = read_open_refresh(connection, account_id)
    if found is not None and found.token_hash == token_hash:
        row = connection.execute(JOURNAL["try_again"], (account_id, token_hash)).fetchone()
        return open_refresh_of(row)
    if found is not None:
        end_refresh(connection, account_id, RefreshOutcome.REPLACED, at)
    connection.execute(JOURNAL["begin"], (account_id, token_hash, to_text(at)))
    if connection.execute(JOURNAL["is_long"], (account_id,)).fetchone() is not None:
        connection.execute(JOURNAL["trim"], {"account_id": account_id})
    return OpenRefresh(token_hash, at, attempts=1)


def end_refresh(
    connection: Session, account_id: str, outcome: RefreshOutcome, at: datetime
) -> None:
    """Close the open entry, if there is one."""
    connection.execute(
        JOURNAL["end"], {"account_id": account_id, "outcome": outcome.value, "at": to_text(at)}
    )


def read_open_refresh(connection: Session, account_id: str) -> OpenRefresh | None:
    """Return the open entry, if there is one."""
    row = connection.execute(JOURNAL["open_entry"], (account_id,)).fetchone()
    return None if row is None else open_refresh_of(row)


def forget_journal(connection: Session, account_id: str) -> None:
    """Delete the account's entries."""
    connection.execute(JOURNAL["forget"], (account_id,))


def credential_of(row: Sequence[Any]) -> SealedCredential:
    """Turn a row into a credential."""
    return SealedCredential(
        row[0],
        from_text(row[1]),
        from_text(row[2]),
        optional_from_text(row[3]),
        optional_from_text(row[4]),
    )


def open_refresh_of(row: Sequence[Any]) -> OpenRefresh:
    """Turn a row into an open entry."""
    return OpenRefresh(row[0], from_text(row[1]), row[2])
