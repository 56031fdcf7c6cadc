"""Rows by their ids, whole."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from actors.errors import BreakerOpenError, RejectedError, ThrottledError, TransientError
from actors.vendors.base import Session
from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.parse import Slice, query_reply
from actors.vendors.quickbooks.statements import ids_statement
from store.models import ObjectRecord

IDS_A_CALL = 100
"""A statement with as many of the longest ids (19 digits) stays below 3 kB."""

_STATEMENTS_A_CALL = 10
"""As many rows in a batch as in the largest page."""


async def rows_by_id(
    api: ApiClient, session: Session, kind: ObjectType, object_ids: Sequence[str]
) -> Sequence[ObjectRecord]:
    """Return those of at most `IDS_A_CALL` rows that are there.

    Raises:
        VendorError: the call failed, or its answer cannot be trusted.
    """
    return await api.query(
        session, ids_statement(kind, object_ids), lambda body: _rows(body, kind, object_ids)
    )


async def rows_of_all(
    api: ApiClient, session: Session, asked: Sequence[tuple[ObjectType, Sequence[str]]]
) -> Sequence[Sequence[ObjectRecord]]:
    """Do as `rows_by_id` for each of these, by as few calls as may be.

    What a batch does not bring is asked for by itself.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    found: dict[int, Sequence[ObjectRecord]] = {}
    for start in range(0, len(asked), _STATEMENTS_A_CALL) if len(asked) > 1 else ():
        part = dict(enumerate(asked[start : start + _STATEMENTS_A_CALL], start))
        for n, body in (await _together(api, session, part)).items():
            with suppress(UnreadableReplyError, ArithmeticError, ValueError):
                found[n] = _rows(body, *part[n])
    return [
        found[n] if n in found else await rows_by_id(api, session, kind, object_ids)
        for n, (kind, object_ids) in enumerate(asked)
    ]


async def _together(
    api: ApiClient, session: Session, asked: Mapping[int, tuple[ObjectType, Sequence[str]]]
) -> Mapping[int, bytes]:
    statements = {str(n): ids_statement(kind, ids) for n, (kind, ids) in asked.items()}
    try:
        bodies = await api.query_together(session, statements)
    except (ThrottledError, BreakerOpenError):
        raise
    except (RejectedError, TransientError):
        return {}
    return {int(n): body for n, body in bodies.items()}


def _rows(body: bytes, kind: ObjectType, object_ids: Sequence[str]) -> Sequence[ObjectRecord]:
    rows = query_reply(body, kind.name).rows
    if rows.partial_ids:
        raise UnreadableReplyError(f"only a part of {kind.name} {rows.partial_ids[0]}")
    if not frozenset(object_ids).issuperset(object_id for object_id, _ in rows.keys):
        raise UnreadableReplyError(f"rows of {kind.name} that were not asked for")
    return rows.records


async def whole_records(
    api: ApiClient, session: Session, object_type: str, rows: Slice
) -> Sequence[ObjectRecord]:
    """Return the slice's records, with partial ones, which must replace no whole, read again."""
    records = list(rows.records)
    for start in range(0, len(rows.partial_ids), IDS_A_CALL):
        wanted = rows.partial_ids[start : start + IDS_A_CALL]
        records += await rows_by_id(api, session, OBJECT_TYPES[object_type], wanted)
    return records
