"""Replies sliced into records, the vendor's own bytes untouched. Pure.

Of every row only its id, its time and whether it is active are read: whatever it holds besides (new
fields, unknown states) goes through as it came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.instant import as_utc
from store.models import ObjectRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an export feed.

    Attributes:
        active: whether it says so; of what does not say, True. An inactive one may be deleted.
    """

    record: ObjectRecord
    active: bool


@dataclass(frozen=True, slots=True)
class ExportPage:
    """What an export feed answered.

    Attributes:
        rows: the newest version of each object on it.
        more: whether the vendor has more to tell right now.
        token: where it goes on, today or in a month; opaque.
    """

    rows: Sequence[Row]
    more: bool
    token: str


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of a list, as lists show rows: in another shape than the feed.

    Attributes:
        total: how many rows there are on all pages.
    """

    rows: Sequence[bytes]
    more: bool
    total: int | None


class _Header(msgspec.Struct, gc=False):
    """What is read of every row of a feed."""

    id: int | str
    modified_on: datetime = msgspec.field(name="modifiedOn")
    active: bool | None = None


class _ListedHeader(msgspec.Struct, gc=False):
    """What is read of every row of a list."""

    id: int | str
    modified_on: datetime = msgspec.field(name="modifiedOn")


class _Export(msgspec.Struct):
    data: list[Raw]
    has_more: bool = msgspec.field(name="hasMore")
    token: str = msgspec.field(name="continueFrom")


class _List(msgspec.Struct):
    data: list[Raw]
    has_more: bool = msgspec.field(name="hasMore")
    total: int | None = msgspec.field(name="totalCount", default=None)


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_listed = msgspec.json.Decoder(_ListedHeader).decode
_decode_export = msgspec.json.Decoder(_Export).decode
_decode_list = msgspec.json.Decoder(_List).decode


def export_page(body: bytes, object_type: str, asked_with: str) -> ExportPage:
    """Slice the answer of an export feed that was asked for what comes behind `asked_with`.

    Raises:
        UnreadableReplyError: it is no such answer, is cut off, one of its rows has no id or time,
            or it goes on without getting anywhere.
    """
    export = _decoded(_decode_export, body)
    if not export.token:
        raise UnreadableReplyError("an export that does not say where it goes on")
    if export.has_more and export.token == asked_with:
        raise UnreadableReplyError("an export that goes on where it began")
    newest: dict[str, Row] = {}
    for raw in export.data:
        row = _row(object_type, raw)
        known = newest.get(row.record.object_id)
        # The order of a page is not promised (§1.9).
        if known is None or row.record.updated_at >= known.record.updated_at:
            newest[row.record.object_id] = row
    return ExportPage(tuple(newest.values()), export.has_more, export.token)


def listed_times(body: bytes, asked: Sequence[str]) -> dict[str, datetime]:
    """Return which of the objects that were asked for a list shows, and when each last changed.

    Raises:
        UnreadableReplyError: it is no list, goes on, or shows what was not asked for: a parameter
            that the vendor does not know is ignored without a word (§1.3).
    """
    listing = _decoded(_decode_list, body)
    rows = [_decoded(_decode_listed, raw) for raw in listing.data]
    times = {str(row.id): as_utc(row.modified_on) for row in rows}
    if listing.has_more or not times.keys() <= set(asked):
        raise UnreadableReplyError("rows that were not asked for")
    return times


def total_count(body: bytes) -> int:
    """Return how many rows a list counts.

    Raises:
        UnreadableReplyError: it does not say.
    """
    total = _decoded(_decode_list, body).total
    if total is None or total < 0:
        raise UnreadableReplyError("a list that was asked to count and did not")
    return total


def row_page(body: bytes) -> RowPage:
    """Slice a page of a list.

    Raises:
        UnreadableReplyError: it is none.
    """
    listing = _decoded(_decode_list, body)
    return RowPage([bytes(raw) for raw in listing.data], listing.has_more, listing.total)


def shown_record(object_type: str, body: bytes) -> ObjectRecord:
    """Make a record of one row as lists and answers to a create show it.

    Raises:
        UnreadableReplyError: it is none.
    """
    return _row(object_type, Raw(body)).record


def read_time(body: bytes, object_id: str) -> datetime:
    """Return when the object was last changed, from the answer to a read of it.

    Raises:
        UnreadableReplyError: it is no such answer, or one about another object.
    """
    header = _decoded(_decode_listed, body)
    if str(header.id) != object_id:
        raise UnreadableReplyError("another object than was asked for")
    return as_utc(header.modified_on)


def _row(object_type: str, raw: Raw) -> Row:
    try:
        header = _decode_header(raw)
        object_id = str(header.id)
        updated_at = as_utc(header.modified_on)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError(f"a row of {object_type}: {error}") from error
    if not object_id or "\0" in object_id:
        raise UnreadableReplyError(f"a row of {object_type} without an id")
    record = ObjectRecord(object_type, object_id, "", updated_at, bytes(raw))
    return Row(record, header.active is not False)


def _decoded(decode: Callable[[bytes | Raw], T], body: bytes | Raw) -> T:
    try:
        return decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableReplyError(str(error)) from error
