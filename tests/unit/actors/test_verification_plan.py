from dataclasses import replace
from datetime import timedelta
from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from actors.moment import Moment
from actors.settings import AccountSettings
from actors.verification_plan import (
    NEVER,
    Order,
    Plan,
    VerificationFailed,
    Verified,
    after,
    asked,
    became_complete,
    due,
    loaded,
    verification_in_s,
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
    assert order == Order(1, repair=False)


def test_a_request_that_a_restart_found_open_is_answered_at_once() -> None:
    standing = VerificationStanding(requested=4, answered=3, repair=False)
    plan = loaded(standing, None, NOW, SETTINGS, 0.0)
    running, order, _ = due(plan, COMPLETE, 5000.0, 0.0)
    assert order == Order(4, repair=False)
    assert after(running, Verified(4), 5000.0, SETTINGS, Random(1)).answered == 4


def test_one_that_was_asked_for_meanwhile_comes_after_the_one_under_way() -> None:
    running, order, _ = due(asked(NEVER, 1, repair=False), COMPLETE, 0.0, 0.0)
    assert order == Order(1, repair=False)
    waiting = asked(running, 2, repair=True)
    assert due(waiting, COMPLETE, 0.0, 0.0) == (waiting, None, inf)
    _, order, _ = due(after(waiting, Verified(1), 1.0, OFF, Random(1)), COMPLETE, 1.0, 0.0)
    assert order == Order(2, repair=True)


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
    assert due(plan, COMPLETE, 0.0, 0.0)[1] == Order(1, repair=True)
    assert plan.failures == 0
