"""The replica's rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from store.errors import DamagedRowError
from store.models import ObjectFilter, ObjectRecord, StoredObject, Tombstone, Via
from store.relational.held import readable
from store.relational.instants import from_text, optional_to_text, to_text
from store.relational.json_rows import json_rows
from store.relational.named_sql import Statement, StatementNames
from store.relational.session import Session

SQL = StatementNames("objects")


def object_rows(objects: Sequence[ObjectRecord]) -> str:
    """Write the rows as a statement takes them: key, version, time, where the payload is."""
    rows = []
    offset = 0
    for item in objects:
        length = len(item.payload)
        updated_at = to_text(item.updated_at)
        rows.append((item.object_type, item.object_id, item.version, updated_at, offset, length))
        offset += length
    return json_rows(rows)


def upsert_objects(
    connection: Session,
    account_id: str,
    via: Via,
    at: datetime,
    objects: Sequence[ObjectRecord],
    rows: str,
    look_id: int | None,
) -> int:
    """Write those that are newer or as old and differ; return how many. No id twice.

    `rows` are the objects as `object_rows` writes them.
    """
    if not objects:
        return 0
    return connection.execute(
        SQL["upsert"],
        {
            "account_id": account_id,
            "via": via.value,
            "at": to_text(at),
            "look_id": look_id,
            "rows": rows,
            "payloads": b"".join([item.payload for item in objects]),
        },
    ).rowcount


def bury_objects(
    connection: Session,
    account_id: str,
    via: Via,
    at: datetime,
    tombstones: Sequence[Tombstone],
    look_id: int | None,
) -> int:
    """Mark those that are live and no newer than their tombstone; return how many. No id twice."""
    if not tombstones:
        return 0
    graves = json_rows(
        [
            (grave.object_type, grave.object_id, optional_to_text(grave.updated_at))
            for grave in tombstones
        ]
    )
    buried = connection.execute(
        SQL["bury"],
        {
            "account_id": account_id,
            "via": via.value,
            "at": to_text(at),
            "look_id": look_id,
            "tombstones": graves,
        },
    ).rowcount
    connection.execute(SQL["deepen"], {"account_id": account_id, "tombstones": graves})
    return buried


def deleted_ids(
    connection: Session, account_id: str, object_type: str, object_ids: Sequence[str]
) -> frozenset[str]:
    """Return those of the ids that are held as deleted."""
    rows = connection.execute(SQL["deleted_ids"], (account_id, object_type, json_rows(object_ids)))
    return frozenset(object_id for (object_id,) in rows)


def live_among(
    connection: Session, account_id: str, object_type: str, object_ids: Sequence[str]
) -> int:
    """Return how many of the ids are held as not deleted."""
    (live,) = connection.execute(
        SQL["live_among"], (account_id, object_type, json_rows(object_ids))
    ).fetchone()
    return int(live)


def live_count(connection: Session, account_id: str, object_type: str) -> int:
    """Return how many objects of the type are held as not deleted."""
    (live,) = connection.execute(SQL["live_count"], (account_id, object_type)).fetchone()
    return int(live)


def live_counts(connection: Session, account_id: str) -> Mapping[str, int]:
    """Return how many objects that are not deleted are held, by type."""
    counts = connection.execute(SQL["live_counts"], (account_id,))
    return {readable(kind, object_type): live for kind, object_type, live in counts}


def read_objects(connection: Session, wanted: ObjectFilter) -> Sequence[StoredObject]:
    """Return a page of objects in the order of their ids. Raises `DamagedRowError`."""
    given = {
        "account_id": wanted.account_id,
        "object_type": wanted.object_type,
        "after_id": wanted.after_id,
        "include_deleted": wanted.include_deleted,
        "updated_since": optional_to_text(wanted.updated_since) or "",
        "limit": wanted.limit,
    }
    return _read(connection, SQL["page"], given)


def read_object(
    connection: Session, account_id: str, object_type: str, object_id: str
) -> StoredObject | None:
    """Return one object, a tombstone too, or None when it was never seen. Raises as `read_objects`."""
    given = {"account_id": account_id, "object_type": object_type, "object_id": object_id}
    found = _read(connection, SQL["one"], given)
    return found[0] if found else None


def read_named(
    connection: Session, account_id: str, refs: Sequence[tuple[str, str]]
) -> Sequence[StoredObject]:
    """Return those of the objects (type, id) that were ever seen, tombstones too."""
    known = {"account_id": account_id, "refs": json_rows(refs)}
    return [_stored_object(row) for row in connection.execute(SQL["named"], known)]


def forget_some_objects(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some of the account's objects; return whether there may be more."""
    return connection.execute(SQL["forget_some"], (account_id, limit)).rowcount == limit


def _read(
    connection: Session, statement: Statement, given: Mapping[str, object]
) -> list[StoredObject]:
    try:
        return [_stored_object(row) for row in connection.execute(statement, given)]
    except (ValueError, TypeError, connection.undecodable) as error:
        if damage := _damaged_row(connection, statement, given):
            raise damage from error
        raise


def _damaged_row(
    connection: Session, statement: Statement, given: Mapping[str, object]
) -> DamagedRowError | None:
    """Read the rows again without decoding them, and name the first that cannot be."""
    with connection.undecoded():
        try:
            for row in connection.execute(statement, given):
                try:
                    _stored_object([_decoded(value) for value in row[:-1]] + [row[-1]])
                except (ValueError, TypeError):
                    named = [str(given["account_id"]), *map(_legible, row[:2])]
                    return DamagedRowError(*named)
        except connection.undecodable:
            return None
    return None


def _decoded(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def _legible(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _stored_object(row: Sequence[Any]) -> StoredObject:
    return StoredObject(
        object_type=row[0],
        object_id=row[1],
        version=row[2],
        updated_at=from_text(row[3]),
        synced_at=from_text(row[4]),
        deleted=bool(row[5]),
        payload=msgspec.Raw(row[6]),
    )
