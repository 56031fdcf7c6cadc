"""Replies sliced into records, the vendor's own bytes untouched. Pure."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.housecallpro.object_types import ObjectType
from actors.vendors.instant import as_utc
from store.models import ObjectRecord

T = TypeVar("T")

Shown = tuple[str, datetime | None, bytes]
"""A row's id, when it was changed if it says so, and its bytes."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list.

    Attributes:
        total: how many rows there are on all pages.
    """

    rows: Sequence[Shown]
    page: int
    pages: int
    total: int


class _Timed(msgspec.Struct, gc=False):
    id: str
    updated_at: datetime


class _Untimed(msgspec.Struct, gc=False):
    id: str


class _Company(msgspec.Struct):
    id: str
    name: str | None = None


_decode_timed = msgspec.json.Decoder(_Timed).decode
_decode_untimed = msgspec.json.Decoder(_Untimed).decode
_decode_company = msgspec.json.Decoder(_Company).decode


@functools.cache
def _list_decoder(name: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(
        msgspec.defstruct(
            "List",
            [
                ("page", int),
                ("total_pages", int),
                ("total_items", int),
                ("rows", list[Raw], msgspec.field(name=name)),
            ],
        )
    )


def list_page(body: bytes, kind: ObjectType, asked: int) -> ListPage:
    """Slice a page of a list.

    Raises:
        UnreadableReplyError: it is no such page, or another one than was asked for, or one of its
            rows has no id or time, or it has no rows where there should be some.
    """
    found = _decoded(_list_decoder(kind.name).decode, body)
    rows = [_shown(kind, raw) for raw in found.rows]
    if found.page != asked:
        raise UnreadableReplyError(f"page {found.page} of {kind.name}, not {asked}")
    if not rows and found.total_items > 0 and asked <= found.total_pages:
        raise UnreadableReplyError(f"no rows of {kind.name} where {found.total_items} are told")
    return ListPage(rows, found.page, found.total_pages, found.total_items)


def single(body: bytes, kind: ObjectType, object_id: str) -> Shown:
    """Read the answer to a read by id.

    Raises:
        UnreadableReplyError: it is no such answer, or about another object.
    """
    shown = _shown(kind, Raw(body))
    if shown[0] != object_id:
        raise UnreadableReplyError("another object than was asked for")
    return shown


def shown_row(kind: ObjectType, body: bytes) -> Shown:
    """Read the answer to a create.

    Raises:
        UnreadableReplyError: it is no such answer.
    """
    return _shown(kind, Raw(body))


def company(body: bytes) -> tuple[str, str]:
    """Read the id and name of a key's company.

    Raises:
        UnreadableReplyError: it is no company.
    """
    found = _decoded(_decode_company, body)
    if not found.id or "\0" in found.id:
        raise UnreadableReplyError("a company without an id")
    return found.id, found.name or found.id


def record(kind: ObjectType, shown: Shown, at: datetime) -> ObjectRecord:
    """Make a record of a row; one that does not say when it was changed is as it was shown at."""
    object_id, updated_at, payload = shown
    return ObjectRecord(kind.name, object_id, "", updated_at or at, payload)


def _shown(kind: ObjectType, raw: Raw) -> Shown:
    try:
        if kind.has_time:
            timed = _decode_timed(raw)
            object_id, updated_at = timed.id, as_utc(timed.updated_at)
        else:
            object_id, updated_at = _decode_untimed(raw).id, None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableReplyError(f"a row of {kind.name}: {error}") from error
    if not object_id or "\0" in object_id:
        raise UnreadableReplyError(f"a row of {kind.name} without an id")
    return object_id, updated_at, bytes(raw)


def _decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    try:
        return decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableReplyError(str(error)) from error
