"""One page of a type that is read by time."""

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from actors.errors import TransientError
from actors.vendors.base import Page, Session
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.keyset import Reason, Scan, advanced, window
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.parse import QueryReply, count_reply, query_reply
from actors.vendors.quickbooks.position import finished, moved_on, scan_under_way
from actors.vendors.quickbooks.rows import whole_records
from actors.vendors.quickbooks.statements import count_statement, page_statement
from store.models import Cursor


@dataclass(frozen=True, slots=True)
class _Step:
    reply: QueryReply
    next_scan: Scan | None


async def scan_page(api: ApiClient, session: Session, cursor: Cursor, overlap: timedelta) -> Page:
    """Read the next page of the type that the cursor belongs to.

    A poll of a type outside the feed compares it whole: by time alone no end would be found.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    kind = OBJECT_TYPES[cursor.object_type]
    scan = scan_under_way(cursor) or Scan(Reason.COMPARISON)

    def read(body: bytes) -> _Step:
        reply = query_reply(body, kind.name)
        return _Step(reply, advanced(scan, reply.rows.keys))

    step = await api.query(session, page_statement(kind, scan), read)
    if not step.reply.rows.keys:
        await _confirm_empty(api, session, kind, scan)
    records = await whole_records(api, session, kind.name, step.reply.rows)
    started_at = scan.started_at or step.reply.vendor_time
    if step.next_scan is None:
        move = finished(cursor, scan, started_at, overlap)
    else:
        next_scan = msgspec.structs.replace(step.next_scan, started_at=started_at)
        move = moved_on(cursor, scan, next_scan)
    return Page(
        vendor_time=step.reply.vendor_time,
        objects=records,
        cursors=[move],
        claims=step.reply.rows.claims,
        seen=[(kind.name, key) for key, _ in step.reply.rows.keys] if scan.comparing else (),
        compares=[kind.name] if move.ends_comparison else (),
        more=step.next_scan is not None,
    )


async def _confirm_empty(api: ApiClient, session: Session, kind: ObjectType, scan: Scan) -> None:
    """An empty page would end the reading: have it counted before it is believed.

    Rows that left a second while it was stepped through may leave fewer than come before the page.
    """
    reply = await api.query(
        session, count_statement(kind, scan), count_reply, operation=Operation.COUNT
    )
    rows = reply.rows
    if rows >= window(scan).first_row:
        raise TransientError(f"{kind.name} shows no rows and counts {rows}")
