from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from actors import verification_plan
from actors.moment import Moment
from actors.pace import UNHINDERED, Pace
from actors.read_budget import VERIFY_RESTS_AT_MOST_S
from actors.settings import AccountSettings
from actors.vendors.base import Priority
from actors.verification_plan import (
    NEVER,
    Order,
    Plan,
    VerificationFailed,
    Verified,
    after,
    asked,
    became_complete,
    loaded,
)
from store.models import Cursor
from store.verification import VerificationStanding
from support.virtual_time import EPOCH

DAY_S = 86_400.0
SETTINGS = AccountSettings(("Customer",), verify_interval_s=DAY_S)
OFF = replace(SETTINGS, verify_interval_s=None)
NOW = Moment(5000.0, EPOCH)
COMPLETE = {"Customer": Cursor("Customer", complete=True, covered_until=EPOCH)}
PARTLY = {**COMPLETE, "Item": Cursor("Item")}


def due(
    plan: Plan,
    cursors: Mapping[str, Cursor],
    now_s: float,
    rest_s: float,
    pace: Pace = UNHINDERED,
) -> tuple[Plan, Order | None, float]:
    return verification_plan.due(plan, cursors, now_s, rest_s, pace, SETTINGS)


def verification_in_s(plan: Plan, now_s: float, pace: Pace = UNHINDERED) -> float | None:
    return verification_plan.verification_in_s(plan, now_s, pace, SETTINGS)


def resting(*, verify_s: float = 0.0, poll_s: float = 0.0, refused_s: float = 0.0) -> Pace:
    """Return the pace in a month that is short."""
    rests_s = (*[0.0] * Priority.FRESH, poll_s, poll_s, verify_s, verify_s)
    return Pace(rests_s=rests_s, refused_s=refused_s, is_short=True)


def certified(ago_s: float) -> VerificationStanding:
    return VerificationStanding(certified_at=EPOCH - timedelta(seconds=ago_s))


def test_the_next_is_due_an_interval_after_the_last() -> None:
    plan = loaded(certified(3600.0), None, NOW, SETTINGS, 0.5)
    assert verification_in_s(plan, NOW.monotonic_s) == DAY_S - 3600.0
    assert after(plan, Verified(0), 9000.0, SETTINGS, Random(1)).due_at_s == 9000.0 + DAY_S


def test_those_that_are_overdue_are_spread() -> None:
    waits = [
        verification_in_s(loaded(certified(9 * DAY_S), None, NOW, SETTINGS, phase), 5000.0)
        for phase in (0.0, 0.5)
    ]
    assert waits == [0.0, 1800.0]


def test_the_first_is_due_no_sooner_than_an_interval_after_the_account_became_complete() -> None:
    assert loaded(None, None, NOW, SETTINGS, 0.25) is NEVER
    plan = became_complete(NEVER, 100.0, SETTINGS, 0.25)
    assert plan.due_at_s == 100.0 + 1.25 * DAY_S
    assert became_complete(plan, 200.0, SETTINGS, 0.25) is plan
    restarted = loaded(None, EPOCH - timedelta(hours=1), NOW, SETTINGS, 0.25)
    assert verification_in_s(restarted, 5000.0) == DAY_S - 3600.0


def test_without_an_interval_only_requests_are_answered() -> None:
    plan = loaded(certified(9 * DAY_S), None, NOW, OFF, 0.0)
    assert due(plan, COMPLETE, 1e9, 0.0) == (plan, None, inf)
    assert became_complete(NEVER, 0.0, replace(OFF, verify_interval_s=0.0), 0.5) is NEVER
    _, order, _ = due(asked(plan, 1, repair=False), COMPLETE, 5000.0, 0.0)
    assert order == Order(1, repair=False, budget=Priority.USER)


def test_a_request_that_a_restart_found_open_is_answered_at_once() -> None:
    standing = VerificationStanding(requested=4, answered=3, repair=False)
    plan = loaded(standing, None, NOW, SETTINGS, 0.0)
    running, order, _ = due(plan, COMPLETE, 5000.0, 0.0)
    assert order == Order(4, repair=False, budget=Priority.USER)
    assert after(running, Verified(4), 5000.0, SETTINGS, Random(1)).answered == 4


def test_one_that_was_asked_for_meanwhile_comes_after_the_one_under_way() -> None:
    running, order, _ = due(asked(NEVER, 1, repair=False), COMPLETE, 0.0, 0.0)
    assert order == Order(1, repair=False, budget=Priority.USER)
    waiting = asked(running, 2, repair=True)
    assert due(waiting, COMPLETE, 0.0, 0.0) == (waiting, None, inf)
    _, order, _ = due(after(waiting, Verified(1), 1.0, OFF, Random(1)), COMPLETE, 1.0, 0.0)
    assert order == Order(2, repair=True, budget=Priority.USER)


def test_nothing_incomplete_is_verified_and_nothing_while_the_vendor_is_left_alone() -> None:
    plan = asked(NEVER, 1, repair=True)
    assert due(plan, PARTLY, 0.0, 0.0)[1] is None
    assert due(plan, COMPLETE, 0.0, 7.0) == (plan, None, 7.0)


def test_a_request_that_was_heard_of_before_changes_nothing() -> None:
    plan = asked(NEVER, 3, repair=True)
    assert asked(plan, 3, repair=False) is plan


@given(st.integers(1, 40))
def test_one_that_failed_comes_again_later_each_time(failures: int) -> None:
    plan, now_s = Plan(due_at_s=0.0), 0.0
    for _ in range(failures):
        running, order, _ = due(plan, COMPLETE, now_s, 0.0)
        assert order is not None
        plan = after(running, VerificationFailed("HTTP 503"), now_s, SETTINGS, Random(failures))
        assert plan.error == "HTTP 503"
        assert 200.0 < plan.not_before_s - now_s < 8 * 3600.0
        now_s = plan.not_before_s
    assert plan.failures == failures
    assert after(plan, Verified(0), now_s, SETTINGS, Random(1)).error == ""


def test_one_that_was_broken_off_is_still_due() -> None:
    running, _, _ = due(asked(NEVER, 1, repair=True), COMPLETE, 0.0, 0.0)
    plan = after(running, VerificationFailed(), 0.0, SETTINGS, Random(1))
    assert due(plan, COMPLETE, 0.0, 0.0)[1] == Order(1, repair=True, budget=Priority.USER)
    assert plan.failures == 0


def test_what_a_person_asked_for_does_not_rest_while_the_month_is_short() -> None:
    plan = asked(NEVER, 1, repair=True)
    _, order, _ = due(plan, COMPLETE, 0.0, 0.0, resting(verify_s=9.0, poll_s=9.0))
    assert order == Order(1, repair=True, budget=Priority.USER)
    assert order.by_user
    refused = resting(verify_s=9.0, poll_s=9.0, refused_s=7.0)
    assert due(plan, COMPLETE, 0.0, 0.0, refused) == (plan, None, 7.0)


def test_in_a_short_month_each_account_s_rests_a_week_after_its_last() -> None:
    plan = loaded(certified(3 * DAY_S), None, NOW, SETTINGS, 0.5)
    at_s = NOW.monotonic_s + 4 * DAY_S
    assert due(plan, COMPLETE, 10_000.0, 0.0, resting())[1:] == (None, at_s)
    assert verification_in_s(plan, 10_000.0, resting()) == at_s - 10_000.0
    _, order, _ = due(plan, COMPLETE, 10_000.0, 0.0)
    assert order == Order(0, repair=True)
    _, order, _ = due(plan, COMPLETE, at_s, 0.0, resting(verify_s=9.0))
    assert order == Order(0, repair=True, budget=Priority.POLL)
    assert due(plan, COMPLETE, at_s, 0.0, resting(poll_s=9.0))[1:] == (None, at_s + 9.0)


@given(st.integers(0, 30), st.integers(1, 6))
def test_restarts_make_no_rest_longer(ago_days: int, between_days: int) -> None:
    """However often the daemon is started anew, one comes within a week of the last, and an hour."""
    plan = loaded(certified(ago_days * DAY_S), None, NOW, SETTINGS, 0.9)
    wait_s = verification_in_s(plan, NOW.monotonic_s, resting(verify_s=1.0))
    assert wait_s is not None
    left_s = VERIFY_RESTS_AT_MOST_S - ago_days * DAY_S
    assert wait_s <= max(left_s, 3600.0)
    later = Moment(0.0, EPOCH + timedelta(days=between_days))
    again = loaded(certified(ago_days * DAY_S), None, later, SETTINGS, 0.9)
    waits_s = verification_in_s(again, 0.0, resting(verify_s=1.0))
    assert waits_s is not None
    assert waits_s <= max(left_s - between_days * DAY_S, 3600.0)


def test_one_that_is_asked_for_more_seldom_than_a_week_does_not_come_sooner() -> None:
    monthly = replace(SETTINGS, verify_interval_s=30 * DAY_S)
    plan = loaded(certified(3 * DAY_S), None, NOW, monthly, 0.5)
    now_s = NOW.monotonic_s
    assert verification_plan.verification_in_s(plan, now_s, resting(), monthly) == 27 * DAY_S
