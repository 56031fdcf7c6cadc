"""One look at change data capture: what happened to all types, in one call when it can be.

It gives at most 1,000 objects and does not say when it left some out, reaches back 30 days, and may
enforce that or not (quickbooks facts §4). An answer at either limit is not believed: the types are
asked for one by one, and one that cannot be told even so is read from end to end and compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from actors.errors import FeedExpiredError, TransientError
from actors.vendors.base import Page, Session
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.parse import FeedReply, Slice
from actors.vendors.quickbooks.position import listed, to_compare
from actors.vendors.quickbooks.rows import whole_records
from store.models import Cursor, CursorMove, ObjectRecord, Tombstone

CAP = 1000
LOOK_BACK = timedelta(days=30) - timedelta(hours=1)

_NO_ROWS = Slice()


async def feed_page(
    api: ApiClient, session: Session, cursors: Mapping[str, Cursor], overlap: timedelta
) -> Page:
    """Read what happened to these types since they were covered.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    together = await _trusted(api, session, tuple(cursors), _oldest(cursors.values()))
    replies: dict[str, FeedReply | None] = dict.fromkeys(cursors, together)
    if together is None and len(cursors) > 1:
        for name, cursor in cursors.items():
            replies[name] = await _trusted(api, session, (name,), _oldest([cursor]))
    objects: list[ObjectRecord] = []
    claims: list[Tombstone] = []
    moves: list[CursorMove] = []
    # One object for all types of a reply: there are as many as accounts, kept until the next poll.
    instants: dict[datetime, datetime] = {}
    for name, reply in replies.items():
        if reply is None:
            moves.append(to_compare(cursors[name]))
            continue
        until = instants.setdefault(reply.vendor_time, reply.vendor_time - overlap)
        if (rows := reply.slices.get(name, _NO_ROWS)) is not _NO_ROWS:
            objects += await whole_records(api, session, name, rows)
            claims += rows.claims
        moves.append(listed(cursors[name], until))
    return Page(
        vendor_time=min(
            (reply.vendor_time for reply in replies.values() if reply is not None), default=None
        ),
        objects=objects,
        cursors=moves,
        claims=claims,
    )


async def _trusted(
    api: ApiClient, session: Session, object_types: Sequence[str], since: datetime
) -> FeedReply | None:
    """Ask, and return the answer if it is surely all that happened."""
    try:
        reply = await api.changes(session, object_types, since)
    except FeedExpiredError:
        return None
    if not reply.whole and len(object_types) == 1:
        raise TransientError(f"the feed left out {object_types[0]}")
    expired = reply.vendor_time - since > LOOK_BACK
    return None if expired or reply.total >= CAP or not reply.whole else reply


def _oldest(cursors: Iterable[Cursor]) -> datetime:
    return min(each.covered_until for each in cursors if each.covered_until is not None)
