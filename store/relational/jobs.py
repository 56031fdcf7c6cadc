"""Jobs: entered with all that delivers them, and called off."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from store.action_models import ActionPriority
from store.errors import ActionLimitError, JobConflictError
from store.job_models import Job, NewJob, NewRouting, RoutingStatus
from store.relational.action_limits import check_limit
from store.relational.deliveries import Delivery, add_deliveries
from store.relational.instants import to_text
from store.relational.job_reading import SQL, read_job
from store.relational.job_rows import job_row
from store.relational.json_rows import json_rows
from store.relational.plain_text import plain
from store.relational.session import Session

_SAME_WITHIN = timedelta(hours=24)
_ENTERED = "the job was entered"
_DISCONNECTED = "the account is disconnected"


def accept_job(
    connection: Session, new: NewJob, routings: Sequence[NewRouting]
) -> tuple[Job, bool]:
    """Store a job, its routings and their actions, or return the one stored under its key.

    Raises:
        JobConflictError: the key stands for another job; or, without a key, the same was entered
            not long ago.
    """
    if new.idempotency_key is not None:
        earlier = connection.execute(SQL["with_key"], {"key": new.idempotency_key}).fetchone()
        if earlier is not None:
            job_id, fingerprint = earlier
            if fingerprint != new.fingerprint:
                raise JobConflictError("the idempotency key was used for another job", job_id)
            return _known(connection, job_id), False
    elif not new.allow_duplicate:
        what = {"account_id": new.account_id, "fingerprint": new.fingerprint}
        connection.execute(SQL["lock_same"], what).close()
        since = {"since": to_text(new.at - _SAME_WITHIN)}
        same = connection.execute(SQL["same_since"], {**what, **since})
        for (job_id,) in same:
            raise JobConflictError("the same was entered within the last 24 h", job_id)
    at = to_text(new.at)
    connection.execute(SQL["add"], job_row(new))
    _add_routings(connection, new, routings)
    connection.execute(SQL["add_first_events"], (new.id,))
    connection.execute(SQL["settle"], {"id": new.id, "at": at})
    return _known(connection, new.id), True


def cancel_job(connection: Session, job_id: str, at: datetime) -> Job | None:
    """Call off all of its routings that were certainly not sent; None when there is no such job.

    One that was put away is left as it is, and one that all of its companies have.
    """
    parameters = {"id": job_id, "at": to_text(at)}
    if connection.execute(SQL["call_off"], parameters).fetchone() is not None:
        connection.execute(SQL["call_off_deliveries"], parameters)
        connection.execute(SQL["call_off_failed"], parameters)
        connection.execute(SQL["settle"], parameters)
    return read_job(connection, job_id)


def _add_routings(connection: Session, new: NewJob, routings: Sequence[NewRouting]) -> None:
    accounts = {
        account_id: (vendor, bool(is_connected))
        for account_id, vendor, is_connected in connection.execute(
            SQL["offered_to"], (json_rows([routing.account_id for routing in routings]),)
        )
    }
    rows: list[tuple[object, ...]] = []
    deliveries = []
    for routing in routings:
        if routing.account_id not in accounts:
            continue
        vendor, is_connected = accounts[routing.account_id]
        reason = _why_not(connection, routing, new.at) if is_connected else _DISCONNECTED
        key = (routing.id, routing.account_id, vendor)
        if routing.offer is None or reason is not None:
            cause = plain(reason or RoutingStatus.FAILED)
            rows.append((*key, RoutingStatus.FAILED, cause, None, 0, cause))
        else:
            deliveries.append(Delivery(routing.account_id, routing.id, 1, routing.offer))
            rows.append((*key, RoutingStatus.PENDING, _ENTERED, routing.offer.action_id, 1, None))
    # Behind what it refers to.
    parameters = {"job_id": new.id, "at": to_text(new.at), "rows": json_rows(rows)}
    connection.execute(SQL["add_routings"], parameters)
    if deliveries:
        add_deliveries(connection, deliveries, new.at, ActionPriority.DELIVERY)


def _why_not(connection: Session, routing: NewRouting, at: datetime) -> str | None:
    if routing.offer is None:
        return routing.reason or "there is nothing to send"
    try:
        check_limit(connection, routing.account_id, routing.offer.limit, at)
    except ActionLimitError as error:
        return str(error)
    return None


def _known(connection: Session, job_id: str) -> Job:
    job = read_job(connection, job_id)
    if job is None:
        raise LookupError(job_id)
    return job
