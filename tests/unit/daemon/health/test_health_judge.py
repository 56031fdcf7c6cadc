from datetime import UTC, datetime

import pytest

from actors.breaker import BreakerState
from actors.status import AccountState
from actors.token_calendar import End, TokenEnd
from daemon.health.checks import Check, Level
from daemon.health.judge import Facts, judge, worst

AT = datetime(2026, 3, 1, tzinfo=UTC)
OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL


def level(check: Check, state: AccountState = AccountState.LIVE, **facts: object) -> Level:
    found = judge(Facts(state=state, **facts))  # type: ignore[arg-type]
    assert {each.check for each in found} <= {check}
    return worst(found)


def test_nothing_is_wrong_with_a_fresh_account() -> None:
    facts = Facts(state=AccountState.LIVE, age_s=420.0, target_s=420.0, response_s=5.0, failures=1)
    assert judge(facts) == ()


@pytest.mark.parametrize(("response_s", "expected"), [(5.0, OK), (5.1, WARNING), (10.1, CRITICAL)])
def test_slow_vendor(response_s: float, expected: Level) -> None:
    assert level(Check.RESPONSE, response_s=response_s) is expected


@pytest.mark.parametrize(
    ("count", "expected"), [(1, OK), (2, WARNING), (4, WARNING), (5, CRITICAL)]
)
def test_failures_in_a_row(count: int, expected: Level) -> None:
    assert level(Check.FAILURES, failures=count, error="HTTP 503") is expected
    assert level(Check.CONNECTION, token_failures=count) is expected
    assert level(Check.VERIFICATION, verification_failures=count) is expected


@pytest.mark.parametrize(("age_s", "expected"), [(100.0, OK), (101.0, WARNING), (401.0, CRITICAL)])
def test_age_against_its_target(age_s: float, expected: Level) -> None:
    assert level(Check.FRESHNESS, age_s=age_s, target_s=100.0) is expected


@pytest.mark.parametrize(("open_s", "expected"), [(0.0, WARNING), (900.0, CRITICAL)])
def test_breaker(open_s: float, expected: Level) -> None:
    facts = {"breaker": BreakerState.OPEN, "breaker_open_s": open_s}
    assert level(Check.BREAKER, AccountState.DEGRADED, **facts) is expected


@pytest.mark.parametrize(
    ("days", "expected"), [(None, OK), (30, WARNING), (7, WARNING), (1, CRITICAL)]
)
def test_token_calendar(days: int | None, expected: Level) -> None:
    end = TokenEnd(End.HARD, AT, days, None if days is None else "connect it again")
    assert level(Check.TOKEN, token_end=end) is expected
    assert level(Check.TOKEN, AccountState.PAUSED, token_end=end) is expected


@pytest.mark.parametrize(("overdue_s", "expected"), [(60.0, OK), (61.0, CRITICAL)])
def test_stuck_actor(overdue_s: float, expected: Level) -> None:
    assert level(Check.ACTOR, overdue_s=overdue_s) is expected


def test_crashed_actor_and_none_at_all() -> None:
    assert level(Check.ACTOR, crash="KeyError: 1") is WARNING
    assert level(Check.ACTOR, AccountState.DEGRADED, is_run=False, reasons=["stopped"]) is WARNING
    assert level(Check.ACTOR, AccountState.DEGRADED, is_run=False, not_run_s=60.0) is CRITICAL
    assert level(Check.ACTOR, AccountState.QUARANTINED, reasons=["crashed"]) is CRITICAL


def test_data_that_a_person_should_see() -> None:
    assert level(Check.DELETES, AccountState.DEGRADED, held=["Invoice: 60 of 90"]) is WARNING
    assert level(Check.DRIFT, drifts=1) is WARNING
    assert level(Check.BUDGET, AccountState.DEGRADED, reads_rest="used up") is WARNING
    assert level(Check.VERIFICATION, differences=3) is CRITICAL


def test_only_what_a_person_must_do_is_told_of_an_account_at_rest() -> None:
    facts = {"age_s": 9e9, "failures": 9, "response_s": 99.0}
    assert level(Check.CONNECTION, AccountState.PAUSED, **facts) is OK
    assert level(Check.CONNECTION, AccountState.DISCONNECTED, **facts) is OK
    (found,) = judge(Facts(state=AccountState.REAUTH_REQUIRED, reasons=["refused"], failures=9))
    assert (found.check, found.level, found.reason) == (Check.CONNECTION, CRITICAL, "refused")
