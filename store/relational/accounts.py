"""Connected companies, and who may write for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from store.errors import StaleEpochError, UnknownAccountError
from store.models import Account
from store.relational.instants import from_text, optional_from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("accounts")


def check_fence(connection: Session, account_id: str, epoch: int) -> None:
    """See that the caller still owns the account.

    Raises:
        StaleEpochError: it was claimed since, or is disconnected, or gone.
    """
    _check_epoch(connection.execute(SQL["fence"], (account_id,)).fetchone(), account_id, epoch)


def check_owner(connection: Session, account_id: str, epoch: int) -> None:
    """See the same, as it was a moment ago, without keeping others off.

    Raises:
        StaleEpochError: it was claimed since, or is disconnected, or gone.
    """
    _check_epoch(connection.execute(SQL["epoch"], (account_id,)).fetchone(), account_id, epoch)


def _check_epoch(row: Sequence[Any] | None, account_id: str, epoch: int) -> None:
    if row is None:
        raise StaleEpochError(f"account {account_id} is disconnected or gone")
    if row[0] != epoch:
        raise StaleEpochError(f"account {account_id} was claimed again: {epoch} is now {row[0]}")


def check_connected(connection: Session, account_id: str) -> None:
    """See that the account is not disconnected.

    Raises:
        UnknownAccountError: it is, or there is none.
    """
    if connection.execute(SQL["fence"], (account_id,)).fetchone() is None:
        raise UnknownAccountError(account_id)


def owns(connection: Session, account_id: str, epoch: int) -> bool:
    """Tell whether whoever claimed the account so is still its owner."""
    row = connection.execute(SQL["fence"], (account_id,)).fetchone()
    return row is not None and row[0] == epoch


def check_exists(connection: Session, account_id: str) -> None:
    """See that there is such an account.

    Raises:
        UnknownAccountError: there is none.
    """
    if connection.execute(SQL["exists"], (account_id,)).fetchone() is None:
        raise UnknownAccountError(account_id)


def claim_account(connection: Session, account_id: str) -> Account:
    """Raise the account's epoch.

    Raises:
        UnknownAccountError: there is no such account.
        StaleEpochError: it is disconnected.
    """
    row = connection.execute(SQL["claim_one"], (account_id,)).fetchone()
    if row is None:
        check_exists(connection, account_id)
        raise StaleEpochError(f"account {account_id} is disconnected")
    return account_of(row)


def claim_accounts(connection: Session, shard: int) -> Sequence[Account]:
    """Raise the epoch of each of the shard's accounts that is not disconnected."""
    return [account_of(row) for row in connection.execute(SQL["claim_shard"], (shard,))]


def connect_account(
    connection: Session,
    new_id: str,
    vendor: str,
    external_account_id: str,
    name: str,
    at: datetime,
) -> Account:
    """Add the company, or take up the one that is known."""
    row = connection.execute(
        SQL["connect"],
        {
            "id": new_id,
            "vendor": vendor,
            "external_account_id": external_account_id,
            "name": name,
            "at": to_text(at),
        },
    ).fetchone()
    return account_of(row)


def read_accounts(connection: Session) -> Sequence[Account]:
    """Return all, oldest first."""
    return [account_of(row) for row in connection.execute(SQL["all"])]


def read_account(connection: Session, account_id: str) -> Account:
    """Return one.

    Raises:
        UnknownAccountError: there is no such account.
    """
    return _known(connection.execute(SQL["one"], (account_id,)).fetchone(), account_id)


def pause_account(connection: Session, account_id: str, *, paused: bool) -> Account:
    """Pause it or let it go on.

    Raises:
        UnknownAccountError: there is no such account.
    """
    row = connection.execute(SQL["set_paused"], (paused, account_id)).fetchone()
    return _known(row, account_id)


def mark_reauthorization(connection: Session, account_id: str, cause: str) -> None:
    """Note that only the owner can help."""
    connection.execute(SQL["require_reauthorization"], (cause, account_id))


def mark_disconnected(connection: Session, account_id: str, at: datetime) -> int:
    """Fence every owner off; return the epoch at which it stays until it is connected again.

    Raises:
        UnknownAccountError: there is no such account.
    """
    row = connection.execute(SQL["disconnect"], {"id": account_id, "at": to_text(at)}).fetchone()
    if row is None:
        raise UnknownAccountError(account_id)
    return int(row[0])


def check_disconnected(connection: Session, account_id: str, epoch: int) -> None:
    """See that nobody connected the company again.

    Raises:
        StaleEpochError: somebody did.
    """
    if connection.execute(SQL["still_disconnected"], (account_id, epoch)).fetchone() is None:
        raise StaleEpochError(f"account {account_id} was connected again")


def move_watermark(
    connection: Session, account_id: str, at: datetime, object_types: Sequence[str]
) -> tuple[datetime | None, int]:
    """Recompute what the account is exact up to, and note that it was synced.

    Returns:
        What it is exact up to now, and the number of the newest change.
    """
    types = set(object_types)
    exact_as_of, last_seq = connection.execute(
        SQL["move_watermark"],
        {
            "id": account_id,
            "at": to_text(at),
            "types": json_rows(types),
            "type_count": len(types),
        },
    ).fetchone()
    return optional_from_text(exact_as_of), last_seq


def forget_freshness(connection: Session, account_id: str) -> None:
    """Vouch for nothing that the account holds."""
    connection.execute(SQL["forget_freshness"], (account_id,))


def forget_account(connection: Session, account_id: str) -> None:
    """Delete the account's own row, last of all that is its."""
    connection.execute(SQL["forget"], (account_id,))


def account_of(row: Sequence[Any]) -> Account:
    """Turn a row into an account."""
    return Account(
        id=row[0],
        vendor=row[1],
        external_account_id=row[2],
        name=row[3],
        shard=row[4],
        epoch=row[5],
        connected_at=from_text(row[6]),
        paused=bool(row[7]),
        reauth_cause=row[8],
        disconnected_at=optional_from_text(row[9]),
        exact_as_of=optional_from_text(row[10]),
        last_synced_at=optional_from_text(row[11]),
    )


def _known(row: Sequence[Any] | None, account_id: str) -> Account:
    if row is None:
        raise UnknownAccountError(account_id)
    return account_of(row)
