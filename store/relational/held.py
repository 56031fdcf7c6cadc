"""Rows of the replica held against what a vendor shows, and those that have to give way to it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from store.models import ObjectRecord, Tombstone, Via
from store.relational.instants import from_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.session import Session
from store.verification import HeldRow

SQL = StatementNames("held")

_FINGERPRINT_BYTES = 16
FIRST_INSTANT = "0001-01-01T00:00:00.000000Z"
"""No vendor tells it; `upsert` knows it too."""

_CHANNELS = json_rows([channel.value for channel in Via])

_Columns = tuple[bytes, bytes, object, bytes]
"""Version, time, deleted, payload: texts as the bytes that damage made of them."""


def unlike(
    connection: Session,
    account_id: str,
    object_type: str,
    records: Sequence[ObjectRecord],
) -> Mapping[str, HeldRow | None]:
    """Return what is held instead of those that are not held just so; None for nothing."""
    rows = []
    offset = 0
    for item in records:
        length = len(item.payload)
        rows.append((item.object_id, item.version, to_text(item.updated_at), offset, length))
        offset += length
    found = connection.execute(
        SQL["unlike"],
        {
            "account_id": account_id,
            "object_type": object_type,
            "rows": json_rows(rows),
            "channels": _CHANNELS,
            "payloads": b"".join([item.payload for item in records]),
        },
    )
    return {
        object_id: None if rest[0] is None else _held(object_type, object_id, _columns(rest))
        for object_id, *rest in found
    }


def unscanned(
    connection: Session, account_id: str, object_type: str, scanned: Collection[str]
) -> Sequence[HeldRow]:
    """Return what is held as not deleted besides these ids."""
    found = connection.execute(
        SQL["unscanned"],
        {
            "account_id": account_id,
            "object_type": object_type,
            "scanned": json_rows(scanned),
        },
    )
    return [_left_over(object_type, row) for row in found]


def give_way(
    connection: Session,
    account_id: str,
    judged: Sequence[HeldRow],
    objects: Sequence[ObjectRecord],
    tombstones: Sequence[Tombstone],
) -> Sequence[Tombstone]:
    """Let what is written in this transaction replace the judged rows, whatever they claim.

    A misnamed row is given the name by which it was told. A row that is not any more as it was
    judged keeps its claim, and its tombstone is left out of those that are returned.
    """
    written = {(each.object_type, each.object_id) for each in objects}
    written.update((each.object_type, each.object_id) for each in tombstones)
    moved_on = set()
    for held in judged:
        key = (held.object_type, held.object_id)
        row = _found_again(connection, account_id, held)
        if row is None or _fingerprint(_columns(row[1:])) != held.fingerprint:
            moved_on.add(key)
        elif key in written:
            _disown(connection, row[0], row[1])
            if held.row_number is not None:
                connection.execute(SQL["rename"], (held.object_id, row[0]))
    return [each for each in tombstones if (each.object_type, each.object_id) not in moved_on]


def strangers(connection: Session, account_id: str, known: Sequence[str]) -> Sequence[HeldRow]:
    """Return what is held of types that are neither known nor were ever read, deleted or not."""
    found = connection.execute(
        SQL["strangers"], {"account_id": account_id, "known": json_rows(known)}
    )
    return [
        msgspec.structs.replace(
            _held(readable(*row[1:3]), readable(*row[3:5]), _columns(row[5:])), row_number=row[0]
        )
        for row in found
    ]


def take_out(connection: Session, account_id: str, rows: Sequence[HeldRow]) -> Sequence[HeldRow]:
    """Delete those of the strangers that are still as they were judged; return them."""
    taken = []
    for held in rows:
        row = connection.execute(SQL["stranger"], (account_id, held.row_number)).fetchone()
        if row is not None and _fingerprint(_columns(row[1:])) == held.fingerprint:
            connection.execute(SQL["take_out"], (row[0],))
            taken.append(held)
    return taken


def give_way_beyond(
    connection: Session, account_id: str, keys: Sequence[tuple[str, str]], beyond: str
) -> Mapping[tuple[str, str], bool]:
    """Let what is written next replace those of these rows whose time is beyond that.

    Returns their keys, and whether each was held as deleted.
    """
    found = connection.execute(
        SQL["beyond"], {"account_id": account_id, "keys": json_rows(keys), "beyond": beyond}
    ).fetchall()
    for row_number, version, *_ in found:
        _disown(connection, row_number, version or b"")
    return {(object_type, object_id): bool(gone) for _, _, gone, object_type, object_id in found}


def readable(kind: str, text: bytes) -> str:
    """Return a type or an id; the SQL literal of its bytes when damage left nothing that can be one."""
    name = _name(kind, text)
    return f"x'{text.hex()}'" if name is None else name


def _disown(connection: Session, row_number: int, version: bytes) -> None:
    connection.execute(
        SQL["disown"],
        {
            "updated_at": FIRST_INSTANT,
            "version": version.decode("utf-8", "replace"),
            "channels": _CHANNELS,
            "row_number": row_number,
        },
    )


def _found_again(connection: Session, account_id: str, held: HeldRow) -> Sequence[Any] | None:
    place = (account_id, held.object_type)
    if held.row_number is None:
        found = connection.execute(SQL["one"], (*place, held.object_id))
    else:
        found = connection.execute(SQL["misnamed"], (*place, held.row_number))
    row: Sequence[Any] | None = found.fetchone()
    return row


def _left_over(object_type: str, found: Sequence[Any]) -> HeldRow:
    row_number, kind, object_id, *rest = found
    row = _held(object_type, readable(kind, object_id), _columns(rest))
    if _name(kind, object_id) is not None:
        return row
    return msgspec.structs.replace(row, row_number=row_number)


def _name(kind: str, object_id: bytes) -> str | None:
    """Return the id; None when damage left nothing that can be an object's id."""
    if kind != "text" or b"\0" in object_id:
        return None
    try:
        return object_id.decode()
    except UnicodeDecodeError:
        return None


def _columns(found: Sequence[Any]) -> _Columns:
    version, updated_at, deleted, payload = found
    return version or b"", updated_at or b"", deleted, payload or b""


def _held(object_type: str, object_id: str, columns: _Columns) -> HeldRow:
    _, updated_at, deleted, _ = columns
    return HeldRow(
        object_type, object_id, instant_in(updated_at), bool(deleted), _fingerprint(columns)
    )


def instant_in(found: bytes) -> datetime | None:
    """Read an instant. A damaged one is none; one without a zone could not be compared."""
    try:
        instant = from_text(found.decode())
    except ValueError:
        return None
    return None if instant.tzinfo is None else instant


def _fingerprint(columns: _Columns) -> bytes:
    *header, payload = columns
    digest = blake2b(repr(header).encode(), digest_size=_FINGERPRINT_BYTES)
    digest.update(payload)
    return digest.digest()
