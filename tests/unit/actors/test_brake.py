from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.brake import (
    CONFIRMED_FOR,
    SAMPLE,
    allowed,
    reason,
    sample,
    settled_types,
    still_moving,
    too_many,
)
from actors.settings import DeleteBrake
from store.models import Cursor, CursorMove, HeldDeletes

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BRAKE = DeleteBrake(share=0.2, at_least=50)


def held(count: int, confirmed: int = 0, ago: timedelta | None = None) -> HeldDeletes:
    at = None if ago is None else NOW - ago
    return HeldDeletes("Invoice", count, 1000, ("1", "2"), NOW, at, confirmed)


@pytest.mark.parametrize(
    ("deletes", "live", "held_up"),
    [
        (49, 49, False),
        (50, 50, True),
        (50, 250, False),
        (51, 250, True),
        (0, 0, False),
        (1000, 1000, True),
    ],
)
def test_a_share_and_a_number_must_both_be_passed(deletes: int, live: int, held_up: bool) -> None:
    assert too_many(deletes, live, BRAKE) is held_up


def test_without_a_brake_nothing_is_too_many() -> None:
    assert not too_many(10_000, 10_000, None)


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 500), st.floats(0, 1))
def test_more_deletes_are_never_less_suspicious(
    deletes: int, live: int, at_least: int, share: float
) -> None:
    brake = DeleteBrake(share, at_least)
    if too_many(deletes, live, brake):
        assert too_many(deletes + 1, live, brake)
        assert deletes >= at_least
        assert deletes > share * live


def test_what_was_confirmed_lately_is_allowed() -> None:
    assert allowed([held(900, 900, timedelta(0))], "Invoice", NOW) == 900
    assert allowed([held(900, 900, timedelta(0))], "Item", NOW) == 0
    assert allowed([held(900)], "Invoice", NOW) == 0
    assert allowed([held(900, 900, CONFIRMED_FOR)], "Invoice", NOW) == 0
    assert allowed([], "Invoice", NOW) == 0


@given(st.lists(st.integers(), unique=True))
def test_a_sample_is_small_and_of_the_whole(items: list[int]) -> None:
    some = sample(items)
    assert len(some) == min(len(items), SAMPLE)
    assert sorted(some, key=items.index) == list(some)
    assert set(some) <= set(items)


def move(object_type: str, covered: datetime | None, *, ends: bool = False) -> CursorMove:
    return CursorMove(object_type, "p", complete=True, covered_until=covered, ends_comparison=ends)


def test_a_type_is_settled_when_a_look_gets_further_with_it() -> None:
    cursors = {name: Cursor(name, "p", True, NOW) for name in ("Invoice", "Item", "Bill")}  # noqa: FBT003
    later = NOW + timedelta(seconds=1)
    moves = [move("Invoice", later), move("Item", NOW), move("Bill", NOW, ends=True)]
    assert settled_types(cursors, moves) == ["Invoice", "Bill"]
    assert settled_types({}, [move("Invoice", NOW), move("Item", None)]) == ["Invoice"]


def test_only_the_held_types_stand_still() -> None:
    moves = [move("Invoice", NOW), move("Item", NOW)]
    assert still_moving(moves, [held(60)]) == moves[1:]


def test_the_reason_says_how_many_and_what_to_do() -> None:
    assert "900 of 1000" in reason(held(900))
    assert "syncline confirm-deletes" in reason(held(900))
    assert "confirmed" in reason(held(900, 900, timedelta(0)))
