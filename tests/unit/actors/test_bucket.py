from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bucket import CallBucket, TokenBucket
from actors.settings import CallLimits

WINDOWS = ((60.0, "minute"), (1.0, "second"))

gaps_s = st.one_of(
    st.just(0.0),
    st.floats(0.0, 0.2),
    st.floats(0.0, 5.0),
    st.floats(0.0, 200.0),
    st.sampled_from([1.0, 60.0, 0.5, 1 / 9, 0.1]),
)
starts_s = st.sampled_from([0.0, 12.345, 1e6 + 0.1, 3.3e7])


def most_in_a_closed_window(times_s: Sequence[float], window_s: float) -> int:
    """Count the calls of the fullest window, both its ends included."""
    most = first = 0
    for last, at_s in enumerate(times_s):
        while at_s - times_s[first] > window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def calls_when_saturated(bucket: TokenBucket, start_s: float, calls: int) -> list[float]:
    now_s, times_s = start_s, list[float]()
    while len(times_s) < calls:
        wait_s = bucket.wait_s(now_s)
        if wait_s:
            now_s += wait_s
            continue
        bucket.take(now_s)
        times_s.append(now_s)
    return times_s


@given(limit=st.integers(1, 40), start_s=starts_s, gaps=st.lists(gaps_s, max_size=150))
@pytest.mark.parametrize("window_s", [60.0, 1.0])
def test_no_window_holds_more_calls_than_the_limit(
    limit: int, start_s: float, gaps: list[float], window_s: float
) -> None:
    bucket = TokenBucket.empty(limit, window_s, start_s)
    now_s, times_s = start_s, []
    for gap_s in gaps:
        now_s += gap_s * window_s / 60
        if bucket.wait_s(now_s) == 0:
            bucket.take(now_s)
            times_s.append(now_s)
    assert most_in_a_closed_window(times_s, window_s) <= limit


@given(limit=st.integers(1, 600), start_s=starts_s)
@pytest.mark.parametrize("window_s", [60.0, 1.0])
def test_a_saturated_bucket_never_overfills_a_window(
    limit: int, start_s: float, window_s: float
) -> None:
    bucket = TokenBucket.empty(limit, window_s, start_s)
    times_s = calls_when_saturated(bucket, start_s, 3 * limit + 5)
    assert most_in_a_closed_window(times_s, window_s) <= limit


@pytest.mark.parametrize(
    ("limit", "window_s", "share"),
    [(500, 60.0, 0.89), (10, 1.0, 0.89), (60, 1.0, 0.89), (100, 1.0, 0.89), (1, 1.0, 0.98)],
)
def test_a_saturated_bucket_comes_close_to_the_limit(
    limit: int, window_s: float, share: float
) -> None:
    calls = 20 * limit
    times_s = calls_when_saturated(TokenBucket.empty(limit, window_s, 0.0), 0.0, calls)
    assert calls / (times_s[-1] / window_s) >= share * limit


@given(
    limit=st.integers(1, 600),
    start_s=starts_s,
    gaps=st.lists(st.floats(0.0, 1e-3), min_size=1, max_size=100),
)
def test_waiting_as_told_always_moves_the_clock_and_ends(
    limit: int, start_s: float, gaps: list[float]
) -> None:
    bucket, now_s = TokenBucket.empty(limit, 60.0, start_s), start_s
    for gap_s in gaps:
        now_s += gap_s
        waits = 0
        while wait_s := bucket.wait_s(now_s):
            waits += 1
            assert now_s + wait_s > now_s
            assert waits <= 3
            now_s += wait_s
        bucket.take(now_s)


@given(
    limit=st.integers(1, 40),
    times=st.lists(st.sampled_from([0.0, 50.0, 100.0, 101.0]), max_size=150),
)
def test_a_clock_that_goes_back_earns_no_calls(limit: int, times: list[float]) -> None:
    bucket = TokenBucket.empty(limit, 60.0, 0.0)
    latest_s, granted_s = 0.0, []
    for now_s in times:
        latest_s = max(latest_s, now_s)
        if bucket.wait_s(now_s) == 0:
            bucket.take(now_s)
            granted_s.append(latest_s)
    assert most_in_a_closed_window(granted_s, 60.0) <= limit


@given(
    limits=st.builds(
        CallLimits,
        per_minute=st.none() | st.integers(1, 100),
        per_second=st.none() | st.integers(1, 10),
        in_flight=st.integers(1, 5),
    ),
    gaps=st.lists(gaps_s, max_size=150),
)
def test_all_limits_hold_together(limits: CallLimits, gaps: list[float]) -> None:
    bucket, now_s, times_s = CallBucket(limits, 0.0), 0.0, []
    for gap_s in gaps:
        now_s += gap_s / 10
        if bucket.wait_s(now_s) == 0:
            bucket.take(now_s)
            bucket.give_back()
            times_s.append(now_s)
    for limit, window_s in ((limits.per_minute, 60.0), (limits.per_second, 1.0)):
        assert most_in_a_closed_window(times_s, window_s) <= (limit or inf)


def test_calls_in_flight_are_bounded_and_given_back() -> None:
    bucket = CallBucket(CallLimits(in_flight=2), 0.0)
    bucket.take(0.0)
    bucket.take(0.0)
    assert bucket.wait_s(0.0) == inf
    assert bucket.within_a_second(0.0) == 0
    bucket.give_back()
    assert bucket.wait_s(0.0) == 0
    assert bucket.within_a_second(0.0) == 1


@pytest.mark.parametrize(("in_flight", "taken", "may"), [(3, 1, True), (3, 2, False)])
def test_reserved_places_are_left_for_others(in_flight: int, taken: int, *, may: bool) -> None:
    bucket = CallBucket(CallLimits(in_flight=in_flight), 0.0)
    for _ in range(taken):
        bucket.take(0.0)
    assert (bucket.wait_s(0.0, reserve=1) == 0) is may
    assert bucket.wait_s(0.0) == 0


def test_one_place_is_open_to_all_even_when_it_is_the_only_one() -> None:
    bucket = CallBucket(CallLimits(in_flight=1), 0.0)
    assert bucket.wait_s(0.0, reserve=1) == 0
    bucket.take(0.0)
    assert bucket.wait_s(0.0, reserve=1) == inf


def test_calls_within_a_second_shrink_with_each_call_and_grow_with_time() -> None:
    bucket = CallBucket(CallLimits(per_minute=600, per_second=None, in_flight=100), 0.0)
    assert bucket.within_a_second(0.0) == 9
    assert bucket.within_a_second(10.0) == 69
    for _ in range(60):
        bucket.take(10.0)
        bucket.give_back()
    assert bucket.within_a_second(10.0) == 9


def test_a_quiet_account_shows_its_whole_allowance_of_a_second() -> None:
    bucket = CallBucket(CallLimits(per_minute=500, per_second=10), 0.0)
    bucket.take(2.0)
    bucket.give_back()
    assert bucket.within_a_second(4.0) == 10


def test_no_limits_mean_no_waiting() -> None:
    bucket = CallBucket(CallLimits(in_flight=1000), 0.0)
    for _ in range(999):
        bucket.take(0.0)
    assert bucket.wait_s(0.0) == 0


@pytest.mark.parametrize(("limit", "window_s"), [(500, 60.0), (10, 1.0), (1, 1.0)])
def test_a_bucket_made_anew_keeps_the_limit_together_with_the_one_before(
    limit: int, window_s: float
) -> None:
    times_s = calls_when_saturated(TokenBucket.empty(limit, window_s, 0.0), 0.0, 2 * limit)
    again_s = times_s[-1]
    times_s += calls_when_saturated(TokenBucket.empty(limit, window_s, again_s), again_s, 2 * limit)
    assert most_in_a_closed_window(times_s, window_s) <= limit


def test_batches_keep_their_own_limit_beside_that_of_all_calls() -> None:
    bucket = CallBucket(CallLimits(per_minute=500, in_flight=1000, batches_per_minute=40), 0.0)
    made_s = []
    now_s = 0.0
    while now_s < 180.0:
        if bucket.wait_s(now_s, is_batch=True) == 0.0:
            bucket.take(now_s, is_batch=True)
            made_s.append(now_s)
        now_s += 0.25
    assert max(sum(begin <= each <= begin + 60.0 for each in made_s) for begin in made_s) <= 40
    assert len(made_s) > 100
    assert bucket.wait_s(now_s) == 0.0


def test_batches_that_are_not_limited_go_by_the_other_limits() -> None:
    bucket = CallBucket(CallLimits(per_minute=500, in_flight=1000), 0.0)
    for _ in range(50):
        bucket.take(60.0, is_batch=True)
    assert 0.0 < bucket.wait_s(60.0, is_batch=True) < 1.0


def test_a_fresh_bucket_has_no_batches_and_forgets_those_that_are_long_over() -> None:
    bucket = CallBucket(CallLimits(in_flight=1000, batches_per_minute=40), 0.0)
    assert bucket.wait_s(0.0, is_batch=True) > 1.0
    for _ in range(4):
        assert bucket.wait_s(60.0, is_batch=True) == 0.0
        bucket.take(60.0, is_batch=True)
    assert bucket.wait_s(60.0, is_batch=True) > 1.0
    bucket.take(60.1)
    assert bucket.wait_s(60.1, is_batch=True) > 1.0
    bucket.take(120.0)
    assert bucket.wait_s(120.0, is_batch=True) == 0.0
    for _ in range(4):
        bucket.take(120.0, is_batch=True)
    assert bucket.wait_s(120.0, is_batch=True) > 1.0


def test_the_next_call_of_a_second_is_left_for_users() -> None:
    bucket = CallBucket(CallLimits(per_minute=500, per_second=10), 0.0)
    now_s, times_s = 60.0, list[float]()
    while now_s < 120.0:
        if wait_s := bucket.wait_s(now_s, reserve=1):
            now_s += wait_s
            continue
        bucket.take(now_s)
        bucket.give_back()
        times_s.append(now_s)
        assert bucket.wait_s(now_s) == 0.0, "a user would have to wait"
    assert len(times_s) >= 0.89 * 500, "what is left for users must not slow the rest down"


def test_a_small_limit_is_not_halved_for_users() -> None:
    bucket = CallBucket(CallLimits(per_second=2), 0.0)
    assert bucket.wait_s(1.0, reserve=1) == 0.0
