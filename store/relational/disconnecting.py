"""Letting go of accounts: keeping their data, or forgetting all."""

from datetime import datetime

from store.relational.account_events import forget_some_account_events
from store.relational.accounts import (
    check_disconnected,
    forget_account,
    forget_freshness,
    mark_disconnected,
)
from store.relational.alerts import forget_alerts
from store.relational.changes import forget_changes, last_seq
from store.relational.companies import forget_company
from store.relational.comparison import forget_some_seen
from store.relational.credentials import (
    RefreshOutcome,
    end_refresh,
    forget_credential,
    forget_journal,
)
from store.relational.cursors import forget_cursors, reset_cursors
from store.relational.disconnected_actions import forget_actions, let_go_of_actions
from store.relational.drifts import forget_drifts
from store.relational.finance_keeping import forget_copy, forget_some_documents, forget_totals
from store.relational.held_deletes import forget_held_deletes
from store.relational.history import forget_some_history, forget_some_looks
from store.relational.mends import forget_some_mends
from store.relational.notices import forget_some_notices
from store.relational.objects import forget_some_objects
from store.relational.pulse import count_purge
from store.relational.reads import forget_reads
from store.relational.routings import forsake_some_routings
from store.relational.session import Session
from store.relational.verifications import forget_verifications

_ROWS_PER_PIECE = 2_000
_SEQS_PER_PIECE = 50_000
_PIECES = (
    forget_some_objects,
    forget_some_history,
    forget_some_mends,
    # After all that refers to them.
    forget_some_looks,
    forget_some_seen,
    forget_some_notices,
    # After the objects: what is begun now finds none to copy.
    forget_some_documents,
    forget_some_account_events,
    forsake_some_routings,
)


def disconnect(connection: Session, account_id: str, at: datetime, *, purge: bool) -> int:
    """Fence the account's actor off and forget its tokens; return the epoch that this gave it.

    With `purge`, vouch for nothing of it any more: a purge that breaks off leaves holes, which an
    account that is connected again finds by reading and comparing everything.

    Raises:
        UnknownAccountError: there is no such account.
    """
    epoch = mark_disconnected(connection, account_id, at)
    forget_credential(connection, account_id)
    end_refresh(connection, account_id, RefreshOutcome.DISCONNECTED, at)
    forget_held_deletes(connection, account_id)
    let_go_of_actions(connection, account_id, at)
    if purge:
        reset_cursors(connection, account_id)
        forget_freshness(connection, account_id)
        count_purge(connection)
    return epoch


def purge_piece(connection: Session, account_id: str, epoch: int, seq: int) -> int | None:
    """Forget a piece of a disconnected account, small enough that others can write in between.

    Args:
        connection: with a transaction open.
        account_id: whose data.
        epoch: what `disconnect` returned.
        seq: changes up to this one are forgotten already; 0 at first.

    Returns:
        The `seq` for the next piece, or None when nothing is left of the account.

    Raises:
        StaleEpochError: the company was connected again since.
    """
    check_disconnected(connection, account_id, epoch)
    # In each piece: a view that is asked for meanwhile begins a copy.
    forget_copy(connection, account_id)
    if any(forget(connection, account_id, _ROWS_PER_PIECE) for forget in _PIECES):
        return seq
    if seq < last_seq(connection):
        forget_changes(connection, account_id, seq, seq + _SEQS_PER_PIECE)
        return seq + _SEQS_PER_PIECE
    forget_totals(connection, account_id)
    forget_drifts(connection, account_id)
    forget_actions(connection, account_id)
    forget_journal(connection, account_id)
    forget_cursors(connection, account_id)
    forget_reads(connection, account_id)
    forget_verifications(connection, account_id)
    forget_alerts(connection, account_id)
    forget_company(connection, account_id)
    forget_account(connection, account_id)
    return None
