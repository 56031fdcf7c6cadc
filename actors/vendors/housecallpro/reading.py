"""One look at a type: a page of a reading from end to end, or only the news when a webhook hints.

No list can be asked for what changed, and only a reading from end to end shows what is gone
(housecallpro facts §2.2, §2.5). So each poll reads all, oldest first: rows that come meanwhile are at the end. A
row that slips to a page already read, because one before it went, is claimed as gone, and the second
witness finds it.

When a notice came in between, the last changed rows are read ahead, down to where the last reading
began. What it covered stays as it is: a row that is gone is not among them, and one may have jumped.
"""

from datetime import datetime, timedelta

from actors.vendors.base import Look, Page, Session
from actors.vendors.housecallpro.client import ApiClient, Order
from actors.vendors.housecallpro.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.housecallpro.parse import record
from actors.vendors.housecallpro.position import moved_on, to_make, under_way, unmoved
from store.models import Cursor, ObjectRecord

MOST_NEWS_PAGES = 5
"""Where more has changed, all is read."""


async def read_page(
    api: ApiClient, session: Session, look: Look, overlap: timedelta, compare_every: timedelta
) -> Page:
    """Make the look.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    cursor = look.cursors[look.key]
    kind = OBJECT_TYPES[cursor.object_type]
    if look.hinted and kind.has_time and cursor.complete and under_way(cursor) is None:
        news = await _news(api, session, kind, cursor, compare_every)
        if news is not None:
            return news
    reading = to_make(cursor)
    answer = await api.page(session, kind, reading.page, Order.OLDEST_FIRST)
    last = reading.page >= answer.value.pages or not answer.value.rows
    move = moved_on(cursor, reading, last=last, asked_at=answer.asked_at, overlap=overlap)
    objects = [record(kind, shown, answer.seen_at) for shown in answer.value.rows]
    return Page(
        vendor_time=answer.asked_at,
        objects=objects,
        cursors=[move],
        seen=[(kind.name, each.object_id) for each in objects] if reading.comparing else (),
        compares=[kind.name] if move.ends_comparison else (),
        more=not last,
    )


async def _news(
    api: ApiClient, session: Session, kind: ObjectType, cursor: Cursor, compare_every: timedelta
) -> Page | None:
    """Read what changed since the last reading began; None when all must be read instead."""
    since = cursor.covered_until
    if since is None:
        return None
    objects: list[ObjectRecord] = []
    vendor_time: datetime | None = None
    for number in range(1, MOST_NEWS_PAGES + 1):
        answer = await api.page(session, kind, number, Order.LAST_CHANGED_FIRST)
        if answer.asked_at is None or answer.asked_at - since > compare_every:
            return None
        vendor_time = vendor_time or answer.asked_at
        objects += [record(kind, shown, answer.seen_at) for shown in answer.value.rows]
        if number >= answer.value.pages or objects[-1].updated_at < since:
            return Page(vendor_time, objects, [unmoved(cursor)])
    return None
