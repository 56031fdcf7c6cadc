"""One page of a type that is read by time."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from actors.errors import TransientError
from actors.vendors.base import Page, Session
from actors.vendors.caller import Pieces
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.keyset import Reason, Scan, advanced, page_rows, window
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.parse import QueryReply, count_reply, query_pieces, query_reply
from actors.vendors.quickbooks.position import finished, moved_on, scan_under_way
from actors.vendors.quickbooks.rows import whole_records
from actors.vendors.quickbooks.statements import count_statement, page_statement
from store.models import Cursor, ObjectRecord


@dataclass(frozen=True, slots=True)
class Step:
    """A page that was read, and where the reading goes on; None at its end."""

    scan: Scan
    reply: QueryReply
    next_scan: Scan | None


def scan_of(cursor: Cursor) -> Scan:
    """Return the reading of the type that the cursor belongs to.

    A poll of a type outside the feed compares it whole: by time alone no end would be found.
    """
    return scan_under_way(cursor) or Scan(Reason.COMPARISON)


def page_step(body: bytes, object_type: str, scan: Scan, most_rows: int | None) -> Step:
    """Read the answer to the query for the scan's next page.

    Raises:
        UnreadableReplyError: it is not that.
    """
    return _step(query_reply(body, object_type), scan, most_rows)


def _step(reply: QueryReply, scan: Scan, most_rows: int | None) -> Step:
    return Step(scan, reply, advanced(scan, reply.rows.keys, page_rows(most_rows)))


def page_of(
    cursor: Cursor, step: Step, records: Sequence[ObjectRecord], overlap: timedelta
) -> Page:
    """Make a page of what was read; `records` are its rows, all of them whole."""
    name, scan, reply = cursor.object_type, step.scan, step.reply
    started_at = scan.started_at or reply.vendor_time
    if step.next_scan is None:
        move = finished(cursor, scan, started_at, overlap)
    else:
        next_scan = msgspec.structs.replace(step.next_scan, started_at=started_at)
        move = moved_on(cursor, scan, next_scan)
    return Page(
        vendor_time=reply.vendor_time,
        objects=records,
        cursors=[move],
        claims=reply.rows.claims,
        seen=[(name, key) for key, _ in reply.rows.keys] if scan.comparing else (),
        compares=[name] if move.ends_comparison else (),
        more=step.next_scan is not None,
    )


async def scan_page(
    api: ApiClient,
    session: Session,
    cursor: Cursor,
    overlap: timedelta,
    most_rows: int | None = None,
) -> Page:
    """Read the next page of the type that the cursor belongs to.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    kind = OBJECT_TYPES[cursor.object_type]
    scan = scan_of(cursor)

    def steps(body: bytes) -> Generator[None, None, Step]:
        return _step((yield from query_pieces(body, kind.name)), scan, most_rows)

    def read(body: bytes) -> Step | Pieces[Step]:
        return Pieces(steps(body))

    step = await api.query(session, page_statement(kind, scan, most_rows), read)
    if not step.reply.rows.keys:
        await _confirm_empty(api, session, kind, scan)
    records = await whole_records(api, session, kind.name, step.reply.rows)
    return page_of(cursor, step, records, overlap)


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
