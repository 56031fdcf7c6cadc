"""What happens to an account's tokens: connected, renewed, refused."""

from collections.abc import Callable
from datetime import datetime

from store.errors import StaleEpochError
from store.models import Account, OpenRefresh, SealedCredential
from store.relational import accounts, credentials, metadata
from store.relational.credentials import RefreshOutcome
from store.relational.session import Session


def connect(
    connection: Session,
    vendor: str,
    external_account_id: str,
    name: str,
    credential: SealedCredential,
    at: datetime,
    new_id: str,
) -> tuple[Account, bool]:
    """Store a company and its tokens; return it and whether it is new."""
    account = accounts.connect_account(connection, new_id, vendor, external_account_id, name, at)
    credentials.put_credential(connection, account.id, credential)
    credentials.end_refresh(connection, account.id, RefreshOutcome.REPLACED, at)
    return account, account.id == new_id


def begin_refresh(
    connection: Session, account_id: str, epoch: int, token_hash: str, at: datetime
) -> OpenRefresh:
    """Note that the token is about to be spent.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    accounts.check_fence(connection, account_id, epoch)
    return credentials.begin_refresh(connection, account_id, token_hash, at)


def finish_refresh(
    connection: Session,
    account_id: str,
    epoch: int,
    spent: str,
    credential: SealedCredential,
    at: datetime,
) -> bool:
    """Store the new tokens and end the journal's entry; tell whether the caller owns the account.

    Whoever owned it earlier cannot replace a token that somebody has stored since. But he may deliver
    the answer to the very token that is still the stored one, for nobody else has that answer: the
    journal's entry for it is open. Whoever owns the account now holds the old token, and is fenced off.

    Raises:
        StaleEpochError: the caller does not own the account any more, and nothing was stored.
    """
    is_owner = True
    try:
        accounts.check_fence(connection, account_id, epoch)
    except StaleEpochError:
        entry = credentials.read_open_refresh(connection, account_id)
        if entry is None or entry.token_hash != spent:
            raise
        accounts.claim_account(connection, account_id)
        is_owner = False
    credentials.put_credential(connection, account_id, credential)
    credentials.end_refresh(connection, account_id, RefreshOutcome.REFRESHED, at)
    return is_owner


def require_reauthorization(
    connection: Session, account_id: str, epoch: int, cause: str, at: datetime
) -> None:
    """Note that only the owner can help, and end the journal's entry.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    accounts.check_fence(connection, account_id, epoch)
    accounts.mark_reauthorization(connection, account_id, cause)
    credentials.end_refresh(connection, account_id, RefreshOutcome.REFUSED, at)


def reseal(
    connection: Session,
    rotate: Callable[[bytes], bytes],
    metadata_key: str,
    metadata_value: bytes,
) -> int:
    """Seal all tokens anew and note by what; return how many there were."""
    changed = credentials.reseal_credentials(connection, rotate)
    metadata.write_metadata(connection, metadata_key, metadata_value)
    return changed
