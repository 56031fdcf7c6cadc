from math import inf

from hypothesis import given
from hypothesis import strategies as st

from actors import hints
from actors.hints import NO_HINTS, SOON_S, SPACING_S, Hints
from store.notice import OpenNotices

SETTLE_S = 120.0
TYPES = ("Invoice", "Customer")


def heard(known: Hints, newest: int, now_s: float, object_type: str = "Invoice") -> Hints:
    return hints.heard(known, [OpenNotices(object_type, newest)], now_s, SETTLE_S)


def looked(known: Hints, now_s: float, *, awaits: bool = False) -> Hints:
    """Return what is left after a look that begins now and ends well."""
    answers = hints.answers(known, TYPES, now_s)
    begun = hints.begun(known, TYPES, now_s)
    return hints.ended(begun, TYPES, answers, SETTLE_S, awaits=awaits)


def test_notice_is_looked_after_soon() -> None:
    assert hints.due_s(heard(NO_HINTS, 1, 100.0), TYPES) == 100.0 + SOON_S


def test_burst_does_not_put_the_look_off() -> None:
    known = NO_HINTS
    for number in range(100):
        known = heard(known, number, 100.0 + number / 200)
    assert hints.due_s(known, TYPES) == 100.0 + SOON_S


def test_look_that_began_too_early_answers_nothing_and_is_made_once_more() -> None:
    known = looked(heard(NO_HINTS, 1, 100.0), 101.0)
    assert hints.due_s(known, TYPES) == 220.0
    assert list(hints.answers(known, TYPES, 219.9)) == []
    assert looked(known, 220.0) is NO_HINTS


def test_what_is_not_visible_yet_is_looked_for_a_few_times_until_it_is_answered() -> None:
    known, looks = heard(NO_HINTS, 1, 100.0), []
    while known:
        looks.append(hints.due_s(known, TYPES))
        known = looked(known, looks[-1], awaits=True)
    assert looks == [101.0, 116.0, 148.0, 220.0]


def test_late_look_answers_at_once() -> None:
    known = heard(NO_HINTS, 7, 100.0)
    assert list(hints.answers(known, TYPES, 220.0)) == [OpenNotices("Invoice", 7)]
    assert looked(known, 220.0) is NO_HINTS


def test_notices_of_later_wait_for_a_round_of_their_own() -> None:
    known = looked(heard(NO_HINTS, 1, 100.0), 101.0)
    known = heard(known, 2, 200.0)
    assert list(hints.answers(known, TYPES, 220.0)) == [OpenNotices("Invoice", 1)]
    known = looked(known, 220.0)
    assert hints.due_s(known, TYPES) == 320.0
    assert looked(known, 320.0) is NO_HINTS


def test_looks_keep_their_distance_while_notices_keep_coming() -> None:
    known = looked(heard(NO_HINTS, 1, 100.0), 101.0)
    assert hints.due_s(heard(known, 2, 101.5), TYPES) == 101.0 + SPACING_S
    assert hints.due_s(heard(known, 2, 150.0), TYPES) == 150.0 + SOON_S


def test_notice_that_comes_during_a_look_asks_for_another() -> None:
    known = hints.begun(heard(NO_HINTS, 1, 100.0), TYPES, 101.0)
    assert hints.due_s(known, TYPES) == inf
    known = hints.ended(heard(known, 2, 101.2), TYPES, (), SETTLE_S, awaits=False)
    assert hints.due_s(known, TYPES) == 101.0 + SPACING_S


def test_look_that_failed_is_due_again() -> None:
    known = hints.begun(heard(NO_HINTS, 1, 100.0), TYPES, 101.0)
    assert hints.due_s(hints.failed(known, TYPES), TYPES) <= 101.0


def test_look_at_other_types_changes_nothing() -> None:
    known = heard(NO_HINTS, 1, 100.0, "TimeActivity")
    assert hints.due_s(known, TYPES) == inf
    assert looked(known, 300.0) == known


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=60))
def test_stream_of_notices_is_answered_in_the_end_with_few_looks(gaps_s: list[float]) -> None:
    known, now_s, looks, number = NO_HINTS, 0.0, 0, 0
    arrivals = []
    for gap_s in gaps_s:
        now_s += gap_s
        arrivals.append(now_s)
    last_s = now_s
    answered = 0
    while arrivals or known:
        next_s = arrivals[0] if arrivals else inf
        if next_s <= hints.due_s(known, TYPES):
            number += 1
            known = heard(known, number, arrivals.pop(0))
            continue
        now_s = hints.due_s(known, TYPES)
        for each in hints.answers(known, TYPES, now_s):
            answered = each.newest
        known = looked(known, now_s)
        looks += 1
    assert answered == number
    assert now_s <= last_s + 2 * SETTLE_S
    assert looks <= 4 + (last_s + 2 * SETTLE_S) / SPACING_S
