"""One look at a type's export feed: news since the last one, or a page of a full reading.

The feed shows deleted rows as inactive, just like those that somebody only switched off (servicetitan
facts §1.9). The type's list knows the difference: it shows the latter, when asked to, and never the
former. A row that it does not show is claimed as gone.

How far the replica is covered: the feed's tokens tell nothing, and the times of its rows may be in
any order. But once it says that it has no more, it has told everything that it lets be seen by then:
that is the vendor's time of the last call, less `overlap` for changes that the feed shows late. How
late is not documented; a few minutes were seen.
"""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from actors.errors import RejectedError
from actors.vendors.base import Page, Session
from actors.vendors.servicetitan.client import IDS_A_CALL, ApiClient
from actors.vendors.servicetitan.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.servicetitan.parse import Row
from actors.vendors.servicetitan.position import (
    began_again,
    has_token,
    moved_on,
    reading_under_way,
    start,
)
from store.models import Cursor, ObjectRecord, Tombstone


async def feed_page(api: ApiClient, session: Session, cursor: Cursor, overlap: timedelta) -> Page:
    """Read the next page of the type that the cursor belongs to.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    kind = OBJECT_TYPES[cursor.object_type]
    try:
        answer = await api.export(session, kind, start(cursor))
    except RejectedError as error:
        if error.status != HTTPStatus.BAD_REQUEST or not has_token(cursor):
            raise
        # How long tokens live is not documented: one that is refused is given up (§1.9).
        return Page(vendor_time=None, objects=(), cursors=[began_again(cursor)], more=True)
    page, asked_at = answer.value, answer.asked_at
    objects, claims = await _sorted_out(api, session, kind, page.rows)
    until = None if asked_at is None else asked_at - overlap
    move = moved_on(cursor, page.token, more=page.more, until=until)
    reading = reading_under_way(cursor)
    comparing = reading is not None and reading.comparing
    return Page(
        vendor_time=asked_at,
        objects=objects,
        cursors=[move],
        claims=claims,
        seen=[(kind.name, record.object_id) for record in objects] if comparing else (),
        compares=[kind.name] if move.ends_comparison else (),
        more=page.more,
    )


async def _sorted_out(
    api: ApiClient, session: Session, kind: ObjectType, rows: Sequence[Row]
) -> tuple[Sequence[ObjectRecord], Sequence[Tombstone]]:
    """Return the objects that are there, and those that seem to be gone."""
    inactive = [row.record.object_id for row in rows if not row.active]
    there: set[str] = set()
    for first in range(0, len(inactive), IDS_A_CALL):
        there.update(await api.shown(session, kind, inactive[first : first + IDS_A_CALL]))
    objects, claims = [], []
    for row in rows:
        record = row.record
        if row.active or record.object_id in there:
            objects.append(record)
        else:
            claims.append(Tombstone(kind.name, record.object_id, record.updated_at))
    return objects, claims
