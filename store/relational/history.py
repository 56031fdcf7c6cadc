"""What was held before, where it came from, and what was refused."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from store.history import Mending, ObjectHistory, ObjectVersion, Refusal, Rule
from store.models import PageWrite, Tombstone, Via
from store.relational.held import FIRST_INSTANT, instant_in
from store.relational.instants import from_text, optional_from_text, optional_to_text, to_text
from store.relational.json_rows import json_rows
from store.relational.mends import SQL as MENDS
from store.relational.mends import prune_mends
from store.relational.named_sql import StatementNames
from store.relational.session import Session
from store.verification import Difference

SQL = StatementNames("history")

_NEVER = from_text(FIRST_INSTANT)


def next_look(connection: Session) -> int:
    """Return the number that the page about to be stored goes by."""
    (number,) = connection.execute(SQL["next_look"]).fetchone()
    return int(number)


def note_look(connection: Session, look_id: int, page: PageWrite) -> None:
    """Note where the page came from, under this number."""
    connection.execute(SQL["note_look"], {"id": look_id, **_source(page)})


def note_refusals(
    connection: Session,
    page: PageWrite,
    rows: str,
    tombstones: Sequence[Tombstone],
) -> Sequence[tuple[str, str]]:
    """Note which of these, after they were offered, are older than what is held, and what was denied.

    An unchanged row is not refused: it is what is held. Give nothing where all was written. Returns
    the types and ids of those that are older.

    Args:
        connection: with a transaction open.
        page: where they came from.
        rows: objects as `object_rows` writes them; empty when there are none.
        tombstones: word of what is gone.
    """
    source = _source(page) if rows or tombstones or page.denied else {}
    older: list[tuple[str, str]] = []
    if rows:
        older += connection.execute(SQL["refuse_older"], {**source, "rows": rows}).fetchall()
    if tombstones:
        graves = {**source, "tombstones": _claims(tombstones)}
        older += connection.execute(SQL["refuse_graves"], graves).fetchall()
    if page.denied:
        connection.execute(SQL["refuse_claims"], {**source, "claims": _claims(page.denied)})
    return older


def take_back_refusals(
    connection: Session, page: PageWrite, keys: Iterable[tuple[str, str]]
) -> None:
    """Forget that these rows were refused just now: they are taken after all."""
    values = {"account_id": page.account_id, "at": to_text(page.observed_at)}
    connection.execute(SQL["take_back"], {**values, "keys": json_rows(list(keys))})


def read_history(
    connection: Session, account_id: str, object_type: str, object_id: str, limit: int
) -> ObjectHistory | None:
    """Return how one object came to be as it is held, or None when it was never seen."""
    key = {"account_id": account_id, "object_type": object_type, "object_id": object_id}
    bounded = {**key, "limit": limit}
    # In one reading: a version that ends meanwhile would be missed or be there twice.
    with connection.one_moment():
        current = connection.execute(SQL["current"], key).fetchone()
        past = connection.execute(SQL["versions"], bounded).fetchall()
        refused = connection.execute(SQL["refusals"], bounded).fetchall()
        covered = connection.execute(SQL["covered_until"], key).fetchone()
        mended = connection.execute(MENDS["of_object"], bounded).fetchall()
    if current is None:
        return None
    versions = [_version((*current, None), b"")]
    for row in past:
        versions.append(_version(row, bytes(versions[-1].payload)))
    return ObjectHistory(
        versions=versions[:limit][::-1],
        refusals=[_refusal(row) for row in refused],
        covered_until=None if covered is None else optional_from_text(covered[0]),
        earlier_left_out=len(versions) > limit,
        mends=[_mending(row) for row in reversed(mended)],
    )


def prune_history(connection: Session, before: datetime, limit: int) -> int:
    """Forget the oldest versions, refusals and mends from before then; return how many."""
    bounds = {"before": to_text(before), "limit": limit}
    versions = connection.execute(SQL["prune_versions"], bounds).rowcount
    refusals = connection.execute(SQL["prune_refusals"], bounds).rowcount
    return versions + refusals + prune_mends(connection, before, limit)


def forget_some_history(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some of the account's past; return whether there may be more."""
    versions = connection.execute(SQL["forget_some_versions"], (account_id, limit)).rowcount
    refusals = connection.execute(SQL["forget_some_refusals"], (account_id, limit)).rowcount
    return limit in (versions, refusals)


def forget_some_looks(connection: Session, account_id: str, limit: int) -> bool:
    """Delete some notes of where pages came from; return whether there may be more."""
    return connection.execute(SQL["forget_some_looks"], (account_id, limit)).rowcount == limit


def _source(page: PageWrite) -> dict[str, str]:
    return {
        "account_id": page.account_id,
        "look": page.look,
        "via": page.via.value,
        "at": to_text(page.observed_at),
        "trace_ids": json.dumps(list(page.trace_ids)),
    }


def _claims(claims: Sequence[Tombstone]) -> str:
    return json_rows(
        [
            (claim.object_type, claim.object_id, optional_to_text(claim.updated_at))
            for claim in claims
        ]
    )


def _version(row: Sequence[Any], next_payload: bytes) -> ObjectVersion:
    updated_at = instant_in(row[1] or b"")
    return ObjectVersion(
        version=(row[0] or b"").decode(errors="replace"),
        updated_at=None if updated_at == _NEVER else updated_at,
        seen_at=from_text(row[2]),
        ended_at=optional_from_text(row[8]),
        deleted=bool(row[3]),
        via=Via(row[4]),
        look=row[5],
        trace_ids=tuple(json.loads(row[6])),
        payload=msgspec.Raw(next_payload if row[7] is None else row[7]),
    )


def _mending(row: Sequence[Any]) -> Mending:
    at, difference, certificate = row
    return Mending(from_text(at), Difference(difference), certificate)


def _refusal(row: Sequence[Any]) -> Refusal:
    return Refusal(
        rule=Rule(row[0]),
        version=row[1],
        updated_at=optional_from_text(row[2] or None),
        first_at=from_text(row[3]),
        last_at=from_text(row[4]),
        times=row[5],
        via=Via(row[6]),
        look=row[7],
        trace_ids=tuple(json.loads(row[8])),
    )
