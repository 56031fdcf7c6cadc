from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from actors.read_budget import (
    USER_SHARE,
    Demand,
    Plan,
    fair_level,
    measured,
    middle_stretch,
    month_of,
    must_rest,
    plan,
    together,
)
from actors.vendors.base import Priority

PACIFIC = ZoneInfo("America/Los_Angeles")
MONTH = month_of(datetime(2026, 11, 15, tzinfo=UTC), PACIFIC)
MIDDLE = MONTH.begins_at + (MONTH.ends_at - MONTH.begins_at) / 2
INTERVAL_S = 300.0
USUAL = 1 / INTERVAL_S


def stretch(accounts: int, *, used: int = 0, at: datetime = MONTH.begins_at) -> float:
    return plan(500_000, used, MONTH, at, Demand(accounts, USUAL), INTERVAL_S).stretch


def test_a_month_turns_at_midnight_of_the_vendors_zone() -> None:
    november = month_of(datetime(2026, 12, 1, 7, 59, tzinfo=UTC), PACIFIC)
    december = month_of(datetime(2026, 12, 1, 8, 0, tzinfo=UTC), PACIFIC)
    assert (november.name, december.name) == ("2026-11", "2026-12")
    assert november.ends_at == december.begins_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert december.ends_at == datetime(2027, 1, 1, 8, tzinfo=UTC)


def test_daylight_saving_is_in_the_months_length() -> None:
    # Pacific daylight time ends on the first of November, after the month has begun.
    assert MONTH.ends_at - MONTH.begins_at == timedelta(days=30, hours=1)


def test_few_accounts_keep_their_pace() -> None:
    assert stretch(10) == 1.0


def test_many_accounts_are_stretched_so_that_it_lasts() -> None:
    # 570 accounts every 5 minutes need ten times what there is, and a tenth is held back.
    assert stretch(570) == pytest.approx(570 * 8652 / 450_000, rel=0.01)


def test_a_stretch_ends_at_a_day() -> None:
    assert stretch(100_000) == 86_400.0 / INTERVAL_S


def test_what_is_used_already_is_missing() -> None:
    assert stretch(100, at=MIDDLE) < stretch(100, used=300_000, at=MIDDLE)


def test_unmetered_is_never_stretched() -> None:
    made = plan(None, 10**9, MONTH, MIDDLE, Demand(10_000, USUAL), INTERVAL_S)
    assert made.stretch == 1.0
    assert made.forecast > 10**9


def test_who_reads_far_more_is_stretched_first_and_the_others_are_not() -> None:
    demand = Demand(30, USUAL, {"greedy": 50 * USUAL})
    made = plan(500_000, 0, MONTH, MONTH.begins_at, demand, INTERVAL_S)
    assert made.stretch == 1.0
    assert made.stretch_of("greedy") > 1.5
    assert made.stretch_of("any other") == 1.0


@given(
    some.integers(0, 1000),
    some.lists(some.floats(0.001, 10.0), max_size=10),
    some.floats(0.0, 10.0),
)
def test_the_fair_level_spends_no_more_than_there_is(
    usual: int, over: list[float], rate: float
) -> None:
    demand = Demand(
        usual + len(over), USUAL, {str(number): each for number, each in enumerate(over)}
    )
    level = fair_level(demand, rate)
    spent = usual * min(USUAL, level) + sum(min(each, level) for each in over)
    assert spent <= rate * (1 + 1e-9) + 1e-9 or spent <= demand.total_per_s <= rate
    if level < float("inf"):
        assert spent == pytest.approx(rate, abs=1e-9)


@given(
    some.integers(1, 5000),
    some.integers(0, 400_000),
    some.integers(0, 100_000),
    some.floats(0.0, 0.99),
)
def test_more_accounts_or_more_use_never_quicken_polls(
    accounts: int, used: int, more: int, part: float
) -> None:
    at = MONTH.begins_at + (MONTH.ends_at - MONTH.begins_at) * part
    calm = stretch(accounts, used=used, at=at)
    assert stretch(accounts, used=used + more, at=at) >= calm
    assert stretch(accounts + more, used=used, at=at) >= calm


@given(some.integers(0, 1_100), some.floats(0.0, 1.0))
def test_the_less_urgent_always_rests_first(used: int, part: float) -> None:
    at = MONTH.begins_at + (MONTH.ends_at - MONTH.begins_at) * part
    rests = [
        must_rest(priority, 1000, used, MONTH, at)
        for priority in (
            Priority.USER,
            Priority.READ,
            Priority.POLL,
            Priority.BACKFILL,
            Priority.VERIFY,
        )
    ]
    assert rests == sorted(rests)
    assert not rests[0]
    assert must_rest(Priority.FRESH, 1000, used, MONTH, at) == rests[2]


def test_readers_may_spend_what_is_kept_for_users_and_nothing_beyond() -> None:
    at = MONTH.begins_at
    assert must_rest(Priority.POLL, 1000, 980, MONTH, at)
    assert not must_rest(Priority.READ, 1000, 999, MONTH, at)
    assert must_rest(Priority.READ, 1000, 1000, MONTH, at)
    assert not must_rest(Priority.READ, None, 10**9, MONTH, at)


@settings(max_examples=60, deadline=None)
@given(
    some.lists(
        some.tuples(some.floats(0.0, 1.0), some.integers(1, 60), some.integers(0, 600)),
        min_size=1,
        max_size=8,
    ),
    some.integers(0, 5),
)
def test_no_arrivals_ever_make_the_reads_pass_the_allowance(
    arrivals: list[tuple[float, int, int]], witnesses: int
) -> None:
    """Accounts come at any time, with first readings of any length and looks that cost more."""
    allowance, step_s, used, polls_at_end = 20_000, 3600.0, 0.0, 0.0
    whole_s = (MONTH.ends_at - MONTH.begins_at).total_seconds()
    backlog = 0
    for hour in range(int(whole_s / step_s)):
        at = MONTH.begins_at + timedelta(seconds=hour * step_s)
        came = [each for each in arrivals if hour == int(each[0] * (whole_s / step_s - 1))]
        accounts = sum(each[1] for each in arrivals if each[0] * whole_s <= hour * step_s)
        backlog += sum(each[2] for each in came)
        demand = Demand(accounts, USUAL)
        made = plan(allowance, int(used), MONTH, at, demand, INTERVAL_S)
        polls = 0.0
        if not must_rest(Priority.POLL, allowance, int(used), MONTH, at):
            room = allowance * (1 - USER_SHARE) - used
            polls = min(room, accounts * (step_s * USUAL / made.stretch) * (1 + witnesses / 10))
        used += polls
        while backlog and not must_rest(Priority.BACKFILL, allowance, int(used), MONTH, at):
            backlog, used = backlog - 1, used + 1
        polls_at_end = polls
    assert used <= allowance * (1 - USER_SHARE) + 1
    early = all(part < 0.5 for part, _, _ in arrivals)
    if early and not witnesses and sum(backfill for _, _, backfill in arrivals) < 1000:
        assert polls_at_end > 0 or used < allowance


def test_a_steady_reader_becomes_known_and_is_forgotten_again() -> None:
    demand, calm = Demand(10, USUAL), Plan()
    window_s = 900.0
    for _ in range(96):
        over = measured(demand, {"greedy": 30, "usual": 3}, window_s, calm)
        demand = Demand(10, USUAL, over)
    assert set(demand.over) == {"greedy"}
    assert 5 * USUAL < demand.over["greedy"] < 10 * USUAL
    for _ in range(2000):
        demand = Demand(10, USUAL, measured(demand, {"greedy": 3}, window_s, calm))
    assert demand.over == {}


def test_a_stretched_account_is_not_taken_for_one_that_needs_less_or_more() -> None:
    demand, slow = Demand(10, USUAL), Plan(stretch=4.0)
    assert measured(demand, {"one": 1, "other": 0}, 1200.0, slow) == {}


def test_the_middle_stretch_is_no_single_accounts() -> None:
    lonely = Plan(stretch=2.0, over={"greedy": 90.0})
    assert middle_stretch(lonely, Demand(10, USUAL)) == 2.0
    crowd = Plan(stretch=2.0, over={"a": 3.0, "b": 4.0, "c": 90.0})
    assert middle_stretch(crowd, Demand(3, USUAL)) == 4.0
    assert middle_stretch(Plan(), Demand()) == 1.0


def test_accounts_of_other_nodes_have_their_part() -> None:
    ours = Demand(accounts=10, usual_per_s=0.1, over={"busy": 2.0})
    whole = together(ours, [(20, ()), (30, (3.0, 4.0))])
    assert whole.accounts == 60
    assert sorted(whole.over.values()) == [2.0, 3.0, 4.0]
    assert whole.total_per_s == pytest.approx(57 * 0.1 + 9.0)
    assert together(ours, ()) == ours
