"""When a write is compared with what the vendor has, and by what."""

from datetime import timedelta

import pytest

from actors.reconciliation import By, compared_by, next_comparison
from support.virtual_time import EPOCH

ENDED = EPOCH
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def steps(*, is_drifting: bool, until: timedelta, is_replicated: bool = True) -> list[timedelta]:
    now, made = ENDED, list[timedelta]()
    while (
        at := next_comparison(ENDED, now, is_drifting=is_drifting, is_replicated=is_replicated)
    ) and at - ENDED <= until:
        made.append(at - ENDED)
        now = at
    return made


def test_a_write_is_compared_at_growing_distances_for_a_week() -> None:
    expected = [5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY]
    assert steps(is_drifting=False, until=90 * DAY) == expected


def test_what_drifts_is_compared_daily_as_long_as_it_does() -> None:
    made = steps(is_drifting=True, until=30 * DAY)
    assert made[-23:] == [day * DAY for day in range(8, 31)]


def test_what_costs_a_call_each_time_is_compared_twice() -> None:
    made = steps(is_drifting=False, until=90 * DAY, is_replicated=False)
    assert made == [5 * MINUTE, DAY]


def test_what_drifts_and_costs_a_call_is_compared_ever_more_seldom() -> None:
    made = steps(is_drifting=True, until=100 * DAY, is_replicated=False)
    assert made == [5 * MINUTE, *(days * DAY for days in (1, 2, 4, 8, 16, 32, 64))]


def test_what_was_missed_while_nothing_ran_is_made_once() -> None:
    at = next_comparison(ENDED, ENDED + 2 * DAY, is_drifting=False, is_replicated=True)
    assert at == ENDED + 3 * DAY


@pytest.mark.parametrize(
    ("exact_after", "now_after", "expected"),
    [
        (0 * MINUTE, 5 * MINUTE, By.REPLICA),
        (-1 * MINUTE, 5 * MINUTE, By.NOTHING),
        (None, 5 * MINUTE, By.NOTHING),
        (-1 * MINUTE, 4 * HOUR, By.READING),
        (5 * MINUTE, 4 * HOUR, By.REPLICA),
    ],
)
def test_the_replica_answers_once_it_is_exact_past_the_write(
    exact_after: timedelta | None, now_after: timedelta, expected: By
) -> None:
    exact = None if exact_after is None else ENDED + exact_after
    by = compared_by(ENDED, ENDED, ENDED + now_after, exact, is_replicated=True)
    assert by is expected


def test_the_replica_is_held_against_the_vendors_time_of_the_write() -> None:
    """Ours may be ahead of it, or behind."""
    written, now = ENDED + HOUR, ENDED + 5 * MINUTE
    assert compared_by(written, ENDED, now, ENDED, is_replicated=True) is By.NOTHING
    assert compared_by(written, ENDED, now, written, is_replicated=True) is By.REPLICA


def test_what_is_not_replicated_is_read() -> None:
    by = compared_by(ENDED, ENDED, ENDED + 5 * MINUTE, None, is_replicated=False)
    assert by is By.READING
