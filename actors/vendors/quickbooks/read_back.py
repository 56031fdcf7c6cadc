"""Finds out whether a write whose answer was lost happened. Reads only; never sends it again.

A new object is looked for among all of its type that were created since, by the mark in its note:
the vendor's statements can't filter by notes (quickbooks facts §2.1). Objects that may have been
deleted meanwhile are listed by change data capture. An object that was to be changed is read itself.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Session
from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.instant import EARLIEST
from actors.vendors.quickbooks.action_types import ACTION_TYPES, NAMED, Act
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.drift import differences
from actors.vendors.quickbooks.faults import OBJECT_GONE
from actors.vendors.quickbooks.keyset import PAGE_ROWS
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.operation import Operation
from actors.vendors.quickbooks.parse import QueryReply, query_reply, read_reply
from actors.vendors.quickbooks.statements import created_statement, names_statement
from actors.vendors.quickbooks.timestamps import as_utc
from actors.vendors.quickbooks.write_request import read_base, target_of
from actors.vendors.quickbooks.write_trace import (
    created_at,
    has_changes,
    is_void,
    marked,
    name_condition,
    unmarked_twin,
    was_sent,
)
from actors.vendors.writing import Intent, NotFound, ReadBack, Target, Unclear, Written
from store.models import ObjectRecord

_OVERLAP_ROWS = 100


class _Timed(msgspec.Struct):
    time: datetime


async def read_back(api: ApiClient, session: Session, intent: Intent, since: datetime) -> ReadBack:
    """Find out what became of the write.

    Raises:
        VendorError: it can't be found out now.
    """
    act = ACTION_TYPES[intent.action_type].act
    target = target_of(intent.action_type, intent.payload)
    kind = OBJECT_TYPES[target.object_type]
    if act is Act.CREATE:
        if kind.name in NAMED:
            return await _by_name(api, session, kind, intent, since)
        return await _by_mark(api, session, kind, intent, since)
    vendor_time, record = await _read_timed(api, session, kind, str(target.object_id))
    return _judged(act, intent, target, vendor_time, record)


def _judged(
    act: Act,
    intent: Intent,
    target: Target,
    vendor_time: datetime,
    record: ObjectRecord | None,
) -> ReadBack:
    """Say what the object, as it is now, tells about the write."""
    if record is None:
        if act is Act.DELETE:
            return Written(target, None)
        return Unclear(f"{target.object_type} {target.object_id} is gone")
    base = read_base(intent)
    if act is Act.SEND:
        sent = was_sent(base, record.payload)
        return Written(target, record) if sent else NotFound(vendor_time)
    if record.version == base.version:
        # The vendor takes a version token once: a repeat cannot change the object twice.
        return NotFound(vendor_time, repeatable=True)
    return _moved_on(act, intent, Written(target, record), NotFound(vendor_time, proof=True))


def _moved_on(act: Act, intent: Intent, there: Written, not_there: NotFound) -> ReadBack:
    """Say it of an object that has another version than the one the write was made for."""
    payload = there.record.payload if there.record else b"{}"
    if act is Act.DELETE or (act is Act.VOID and not is_void(payload)):
        return not_there
    if act is Act.VOID or has_changes(intent.payload, payload):
        return there
    target = there.target
    return Unclear(
        f"{target.object_type} {target.object_id} was changed since, by this action or another"
    )


async def _read_timed(
    api: ApiClient, session: Session, kind: ObjectType, object_id: str
) -> tuple[datetime, ObjectRecord | None]:
    """Read one object, and the vendor's time with it."""

    def read(body: bytes) -> tuple[datetime, ObjectRecord | None]:
        record = read_reply(body, kind.name)
        return as_utc(msgspec.json.decode(body, type=_Timed).time), record

    try:
        return await api.get(session, Operation.READ, [kind.path, object_id], read)
    except RejectedError as error:
        if error.code == OBJECT_GONE:
            return EARLIEST, None
        raise


async def _by_name(
    api: ApiClient, session: Session, kind: ObjectType, intent: Intent, since: datetime
) -> ReadBack:
    reply = await api.query(
        session,
        names_statement(kind, name_condition(intent.payload)),
        lambda body: query_reply(body, kind.name),
    )
    for record in reply.rows.records:
        if created_at(record) >= since.replace(microsecond=0):
            return _named_so(kind, intent, record)
    return NotFound(reply.vendor_time, repeatable=True)


def _named_so(kind: ObjectType, intent: Intent, record: ObjectRecord) -> ReadBack:
    """Say it of an object with this write's name: somebody else may have given it to theirs."""
    others = differences(intent.action_type, intent.payload, record.payload)
    fields = ", ".join(each.field for each in others)
    if fields:
        return Unclear(
            f"{kind.name} {record.object_id} was made since under this name, but not as asked for:"
            f" {fields}"
        )
    return Written(Target(kind.name, record.object_id), record)


async def _by_mark(
    api: ApiClient, session: Session, kind: ObjectType, intent: Intent, since: datetime
) -> ReadBack:
    vendor_time, candidates = await _created_since(api, session, kind, since)
    found = marked(intent.action_id, candidates)
    if found is not None:
        return Written(Target(kind.name, found.object_id), found)
    twin = unmarked_twin(intent.action_type, intent.payload, candidates)
    if twin is not None:
        return twin
    feed = await api.changes(session, [kind.name], since)
    claims = feed.slices[kind.name].claims if kind.name in feed.slices else ()
    return NotFound(vendor_time, deleted_ids=tuple(claim.object_id for claim in claims))


async def _created_since(
    api: ApiClient, session: Session, kind: ObjectType, since: datetime
) -> tuple[datetime, Sequence[ObjectRecord]]:
    """Return all objects of the type created since; the time is the first answer's.

    Pages overlap: when one does not begin with rows that were seen, others left meanwhile and one
    may have been passed over.

    Raises:
        VendorError: a call failed, or the pages don't join.
    """
    found: dict[str, ObjectRecord] = {}
    first_time: datetime | None = None
    first_row = 1
    while True:
        reply = await _page(api, session, kind, since, first_row)
        first_time = first_time or reply.vendor_time
        ids = [object_id for object_id, _ in reply.rows.keys]
        if first_row > 1 and not found.keys() & set(ids):
            raise TransientError(f"the list of new {kind.name} changed while it was read")
        found |= {record.object_id: record for record in reply.rows.records}
        if len(ids) < PAGE_ROWS:
            return first_time, list(found.values())
        first_row += PAGE_ROWS - _OVERLAP_ROWS


async def _page(
    api: ApiClient, session: Session, kind: ObjectType, since: datetime, first_row: int
) -> QueryReply:
    def read(body: bytes) -> QueryReply:
        reply = query_reply(body, kind.name)
        if reply.rows.partial_ids:
            raise UnreadableReplyError(f"only a part of {kind.name} {reply.rows.partial_ids[0]}")
        return reply

    return await api.query(session, created_statement(kind, since, first_row, PAGE_ROWS), read)
