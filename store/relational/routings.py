"""A job's way to one company."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from store.action_models import ActionPriority
from store.job_models import FailedRoutings, NewOffer, Routing, TrackedObject
from store.relational.accounts import check_connected
from store.relational.action_limits import check_limit
from store.relational.deliveries import Delivery, add_deliveries
from store.relational.instants import to_text
from store.relational.job_rows import routing_of
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session

SQL = StatementNames("routings")

_FORSAKEN_AT_ONCE = 200
"""Each is a step of a routing, and may be one of its job: so many take a few milliseconds."""


def read_routing(connection: Session, routing_id: str) -> Routing | None:
    """Return one, without its history."""
    row = connection.execute(SQL["one"], (routing_id,)).fetchone()
    return None if row is None else routing_of(row)


def offer_again(
    connection: Session,
    routing_id: str,
    offer: NewOffer,
    at: datetime,
    instead_of: str | None,
) -> bool:
    """Deliver a failed one by a new action; False when it has not failed, or not by `instead_of`.

    Raises:
        UnknownAccountError: its company was disconnected or purged.
        ActionLimitError: one more of its kind does not keep to the limit.
    """
    parameters = {"id": routing_id, "instead_of": instead_of}
    row = connection.execute(SQL["offered"], parameters).fetchone()
    if row is None:
        return False
    account_id, number = row
    check_connected(connection, account_id)
    check_limit(connection, account_id, offer.limit, at)
    delivery = Delivery(account_id, routing_id, number, offer)
    add_deliveries(connection, [delivery], at, ActionPriority.USER)
    connection.execute(
        SQL["offer_again"], {"id": routing_id, "action_id": offer.action_id, "at": to_text(at)}
    )
    return True


def may_follow(connection: Session, routing_id: str, action_id: str) -> bool:
    """Tell whether the action may be asked for again: it delivers its routing, and no other does."""
    return connection.execute(SQL["may_follow"], (routing_id, action_id)).fetchone() is not None


def read_routings_of(
    connection: Session,
    account_id: str,
    objects: Sequence[tuple[str, str]],
    match_keys: Sequence[str],
) -> Sequence[Routing]:
    """Return those that hang on these objects, or have such a key, without histories."""
    rows = connection.execute(
        SQL["of_objects"],
        {
            "account_id": account_id,
            "objects": json_rows(objects),
            "match_keys": json_rows(match_keys),
        },
    )
    return [routing_of(row) for row in rows]


def read_tracked(
    connection: Session,
    account_id: str,
    limit: int,
    after_id: str,
    done_since: datetime | None = None,
) -> Sequence[TrackedObject]:
    """Return what at most `limit` unfinished ones behind `after_id` hang on, and some that are done."""
    wanted = {"account_id": account_id, "after_id": after_id, "limit": limit}
    if done_since is None:
        rows = connection.execute(SQL["tracked"], wanted)
    else:
        since = {"done_since": to_text(done_since)}
        rows = connection.execute(SQL["tracked_or_done"], wanted | since)
    return [
        TrackedObject(routing_id, owner_id, *key)
        for routing_id, owner_id, *keys in rows
        for key in (keys[:2], keys[2:])
        if None not in key
    ]


def failed_routings(connection: Session, since: datetime) -> Sequence[FailedRoutings]:
    """Return whose failed since then, how many, and why the last of them did."""
    rows = connection.execute(SQL["failed"], (to_text(since),))
    return [FailedRoutings(account_id, count, error) for account_id, count, error, _ in rows]


def routing_counts(connection: Session) -> Mapping[str, int]:
    """Return how many stand in each status."""
    return dict(connection.execute(SQL["counts"]).fetchall())


def forsake_some_routings(connection: Session, account_id: str, limit: int) -> bool:
    """End some that go on at an account that is purged; return whether there may be more."""
    parameters = {"account_id": account_id, "limit": min(limit, _FORSAKEN_AT_ONCE)}
    return connection.execute(SQL["forsake"], parameters).rowcount == parameters["limit"]
