from datetime import UTC, datetime, timedelta
from math import inf

import pytest

from actors.moment import Moment
from actors.token_calendar import End, keep_alive_at_s, nearest_end
from store.models import SealedCredential

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def days(number: float) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("left_days", "within"),
    [(30.01, None), (30, 30), (7.01, 30), (7, 7), (1.01, 7), (1, 1), (0, 1), (-5, 1)],
)
def test_each_threshold_is_told_when_it_is_reached(left_days: float, within: int | None) -> None:
    end = nearest_end(NOW + days(left_days), None, NOW)
    assert end is not None
    assert end.within_days == within
    assert (end.advice is None) == (within is None)


def test_the_nearer_end_counts() -> None:
    idle = nearest_end(NOW + days(5), NOW + days(6), NOW)
    hard = nearest_end(NOW + days(6), NOW + days(5), NOW)
    assert idle is not None
    assert hard is not None
    assert (idle.end, hard.end) == (End.IDLE, End.HARD)


def test_the_advice_fits_the_end() -> None:
    idle = nearest_end(NOW + days(5), None, NOW)
    hard = nearest_end(None, NOW + days(5), NOW)
    over = nearest_end(NOW - days(1), None, NOW)
    assert idle is not None
    assert hard is not None
    assert over is not None
    assert "the next renewal moves that on" in str(idle.advice)
    assert "2026-11-26 00:00 UTC whatever happens" in str(hard.advice)
    assert "ended at 2026-11-20 00:00 UTC" in str(over.advice)


def test_tokens_that_do_not_end_are_not_on_the_calendar() -> None:
    assert nearest_end(None, None, NOW) is None


def sealed(life: timedelta | None) -> SealedCredential:
    return SealedCredential(b"", NOW, NOW, None if life is None else NOW + life)


def test_a_paused_account_renews_before_anybody_is_warned() -> None:
    at_s = keep_alive_at_s(sealed(days(101)), Moment(1000.0, NOW))
    assert at_s == 1000.0 + days(70).total_seconds()


def test_tokens_that_live_shortly_are_renewed_with_a_third_of_their_life_left() -> None:
    at_s = keep_alive_at_s(sealed(days(3)), Moment(0.0, NOW + days(1)))
    assert at_s == days(1).total_seconds()


def test_tokens_that_do_not_die_need_no_renewal() -> None:
    assert keep_alive_at_s(sealed(None), Moment(0.0, NOW)) == inf
