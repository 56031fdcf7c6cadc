"""What the vendor says of single objects: the second witness of deletions, and reads by id.

Reads by id answer in another shape than the feed. So they only tell whether an object is there and
since when it is as it is; its bytes are taken from the feed, begun at that time.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import groupby

from actors.errors import TransientError
from actors.vendors.base import Session, Witness
from actors.vendors.servicetitan.client import IDS_A_CALL, ApiClient
from actors.vendors.servicetitan.object_types import OBJECT_TYPES, ObjectType
from actors.vendors.servicetitan.timestamps import parameter_text
from store.models import ObjectRecord, Tombstone

SINGLE_READS = 20
"""How many of a type's claims are read one by one; all, if no more."""
_MOST_PAGES = 40
"""How far the feed is searched for an object from the second of its last change on."""


async def confirm_gone(api: ApiClient, session: Session, claims: Sequence[Tombstone]) -> Witness:
    """Ask for each claimed object again: all by lists, some of those that are missing one by one.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted. Nothing is gone then.
    """
    alive: list[ObjectRecord] = []
    gone: list[Tombstone] = []
    ordered = sorted(claims, key=lambda claim: claim.object_type)
    for object_type, group in groupby(ordered, key=lambda claim: claim.object_type):
        of_type = {claim.object_id: claim for claim in group}
        kind = OBJECT_TYPES[object_type]
        there = await _still_there(api, session, kind, list(of_type))
        alive += (await records(api, session, kind, there)).values()
        gone += [claim for object_id, claim in of_type.items() if object_id not in there]
    return Witness(alive, gone)


async def read_record(
    api: ApiClient, session: Session, kind: ObjectType, object_id: str
) -> ObjectRecord | None:
    """Read one object; None when it is gone.

    Raises:
        VendorError: a call failed, or its answer cannot be trusted.
    """
    changed_at = await api.changed_at(session, kind, object_id)
    if changed_at is None:
        return None
    return (await records(api, session, kind, {object_id: changed_at}))[object_id]


async def records(
    api: ApiClient, session: Session, kind: ObjectType, changed_at: Mapping[str, datetime]
) -> Mapping[str, ObjectRecord]:
    """Return these objects as the feed shows them, which was last changed when.

    Raises:
        TransientError: the feed does not show one of them yet.
        VendorError: a call failed, or its answer cannot be trusted.
    """
    found: dict[str, ObjectRecord] = {}
    if not changed_at:
        return found
    start, more = parameter_text(min(changed_at.values())), True
    for _ in range(_MOST_PAGES):
        if not more or changed_at.keys() <= found.keys():
            break
        page = (await api.export(session, kind, start)).value
        for row in page.rows:
            since = changed_at.get(row.record.object_id)
            if since is not None and row.record.updated_at >= since:
                found[row.record.object_id] = row.record
        start, more = page.token, page.more
    if missing := changed_at.keys() - found.keys():
        raise TransientError(f"the feed does not show {kind.name} {min(missing)} yet")
    return found


async def _still_there(
    api: ApiClient, session: Session, kind: ObjectType, object_ids: Sequence[str]
) -> dict[str, datetime]:
    """Return those that exist, and when each was last changed.

    When a single read finds one that the list did not show, the list is worth nothing, and all the
    others are read too.
    """
    shown: dict[str, datetime] = {}
    known = [object_id for object_id in object_ids if object_id.isascii() and object_id.isdigit()]
    if len(known) > 1:
        for first in range(0, len(known), IDS_A_CALL):
            shown |= await api.shown(session, kind, known[first : first + IDS_A_CALL])
    missing = [object_id for object_id in known if object_id not in shown]
    sample = _spread(missing)
    hidden = await _read_each(api, session, kind, [each for each in missing if each in sample])
    if hidden:
        others = [object_id for object_id in missing if object_id not in sample]
        hidden |= await _read_each(api, session, kind, others)
    return shown | hidden


def _spread(object_ids: Sequence[str]) -> AbstractSet[str]:
    """Take `SINGLE_READS` of them, evenly from first to last."""
    if len(object_ids) <= SINGLE_READS:
        return frozenset(object_ids)
    return frozenset(object_ids[n * len(object_ids) // SINGLE_READS] for n in range(SINGLE_READS))


async def _read_each(
    api: ApiClient, session: Session, kind: ObjectType, object_ids: Sequence[str]
) -> dict[str, datetime]:
    found = {}
    for object_id in object_ids:
        changed_at = await api.changed_at(session, kind, object_id)
        if changed_at is not None:
            found[object_id] = changed_at
    return found
