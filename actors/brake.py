"""When deletes are too many at once to be believed. Pure.

A vendor that claims most of a type to be gone is more often wrong than right, and its second witness
may be wrong with it. Such deletes wait until a person says that they may go.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from actors.settings import DeleteBrake
from store.models import Cursor, CursorMove, HeldDeletes

CONFIRMED_FOR = timedelta(hours=24)
"""How long a person's word holds."""

SAMPLE = 5
"""How many of the doubtful objects the second witness is asked about while they are held."""

Item = TypeVar("Item")


def too_many(deletes: int, live: int, brake: DeleteBrake | None) -> bool:
    """Tell whether so many deletes of so many live objects need a person's word."""
    return brake is not None and deletes >= brake.at_least and deletes > brake.share * live


def allowed(held: Iterable[HeldDeletes], object_type: str, now: datetime) -> int:
    """Return how many deletes of the type a person has said may go; 0 when nobody did lately."""
    return sum(
        each.confirmed_count
        for each in held
        if each.object_type == object_type
        and each.confirmed_at is not None
        and now - each.confirmed_at < CONFIRMED_FOR
    )


def sample(items: Sequence[Item]) -> Sequence[Item]:
    """Return `SAMPLE` of the items, evenly from first to last; all, if no more."""
    if len(items) <= SAMPLE:
        return items
    return [items[n * len(items) // SAMPLE] for n in range(SAMPLE)]


def sample_again(
    held: Iterable[HeldDeletes], object_type: str, object_ids: Sequence[str]
) -> tuple[str, ...]:
    """Return some of the ids: those that were held before, as long as all of them still are.

    They were gone the last time; others may be known to be there, and would have all asked again.
    """
    before = next((each.sample for each in held if each.object_type == object_type), ())
    if before and set(object_ids).issuperset(before):
        return before
    return tuple(sample(object_ids))


def settled_types(cursors: Mapping[str, Cursor], moves: Iterable[CursorMove]) -> Sequence[str]:
    """Return the types that these moves finish with: what was held of them is settled.

    Args:
        cursors: where the look began.
        moves: where it ended; a type whose deletes are held does not move.
    """
    return [
        move.object_type
        for move in moves
        if move.covered_until is not None
        and (
            move.ends_comparison
            or (known := cursors.get(move.object_type)) is None
            or move.covered_until != known.covered_until
        )
    ]


def still_moving(moves: Iterable[CursorMove], held: Iterable[HeldDeletes]) -> Sequence[CursorMove]:
    """Return the moves of the types whose deletes are not held."""
    waiting = {each.object_type for each in held}
    return [move for move in moves if move.object_type not in waiting]


def reason(held: HeldDeletes) -> str:
    """Say what is held and what to do, for an operator."""
    if held.confirmed_count >= held.count:
        return f"{held.object_type}: {held.count} deletes are confirmed and will be made"
    return (
        f"{held.object_type}: the vendor shows {held.count} of {held.live} objects as deleted; "
        "nothing is deleted before you confirm it with `syncline confirm-deletes`"
    )
