"""What the vendor says of single objects: the second witness of deletions, and reads by id.

Where a key may not read single objects, their type's list is read once more from its other end.
"""

from collections.abc import Sequence
from itertools import groupby

from actors.errors import TransientError
from actors.vendors.base import Session, Witness
from actors.vendors.housecallpro.client import ApiClient, Order
from actors.vendors.housecallpro.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.housecallpro.parse import record
from store.models import ObjectRecord, Tombstone

_MOST_PAGES = 10_000


async def confirm_gone(api: ApiClient, session: Session, claims: Sequence[Tombstone]) -> Witness:
    """Ask for each claimed object again.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted. Nothing is gone then.
    """
    alive: list[ObjectRecord] = []
    gone: list[Tombstone] = []
    ordered = sorted(claims, key=lambda claim: claim.object_type)
    for object_type, group in groupby(ordered, key=lambda claim: claim.object_type):
        of_type = {claim.object_id: claim for claim in group}
        there = await _still_there(api, session, OBJECT_TYPES[object_type], list(of_type))
        alive += there.values()
        gone += [claim for object_id, claim in of_type.items() if object_id not in there]
    return Witness(alive, gone)


async def read_record(
    api: ApiClient, session: Session, kind: ObjectType, object_id: str
) -> ObjectRecord | None:
    """Read one object; None when it is gone.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    return (await _still_there(api, session, kind, [object_id])).get(object_id)


async def _still_there(
    api: ApiClient, session: Session, kind: ObjectType, object_ids: Sequence[str]
) -> dict[str, ObjectRecord]:
    if not kind.has_single_read:
        return await _listed(api, session, kind, frozenset(object_ids))
    found = {}
    for object_id in object_ids:
        answer = await api.read(session, kind, object_id)
        if answer is not None:
            found[object_id] = record(kind, answer.value, answer.seen_at)
    return found


async def _listed(
    api: ApiClient, session: Session, kind: ObjectType, wanted: frozenset[str]
) -> dict[str, ObjectRecord]:
    found: dict[str, ObjectRecord] = {}
    for number in range(1, _MOST_PAGES):
        answer = await api.page(session, kind, number, Order.NEWEST_FIRST)
        for shown in answer.value.rows:
            if shown[0] in wanted:
                found[shown[0]] = record(kind, shown, answer.seen_at)
        if number >= answer.value.pages or wanted <= found.keys():
            return found
    raise TransientError(f"the list of {kind.name} does not end")
