"""The second witness of a deletion: asks for the objects themselves, by their ids.

Many are asked for with one query. That a query does not show a row is no proof by itself, and for
what a comparison missed (a claim without a time) it would be the same kind of witness twice: both
are blind to a row that the vendor's index lost. So reads of single objects vouch for each batch.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from actors.vendors.base import Session, Witness
from actors.vendors.quickbooks.client import ApiClient
from actors.vendors.quickbooks.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.quickbooks.rows import IDS_A_CALL, rows_by_id
from store.models import ObjectRecord, Tombstone

UNSEEN_READS = 20
"""How many of the objects that a comparison missed are read by themselves; all, if no more."""


async def confirm_gone(api: ApiClient, session: Session, claims: Sequence[Tombstone]) -> Witness:
    """Ask for each claimed object again.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted. Nothing is gone then.
    """
    alive: list[ObjectRecord] = []
    gone: list[Tombstone] = []
    to_read = _spread([claim for claim in claims if claim.updated_at is None])
    ordered = sorted(claims, key=lambda claim: claim.object_type)
    for object_type, group in groupby(ordered, key=lambda claim: claim.object_type):
        of_type = list({claim.object_id: claim for claim in group}.values())
        for start in range(0, len(of_type), IDS_A_CALL):
            asked = of_type[start : start + IDS_A_CALL]
            there = await _still_there(api, session, OBJECT_TYPES[object_type], asked, to_read)
            alive += there.values()
            gone += [claim for claim in asked if claim.object_id not in there]
    return Witness(alive, gone)


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
    to_read: AbstractSet[Tombstone],
) -> dict[str, ObjectRecord]:
    """Return those of a batch that exist, by id.

    Of those that the query does not show, the ones `to_read`, and always at least one, are read.
    When a read finds one, the query is worth nothing, and all the others are read too.
    """
    ids = [claim.object_id for claim in asked]
    rows = await rows_by_id(api, session, kind, ids) if len(ids) > 1 else ()
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
