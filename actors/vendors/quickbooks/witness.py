"""The second witness of a deletion: asks for the objects themselves, by their ids.

Many are asked for with one query, and several queries are made by one call. That a query does not
show a row is no proof by itself, and for what a comparison missed (a claim without a time) it would
be the same kind of witness twice: both are blind to a row that the vendor's index lost. So reads of
single objects, which no batch can bring, vouch for each query.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from actors.vendors.base import Session, Witness
from actors.vendors.quickbooks.client import ApiClient, can_be_id
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.rows import IDS_A_CALL, rows_of_all
from store.models import ObjectRecord, Tombstone

UNSEEN_READS = 20
"""How many of the objects that a comparison missed are read by themselves; all, if no more."""


async def confirm_gone(api: ApiClient, session: Session, claims: Sequence[Tombstone]) -> Witness:
    """Ask for each claimed object again. What damage made of an id is gone unasked.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted. Nothing is gone then.
    """
    alive: list[ObjectRecord] = []
    gone = [claim for claim in claims if not can_be_id(claim.object_id)]
    claims = [claim for claim in claims if can_be_id(claim.object_id)]
    to_read = _spread([claim for claim in claims if claim.updated_at is None])
    batches = list(_batches(claims))
    queried = [
        (kind, [claim.object_id for claim in asked]) for kind, asked in batches if len(asked) > 1
    ]
    rows = iter(await rows_of_all(api, session, queried))
    for kind, asked in batches:
        shown = next(rows) if len(asked) > 1 else ()
        there = await _still_there(api, session, kind, asked, shown, to_read)
        alive += there.values()
        gone += [claim for claim in asked if claim.object_id not in there]
    return Witness(alive, gone)


def _batches(claims: Sequence[Tombstone]) -> Iterator[tuple[ObjectType, Sequence[Tombstone]]]:
    """Cut the claims into what one query can ask for; none is in it twice."""
    ordered = sorted(claims, key=lambda claim: claim.object_type)
    for object_type, group in groupby(ordered, key=lambda claim: claim.object_type):
        of_type = list({claim.object_id: claim for claim in group}.values())
        for start in range(0, len(of_type), IDS_A_CALL):
            yield OBJECT_TYPES[object_type], of_type[start : start + IDS_A_CALL]


def _spread(unseen: Sequence[Tombstone]) -> AbstractSet[Tombstone]:
    """Take `UNSEEN_READS` of them, evenly from first to last."""
    if len(unseen) <= UNSEEN_READS:
        return frozenset(unseen)
    return frozenset(unseen[n * len(unseen) // UNSEEN_READS] for n in range(UNSEEN_READS))


async def _still_there(
    api: ApiClient,
    session: Session,
    kind: ObjectType,
    asked: Sequence[Tombstone],
    rows: Sequence[ObjectRecord],
    to_read: AbstractSet[Tombstone],
) -> dict[str, ObjectRecord]:
    """Return those of a batch that exist, by id. `rows` are those that its query showed.

    Of those that it does not show, the ones `to_read`, and always at least one, are read.
    When a read finds one, the query is worth nothing, and all the others are read too.
    """
    shown = {record.object_id: record for record in rows}
    missing = [claim for claim in asked if claim.object_id not in shown]
    sample = [claim for claim in missing if claim in to_read] or missing[:1]
    hidden = await _read_each(api, session, kind, sample)
    if hidden:
        others = [claim for claim in missing if claim not in sample]
        hidden |= await _read_each(api, session, kind, others)
    return shown | hidden


async def _read_each(
    api: ApiClient, session: Session, kind: ObjectType, claims: Sequence[Tombstone]
) -> dict[str, ObjectRecord]:
    records = {claim.object_id: await api.read(session, kind, claim.object_id) for claim in claims}
    return {object_id: record for object_id, record in records.items() if record is not None}
