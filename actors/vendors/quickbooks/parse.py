"""Replies sliced into records, the vendor's own bytes untouched. Pure.

A body is scanned twice: once to find where each row begins and ends, once per row for the five
fields that matter here. Nothing else is decoded, so whatever a row holds besides (new fields, big
numbers, ten thousand lines) goes through as it came.
"""

import functools
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.timestamps import as_utc
from store.models import ObjectRecord, Tombstone

DELETED = "Deleted"

_ROWS_AT_ONCE = 64
"""They take a quarter of a millisecond."""

T = TypeVar("T")


class _MetaData(msgspec.Struct, gc=False):
    updated_at: datetime = msgspec.field(name="LastUpdatedTime")


class _Header(msgspec.Struct, gc=False):
    """What is read of every row."""

    object_id: str = msgspec.field(name="Id")
    meta: _MetaData | UnsetType = msgspec.field(name="MetaData", default=UNSET)
    version: str = msgspec.field(name="SyncToken", default="")
    status: str | None = None
    sparse: bool | None = None


class _OddHeader(msgspec.Struct, gc=False):
    """The same of a row in which the vendor has changed the type of a field."""

    object_id: str = msgspec.field(name="Id")
    meta: _MetaData | UnsetType = msgspec.field(name="MetaData", default=UNSET)
    version: Any = msgspec.field(name="SyncToken", default="")
    status: Any = None
    sparse: Any = None

    def plain(self) -> _Header:
        version = str(self.version) if isinstance(self.version, (str, int)) else ""
        status = self.status if isinstance(self.status, str) else None
        sparse = str(self.sparse).lower() == "true"
        return _Header(self.object_id, self.meta, version, status, sparse)


class Slice(msgspec.Struct, frozen=True, gc=False):
    """The rows of one type in one reply.

    Attributes:
        keys: id and time of every row that has them, in the reply's order.
        records: the rows that are whole.
        partial_ids: rows that the vendor marked as sparse: not all of their fields are there.
        claims: rows of which only the end is told.
    """

    keys: Sequence[tuple[str, datetime]] = ()
    records: Sequence[ObjectRecord] = ()
    partial_ids: Sequence[str] = ()
    claims: Sequence[Tombstone] = ()


class QueryReply(msgspec.Struct, frozen=True, gc=False):
    """A page of a query; `vendor_time` is when the vendor began to answer."""

    vendor_time: datetime
    rows: Slice


@dataclass(frozen=True, slots=True)
class CountReply:
    """How many rows there are; `vendor_time` is when the vendor began to answer."""

    vendor_time: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What a batch brought.

    Attributes:
        answers: for each item that has one answer, a body just as if it had come by itself.
        faults: the same for each item that was refused, or went wrong.
    """

    answers: Mapping[str, bytes]
    faults: Mapping[str, bytes]


class FeedReply(msgspec.Struct, frozen=True, gc=False):
    """What change data capture listed.

    Attributes:
        whole: whether there is an answer for every type that was asked for.
        total: rows and ends of all types together, which is what the vendor caps.
    """

    vendor_time: datetime
    whole: bool
    total: int
    slices: Mapping[str, Slice]


class _FeedAnswer(msgspec.Struct):
    members: list[dict[str, Raw]] = msgspec.field(name="QueryResponse")


class _Timed(msgspec.Struct):
    time: datetime


class _FeedEnvelope(msgspec.Struct):
    answers: list[_FeedAnswer] = msgspec.field(name="CDCResponse")
    time: datetime


class _BatchEnvelope(msgspec.Struct):
    items: list[dict[str, Raw]] = msgspec.field(name="BatchItemResponse")
    time: datetime


class _Count(msgspec.Struct):
    total: int = msgspec.field(name="totalCount")


class _CountEnvelope(msgspec.Struct):
    count: _Count = msgspec.field(name="QueryResponse")
    time: datetime


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_odd_header = msgspec.json.Decoder(_OddHeader).decode
_decode_rows = msgspec.json.Decoder(list[Raw]).decode
_decode_feed = msgspec.json.Decoder(_FeedEnvelope).decode
_decode_batch = msgspec.json.Decoder(_BatchEnvelope).decode
_decode_item_id = msgspec.json.Decoder(str).decode
_decode_count = msgspec.json.Decoder(_CountEnvelope).decode
_decode_time = msgspec.json.Decoder(_Timed).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode


@functools.cache
def _query_decoder(object_type: str) -> msgspec.json.Decoder[Any]:
    """A decoder that finds the type's rows, or a fault in their place, in one go."""
    response = msgspec.defstruct(
        "QueryResponse",
        [
            ("rows", list[Raw], msgspec.field(name=object_type, default_factory=list)),
            ("returned", int | UnsetType, msgspec.field(name="maxResults", default=UNSET)),
            ("fault", Raw | UnsetType, msgspec.field(name="Fault", default=UNSET)),
        ],
    )
    envelope = msgspec.defstruct(
        "Envelope",
        [("response", response, msgspec.field(name="QueryResponse")), ("time", datetime)],
    )
    return msgspec.json.Decoder(envelope)


def query_reply(body: bytes, object_type: str) -> QueryReply:
    """Slice the answer to `SELECT * FROM object_type …`. Raises as `query_pieces`."""
    return _whole(query_pieces(body, object_type))


def query_pieces(body: bytes, object_type: str) -> Generator[None, None, QueryReply]:
    """Do the same, and stop now and then: a thousand rows take milliseconds.

    Raises:
        UnreadableReplyError: it is not such an answer, is cut off, or one of its rows has no id or
            time.
    """
    envelope = _decoded(_query_decoder(object_type).decode, body)
    response = envelope.response
    if response.fault is not UNSET:
        raise UnreadableReplyError("a fault inside the answer")
    if response.returned is not UNSET and response.returned != len(response.rows):
        raise UnreadableReplyError(
            f"{len(response.rows)} rows of {object_type} where {response.returned} are announced"
        )
    rows = yield from _row_pieces(object_type, response.rows)
    if len(rows.keys) != len(response.rows):
        raise UnreadableReplyError(f"a row of {object_type} without a time")
    return QueryReply(as_utc(envelope.time), rows)


def count_reply(body: bytes) -> CountReply:
    """Read the answer to `SELECT COUNT(*) …`.

    Raises:
        UnreadableReplyError: it is not such an answer.
    """
    envelope = _decoded(_decode_count, body)
    return CountReply(as_utc(envelope.time), envelope.count.total)


def batch_reply(body: bytes) -> BatchReply:
    """Take the answer to a batch apart. What is answered twice counts as not answered.

    Raises:
        UnreadableReplyError: it is not such an answer, or is cut off.
    """
    envelope = _decoded(_decode_batch, body)
    time = msgspec.json.encode(envelope.time)
    named = [
        (_decoded(_decode_item_id, item.pop("bId")), item)
        for item in envelope.items
        if "bId" in item
    ]
    times = Counter(item_id for item_id, _ in named)
    answers: dict[str, bytes] = {}
    faults: dict[str, bytes] = {}
    for item_id, item in named:
        if times[item_id] == 1:
            members = [b'"%s":%s,' % (name.encode(), bytes(raw)) for name, raw in item.items()]
            body = b'{%s"time":%s}' % (b"".join(members), time)
            (faults if "Fault" in item else answers)[item_id] = body
    return BatchReply(answers, faults)


def feed_reply(body: bytes, object_types: Sequence[str]) -> FeedReply:
    """Slice what change data capture answered for these types.

    Raises:
        UnreadableReplyError: it is not such an answer, is cut off, or one of its rows has no id or
            time.
    """
    envelope = _decoded(_decode_feed, body)
    members = [member for answer in envelope.answers for member in answer.members]
    rows: dict[str, Sequence[Raw]] = {}
    for member in members:
        for name in member.keys() & {*object_types, "Fault"}:
            if name == "Fault" or name in rows:
                raise UnreadableReplyError(f"{name} where other changes were expected")
            rows[name] = _decoded(_decode_rows, member[name])
    return FeedReply(
        vendor_time=as_utc(envelope.time),
        whole=len(members) == len(object_types),
        total=sum(map(len, rows.values())),
        slices={name: slice_rows(name, of_type) for name, of_type in rows.items()},
    )


def reply_time(body: bytes) -> datetime | None:
    """Return the vendor's time of an answer; None when it does not tell."""
    try:
        return as_utc(_decode_time(body).time)
    except (msgspec.MsgspecError, ValueError):
        return None


def read_reply(body: bytes, object_type: str) -> ObjectRecord | None:
    """Read the answer to a read by id; None when it says that the object is deleted.

    Raises:
        UnreadableReplyError: it is not such an answer.
    """
    members = _decoded(_decode_members, body)
    if object_type not in members:
        raise UnreadableReplyError(f"an answer without {object_type}")
    rows = slice_rows(object_type, [members[object_type]])
    if rows.partial_ids:
        raise UnreadableReplyError(f"only a part of {object_type} {rows.partial_ids[0]}")
    return rows.records[0] if rows.records else None


def slice_rows(object_type: str, rows: Sequence[Raw]) -> Slice:
    """Make a record of each row.

    Raises:
        UnreadableReplyError: a row has no id or no time; the text names the row.
    """
    return _whole(_row_pieces(object_type, rows))


def _whole(pieces: Generator[None, None, T]) -> T:
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            found: T = end.value
            return found


def _row_pieces(object_type: str, rows: Sequence[Raw]) -> Generator[None, None, Slice]:
    keys: list[tuple[str, datetime]] = []
    records: list[ObjectRecord] = []
    partial_ids: list[str] = []
    claims: list[Tombstone] = []
    for number, row in enumerate(rows, 1):
        if number % _ROWS_AT_ONCE == 0:
            yield
        header = _header(object_type, row)
        object_id = header.object_id
        updated_at = as_utc(header.meta.updated_at) if header.meta is not UNSET else None
        if updated_at is not None:
            keys.append((object_id, updated_at))
        if header.status == DELETED:
            claims.append(Tombstone(object_type, object_id, updated_at))
            continue
        if updated_at is None:
            raise UnreadableReplyError(f"{object_type} {object_id} has no MetaData")
        if header.sparse:
            partial_ids.append(object_id)
            continue
        payload = _as_utf8(bytes(row))
        records.append(ObjectRecord(object_type, object_id, header.version, updated_at, payload))
    return Slice(keys, records, partial_ids, claims)


def _header(object_type: str, row: Raw) -> _Header:
    """What is no more than retyped must not keep the row, and its whole page with it, out."""
    try:
        return _decode_header(row)
    except (msgspec.MsgspecError, ValueError):
        pass
    try:
        return _decode_odd_header(row).plain()
    except (msgspec.MsgspecError, ValueError) as error:
        raise UnreadableReplyError(f"{object_type} {_named(row)}: {error}") from error


def _named(row: Raw) -> str:
    """As much as can be said of which row it is."""
    try:
        return str(_decode_members(row)["Id"], "utf-8", "replace").strip('"')[:40]
    except (msgspec.MsgspecError, KeyError):
        return "without Id"


def _as_utf8(payload: bytes) -> bytes:
    """Bytes that are no UTF-8 are ISO-8859-1: the vendor documents both (§2)."""
    if payload.isascii():
        return payload
    try:
        payload.decode()
    except UnicodeDecodeError:
        return payload.decode("iso-8859-1").encode()
    return payload


def _decoded(decode: Callable[[bytes | Raw], T], body: bytes | Raw) -> T:
    try:
        return decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableReplyError(str(error)) from error
