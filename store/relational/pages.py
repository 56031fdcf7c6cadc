"""Storing one page: objects, tombstones, cursors, changes and watermark, whole or not at all."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from store.models import ObjectRecord, PageApplied, PageWrite, Tombstone
from store.relational.accounts import check_fence, move_watermark
from store.relational.comparison import forget_seen, see
from store.relational.cursors import move_cursors, newest_covered
from store.relational.held import give_way, give_way_beyond, take_out
from store.relational.held_deletes import hold_deletes, release_deletes
from store.relational.history import next_look, note_look, note_refusals, take_back_refusals
from store.relational.instants import to_text
from store.relational.mends import note_mends, note_removed
from store.relational.notices import answer_notices, awaits, check_changes
from store.relational.objects import bury_objects, object_rows, upsert_objects
from store.relational.session import Session
from store.verification import Difference, Mend

Key = tuple[str, str]

_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_BEYOND = timedelta(days=1)
"""A row that is held with a time so far beyond the vendor's own was damaged."""

_ROW_BYTES = 400
"""What a row and its change take in tables and indexes besides the payload, roughly."""


def page_bytes(page: PageWrite) -> int:
    """Estimate how much the page writes at most."""
    rows = len(page.objects) + len(page.tombstones) + len(page.seen)
    return rows * _ROW_BYTES + sum([len(item.payload) for item in page.objects])


def apply_page(connection: Session, page: PageWrite) -> PageApplied:
    """Store the page, in the transaction that the caller has open.

    Raises:
        StaleEpochError: its reader does not own the account any more.
    """
    check_fence(connection, page.account_id, page.epoch)
    objects, tombstones = last_word(page.objects, page.tombstones)
    if page.judged:
        judged = page.judged
        tombstones = give_way(connection, page.account_id, judged, objects, tombstones)
    via, at = page.via, page.observed_at
    # A page without rows, as most are, needs no number.
    look_id = next_look(connection) if page.look and (objects or tombstones) else None
    rows = object_rows(objects)
    upserts = upsert_objects(connection, page.account_id, via, at, objects, rows, look_id)
    deletes = bury_objects(connection, page.account_id, via, at, tombstones, look_id)
    refused = note_refusals(
        connection,
        page,
        rows if upserts < len(objects) else "",
        tombstones if deletes < len(tombstones) else (),
    )
    mends = page.mends
    if refused and page.vendor_time is not None:
        more = _overrule(connection, page, refused, objects, tombstones, look_id)
        upserts, deletes, mends = upserts + more.upserts, deletes + more.deletes, more.mended
    mended = note_mends(connection, page, mends, look_id)
    if page.strangers:
        mended = (*mended, *_taken_out(connection, page))
    if look_id is not None and (upserts or deletes):
        note_look(connection, look_id, page)
    hold_deletes(connection, page.account_id, page.holds)
    release_deletes(connection, page.account_id, page.released)
    _move_comparison_and_cursors(connection, page)
    exact_as_of, newest = move_watermark(connection, page.account_id, at, page.object_types)
    applied = PageApplied(upserts, deletes, newest, exact_as_of, page.holds, mended=mended)
    return applied if page.notices is None else _settle_notices(connection, page, applied)


def _overrule(
    connection: Session,
    page: PageWrite,
    refused: Sequence[Key],
    objects: Sequence[ObjectRecord],
    tombstones: Sequence[Tombstone],
    look_id: int | None,
) -> PageApplied:
    """Write what was refused because a row is held with a time that the vendor cannot have told.

    Left to itself such a row would refuse all news of its object until it is verified.
    """
    held = give_way_beyond(connection, page.account_id, refused, _beyond(connection, page))
    if not held:
        return PageApplied(0, 0, 0, None)
    take_back_refusals(connection, page, held)
    shown = [each for each in objects if (each.object_type, each.object_id) in held]
    gone = [each for each in tombstones if (each.object_type, each.object_id) in held]
    account_id, via, at = page.account_id, page.via, page.observed_at
    rows = object_rows(shown)
    upserts = upsert_objects(connection, account_id, via, at, shown, rows, look_id)
    deletes = bury_objects(connection, account_id, via, at, gone, look_id)
    mends = [
        Mend(*key, Difference.MISSING if was_deleted else Difference.DIFFERING)
        for key, was_deleted in held.items()
    ]
    return PageApplied(upserts, deletes, 0, None, mended=mends)


def _beyond(connection: Session, page: PageWrite) -> str:
    """Return a time that no row can have: well after the latest that the vendor ever told.

    Not after this page's alone: an old answer may come late.
    """
    newest = newest_covered(connection, page.account_id)
    latest = max(each for each in (page.vendor_time, newest, _EARLIEST) if each is not None)
    return to_text(latest + min(_BEYOND, _LATEST - latest))


def _taken_out(connection: Session, page: PageWrite) -> Sequence[Mend]:
    taken = take_out(connection, page.account_id, page.strangers)
    return [note_removed(connection, page, row.object_type, row.object_id) for row in taken]


def _settle_notices(connection: Session, page: PageWrite, applied: PageApplied) -> PageApplied:
    """Tell which changes a notice told of, then note which notices the page answers."""
    check, made = page.notices, applied.upserts + applied.deletes
    if check is None:
        return applied
    if made:
        # Each row that was written is one change, and nobody else writes in between.
        before = applied.last_seq - made
        hinted, missed = check_changes(connection, page.account_id, check, before, page.observed_at)
        applied = replace(applied, hinted=hinted, missed=missed)
    answers, awaited = check.answers, check.awaited
    if page.holds:
        # What told of deletes that are held has no answer before somebody decides about them, and
        # looking again soon brings none.
        held = {each.object_type for each in page.holds}
        answers = [each for each in answers if each.object_type not in held]
        awaited = [each for each in awaited if each not in held]
    answer_notices(connection, page.account_id, answers, page.observed_at)
    return replace(applied, awaits=awaits(connection, page.account_id, awaited))


def last_word(
    objects: Sequence[ObjectRecord], tombstones: Sequence[Tombstone]
) -> tuple[Sequence[ObjectRecord], Sequence[Tombstone]]:
    """Keep one word for each object, so that the same page twice changes nothing the second time.

    The newest stays; of equally new versions the later, and a tombstone before such a version.
    """
    alive: dict[Key, ObjectRecord] = {}
    for item in objects:
        key = (item.object_type, item.object_id)
        earlier = alive.get(key)
        if earlier is None or item.updated_at >= earlier.updated_at:
            alive[key] = item
    gone: dict[Key, Tombstone] = {}
    for grave in tombstones:
        key = (grave.object_type, grave.object_id)
        if key not in gone or _tells_more(grave, gone[key]):
            gone[key] = grave
    for key in alive.keys() & gone.keys():
        if _tells_more(alive[key], gone[key]) and gone[key].updated_at is not None:
            del gone[key]
        else:
            version = alive.pop(key)
            gone[key] = Tombstone(*key, gone[key].updated_at or version.updated_at)
    return list(alive.values()), list(gone.values())


def _tells_more(one: Tombstone | ObjectRecord, other: Tombstone) -> bool:
    """A later time tells more than an earlier one, and any time more than none."""
    if one.updated_at is None or other.updated_at is None:
        return other.updated_at is None
    return one.updated_at > other.updated_at


def _move_comparison_and_cursors(connection: Session, page: PageWrite) -> None:
    ended = [move.object_type for move in page.cursors if move.ends_comparison]
    forget_seen(connection, page.account_id, page.begins)
    see(connection, page.account_id, page.seen)
    forget_seen(connection, page.account_id, ended)
    move_cursors(connection, page.account_id, page.observed_at, page.cursors)
