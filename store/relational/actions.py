"""The ledger of users' writes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from store.action_models import (
    ENDED,
    Action,
    ActionFilter,
    ActionLimit,
    ActionState,
    Attempt,
    AttemptEnd,
    NewAction,
    TakenIn,
)
from store.errors import ActionConflictError
from store.models import PageWrite, Via
from store.relational.accounts import check_connected, check_exists, check_fence, owns
from store.relational.action_duplicates import SAME, same_not_long_ago
from store.relational.action_limits import check_limit
from store.relational.action_rows import action_of, attempt_of, attempt_row
from store.relational.deliveries import stop_when_called_off
from store.relational.instants import optional_to_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.pages import apply_page
from store.relational.routings import may_follow
from store.relational.session import Session

SQL = StatementNames("actions")


def accept(connection: Session, new: NewAction) -> tuple[Action, bool]:
    """Store a new action, or return the one that was stored under its key.

    Raises:
        UnknownAccountError: there is no such account, or it was disconnected a moment ago: nobody
            would come for the action.
        ActionConflictError: the key is another action's, or the same was asked for already.
        ActionLimitError: there were as many of its kind within 24 hours as there may be.
    """
    check_exists(connection, new.account_id)
    if new.idempotency_key is not None:
        earlier = connection.execute(
            SQL["with_key"], (new.account_id, new.idempotency_key)
        ).fetchone()
        if earlier is not None:
            action_id, action_type, fingerprint = earlier
            if (action_type, fingerprint) != (new.action_type, new.fingerprint):
                raise ActionConflictError(
                    "the idempotency key was used for another action", action_id
                )
            return _known(connection, new.account_id, action_id), False
    elif not new.allow_duplicate:
        same = same_not_long_ago(
            connection, new.account_id, new.id, new.action_type, new.fingerprint, new.at
        )
        if same is not None:
            raise ActionConflictError(SAME, same)
    check_connected(connection, new.account_id)
    check_limit(connection, new.account_id, new.limit, new.at)
    connection.execute(
        SQL["add"],
        {
            "id": new.id,
            "account_id": new.account_id,
            "type": new.action_type,
            "payload": new.payload,
            "fingerprint": new.fingerprint,
            "idempotency_key": new.idempotency_key,
            "at": to_text(new.at),
        },
    )
    return _added(new), True


def _added(new: NewAction) -> Action:
    """Return what is stored of a new action: to read it back takes as long as to write it."""
    return Action(
        id=new.id,
        account_id=new.account_id,
        action_type=new.action_type,
        payload=new.payload,
        idempotency_key=new.idempotency_key,
        state=ActionState.PENDING,
        created_at=new.at,
        asked_at=new.at,
    )


def take_in(
    connection: Session,
    epoch: int,
    new: NewAction,
    attempt: Attempt,
    searched_from: datetime | None,
) -> TakenIn:
    """Store a new action and, when nothing is open before it, that it is being sent.

    Raises:
        UnknownAccountError, ActionConflictError: as `accept`.
    """
    check_exists(connection, new.account_id)
    is_free = not has_open_actions(connection, new.account_id)
    action, is_new = accept(connection, new)
    if not (is_new and is_free and owns(connection, new.account_id, epoch)):
        return TakenIn(action, is_new, begun=False)
    begin_attempt(connection, new.account_id, epoch, new.id, attempt, searched_from, 0)
    begun = replace(action, state=ActionState.SENDING, searched_from=searched_from)
    return TakenIn(begun, is_new=True, begun=True)


def keyed_action(connection: Session, account_id: str, key: str) -> Action | None:
    """Return the action that was stored under this key, if there is one."""
    row = connection.execute(SQL["with_key"], (account_id, key)).fetchone()
    return None if row is None else read_action(connection, account_id, row[0])


def begin_attempt(
    connection: Session,
    account_id: str,
    epoch: int,
    action_id: str,
    attempt: Attempt,
    searched_from: datetime | None,
    known_attempts: int,
) -> bool:
    """Note that the action is about to be sent; False when it ended or was tried meanwhile.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    check_fence(connection, account_id, epoch)
    row = connection.execute(
        SQL["begin"],
        {
            "account_id": account_id,
            "id": action_id,
            "at": to_text(attempt.at),
            "searched_from": optional_to_text(searched_from),
            "known_attempts": known_attempts,
        },
    ).fetchone()
    if row is None:
        return False
    connection.execute(SQL["add_attempt"], attempt_row(action_id, attempt))
    return True


def end_attempt(
    connection: Session, account_id: str, epoch: int, action_id: str, end: AttemptEnd
) -> bool:
    """Store the attempt's end, where the action stands, and the object as it is now.

    Returns False, and stores nothing, when it was decided on an older state of the ledger.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    check_fence(connection, account_id, epoch)
    attempt = end.attempt
    row = attempt_row(action_id, attempt)
    if end.known_attempts is not None:
        (attempts,) = connection.execute(SQL["attempt_count"], (action_id,)).fetchone()
        if attempts != end.known_attempts:
            return False
    if connection.execute(SQL["end_attempt"], row).rowcount == 0:
        connection.execute(SQL["add_attempt"], row)
    at = attempt.ended_at or attempt.at
    _stand(connection, account_id, action_id, end, at)
    record, tombstone = end.record, end.tombstone
    page = PageWrite(
        account_id=account_id,
        epoch=epoch,
        via=Via.ACTION,
        observed_at=at,
        object_types=(),
        objects=[record] if record and record.object_type in end.object_types else (),
        tombstones=[tombstone] if tombstone else (),
        look="action",
        trace_ids=[attempt.trace_id] if attempt.trace_id else (),
    )
    if page.objects or page.tombstones:
        apply_page(connection, page)
    return True


def close_action(
    connection: Session,
    account_id: str,
    epoch: int,
    action_id: str,
    end: AttemptEnd,
) -> None:
    """Store where the action stands, without an attempt.

    Raises:
        StaleEpochError: the caller does not own the account any more.
    """
    check_fence(connection, account_id, epoch)
    _stand(connection, account_id, action_id, end, end.attempt.at)


def _stand(
    connection: Session,
    account_id: str,
    action_id: str,
    end: AttemptEnd,
    at: datetime,
) -> None:
    result = end.result
    connection.execute(
        SQL["stand"],
        {
            "account_id": account_id,
            "id": action_id,
            "state": end.state.value,
            "at": to_text(at),
            "parked": end.parked,
            "last_error": end.last_error,
            "finished_at": to_text(at) if end.state in ENDED else None,
            "result_type": result.object_type if result else None,
            "result_id": result.object_id if result else None,
            "result_payload": result.payload if result else None,
            "compare_at": optional_to_text(end.compare_at),
        },
    )
    if end.state is ActionState.PENDING:
        stop_when_called_off(connection, account_id, action_id, at)


def revive(
    connection: Session,
    account_id: str,
    action_id: str,
    at: datetime,
    limit: ActionLimit | None = None,
) -> Action | None:
    """Ask for it again by hand; None when there is no such action.

    Raises:
        ActionConflictError: it succeeded, or is being sent; or it failed, and without a key the same
            was asked for again since; or it delivers no routing any more.
        ActionLimitError: it failed, and one more of its kind does not keep to the limit.
    """
    row = connection.execute(SQL["asked"], (account_id, action_id)).fetchone()
    if row is not None and row[4] is not None and not may_follow(connection, row[4], action_id):
        raise ActionConflictError(
            "the job was offered otherwise since, called off or put away", action_id
        )
    if row is not None and row[2] is None and row[3] == ActionState.FAILED:
        other = same_not_long_ago(connection, account_id, action_id, row[0], row[1], at)
        if other is not None:
            raise ActionConflictError("the same was asked for again since", other)
    if row is not None and row[3] == ActionState.FAILED:
        check_limit(connection, account_id, limit, at)
    return _by_hand(connection, "revive", account_id, action_id, at, "it cannot be tried again")


def cancel(connection: Session, account_id: str, action_id: str, at: datetime) -> Action | None:
    """Call it off; None when there is no such action.

    Raises:
        ActionConflictError: it may have happened, or has ended.
    """
    return _by_hand(connection, "cancel", account_id, action_id, at, "it cannot be canceled")


def _by_hand(
    connection: Session,
    statement: str,
    account_id: str,
    action_id: str,
    at: datetime,
    refusal: str,
) -> Action | None:
    parameters = {"account_id": account_id, "id": action_id, "at": to_text(at)}
    done = connection.execute(SQL[statement], parameters).fetchone()
    action = read_action(connection, account_id, action_id)
    if action is not None and done is None:
        raise ActionConflictError(f"{refusal}: it is {action.state}", action_id)
    return action


def read_action(connection: Session, account_id: str, action_id: str) -> Action | None:
    """Return one action with its attempts."""
    row = connection.execute(SQL["one"], (account_id, action_id)).fetchone()
    return None if row is None else _with_attempts(connection, [row])[0]


def read_actions(connection: Session, wanted: ActionFilter) -> Sequence[Action]:
    """Return a page of actions, newest first."""
    rows = connection.execute(
        SQL["page"],
        {
            "account_id": wanted.account_id,
            "state": wanted.state.value if wanted.state else None,
            "before_id": wanted.before_id,
            "limit": wanted.limit,
        },
    ).fetchall()
    return _with_attempts(connection, rows)


def open_actions(
    connection: Session,
    account_id: str,
    limit: int,
    after_id: str | None = None,
    without: Sequence[str] = (),
) -> Sequence[Action]:
    """Return what is still to be done, users' own first, oldest first; behind `after_id`, if given."""
    wanted: dict[str, object] = {"account_id": account_id, "limit": limit, "after_id": after_id}
    wanted["without"] = json_rows(without)
    return _with_attempts(connection, connection.execute(SQL["open"], wanted).fetchall())


def has_open_actions(connection: Session, account_id: str) -> bool:
    """Tell whether something is still to be done."""
    (has_open,) = connection.execute(SQL["has_open"], (account_id,)).fetchone()
    return bool(has_open)


def has_work(connection: Session, account_id: str) -> bool:
    """Tell whether something is still to be done, or to be compared with the vendor."""
    (has_some,) = connection.execute(SQL["has_work"], {"id": account_id}).fetchone()
    return bool(has_some)


def accounts_with_open_actions(connection: Session, shard: int) -> frozenset[str]:
    """Return the accounts for which something is still to be done."""
    return frozenset(row[0] for row in connection.execute(SQL["open_of_shard"], {"shard": shard}))


def action_counts(connection: Session) -> tuple[dict[str, int], int]:
    """Return how many actions there are in each state, and how many of them wait for a person."""
    (parked,) = connection.execute(SQL["parked"]).fetchone()
    return dict(connection.execute(SQL["counts"]).fetchall()), parked


def _known(connection: Session, account_id: str, action_id: str) -> Action:
    action = read_action(connection, account_id, action_id)
    if action is None:
        raise LookupError(action_id)
    return action


def _with_attempts(connection: Session, rows: Sequence[Sequence[Any]]) -> Sequence[Action]:
    attempts: defaultdict[str, list[Attempt]] = defaultdict(list)
    ids = json_rows([row[0] for row in rows])
    for row in connection.execute(SQL["attempts"], (ids,)):
        attempts[row[0]].append(attempt_of(row))
    return [action_of(row, tuple(attempts[row[0]])) for row in rows]
