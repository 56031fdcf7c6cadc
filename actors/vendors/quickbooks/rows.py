"""Rows by their ids, whole."""

from collections.abc import Sequence

from actors.vendors.base import Session
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.faults import UnreadableReplyError
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.parse import Slice, query_reply
from actors.vendors.quickbooks.statements import ids_statement
from store.models import ObjectRecord

IDS_A_CALL = 100
"""A statement with as many of the longest ids (19 digits) stays below 3 kB."""


async def rows_by_id(
    api: ApiClient, session: Session, kind: ObjectType, object_ids: Sequence[str]
) -> Sequence[ObjectRecord]:
    """Return those of at most `IDS_A_CALL` rows that are there.

    Raises:
        VendorError: the call failed, or its answer cannot be trusted.
    """
    asked = frozenset(object_ids)

    def read(body: bytes) -> Sequence[ObjectRecord]:
        rows = query_reply(body, kind.name).rows
        if rows.partial_ids:
            raise UnreadableReplyError(f"only a part of {kind.name} {rows.partial_ids[0]}")
        if not asked.issuperset(object_id for object_id, _ in rows.keys):
            raise UnreadableReplyError(f"rows of {kind.name} that were not asked for")
        return rows.records

    return await api.query(session, ids_statement(kind, object_ids), read)


async def whole_records(
    api: ApiClient, session: Session, object_type: str, rows: Slice
) -> Sequence[ObjectRecord]:
    """Return the slice's records, with partial ones, which must replace no whole, read again."""
    records = list(rows.records)
    for start in range(0, len(rows.partial_ids), IDS_A_CALL):
        wanted = rows.partial_ids[start : start + IDS_A_CALL]
        records += await rows_by_id(api, session, OBJECT_TYPES[object_type], wanted)
    return records
