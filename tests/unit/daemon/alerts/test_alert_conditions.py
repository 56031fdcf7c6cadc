from dataclasses import replace

import pytest

from actors.breaker import BreakerState
from actors.status import AccountState
from daemon.alerts.condition import ACCOUNT_KINDS, account_conditions
from daemon.health.judge import Facts, judge
from store.watch_models import Severity

LIVE = Facts(state=AccountState.LIVE)
DEGRADED = Facts(state=AccountState.DEGRADED)
TROUBLE = {
    "owner_needed": Facts(state=AccountState.REAUTH_REQUIRED, reasons=["refused"]),
    "account_quarantined": Facts(state=AccountState.QUARANTINED, reasons=["crashed"]),
    "account_not_running": replace(DEGRADED, is_run=False, not_run_s=60.0, reasons=["stopped"]),
    "account_stuck": replace(LIVE, overdue_s=61.0),
    "account_failing": replace(DEGRADED, failures=4, error="HTTP 503"),
    "account_stale": replace(LIVE, age_s=500.0, target_s=400.0),
    "token_refresh_failing": replace(DEGRADED, token_failures=4),
    "deletes_held": replace(DEGRADED, held=["60 of 90"]),
    "verification_failing": replace(DEGRADED, verification_failures=4),
}
VENDORS = {"account_failing", "account_stale", "token_refresh_failing"}


def names(facts: Facts, *, incident: bool = False) -> list[str]:
    found = account_conditions("a", "quickbooks", facts, judge(facts), incident=incident)
    return [each.kind.name for each in found]


@pytest.mark.parametrize("kind", TROUBLE)
def test_trouble_of_an_account_is_its_alert(kind: str) -> None:
    assert names(TROUBLE[kind]) == [kind]
    assert kind in ACCOUNT_KINDS


@pytest.mark.parametrize("kind", TROUBLE)
def test_during_an_incident_only_what_is_not_the_vendors_is_told(kind: str) -> None:
    assert names(TROUBLE[kind], incident=True) == ([] if kind in VENDORS else [kind])


def test_breaker_that_is_open_for_long_is_the_same_alert_as_failing() -> None:
    facts = replace(DEGRADED, breaker=BreakerState.OPEN, breaker_open_s=900.0)
    assert names(facts) == ["account_failing"]
    assert names(replace(facts, failures=5)) == ["account_failing"]
    assert names(replace(facts, breaker_open_s=60.0)) == []


@pytest.mark.parametrize(
    "facts",
    [
        replace(LIVE, failures=3),
        replace(LIVE, response_s=30.0),
        replace(LIVE, crash="KeyError"),
        replace(DEGRADED, is_run=False, not_run_s=59.0, reasons=["stopped"]),
        replace(LIVE, drifts=1),
        replace(LIVE, reads_rest="used up", age_s=9e9, target_s=400.0),
    ],
)
def test_what_is_told_otherwise_or_passes_is_no_alert_of_the_account(facts: Facts) -> None:
    assert names(facts) == []


def test_the_worse_of_two_counts() -> None:
    facts = replace(DEGRADED, failures=4, breaker=BreakerState.OPEN, breaker_open_s=900.0)
    (found,) = account_conditions("a", "quickbooks", facts, judge(facts))
    assert found.severity is Severity.CRITICAL
