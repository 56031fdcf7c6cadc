"""Says of one account what is not well, from facts. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actors.breaker import BreakerState
from actors.status import AccountState
from actors.token_calendar import TokenEnd
from daemon.health.checks import Check, Finding, Level

SLOW_S = 5.0
VERY_SLOW_S = 10.0
"""From when on a vendor's response is a warning, and critical."""
SOME_FAILURES = 2
MANY_FAILURES = 5
"""How many in a row are a warning, and critical."""
BREAKER_LONG_S = 900.0
"""A breaker that is open for longer is critical."""
VERY_STALE = 4.0
"""So many times its target makes an account's age critical."""
STUCK_S = 60.0
"""An actor that should have moved so long ago stands still."""
NOT_RUN_S = 60.0
"""An account that no actor looks after for so long was forgotten; for less it moves to or from a node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one account.

    Attributes:
        reasons: why it is in that state.
        is_run: whether an actor looks after it, or is about to.
        not_run_s: for how long none is seen to.
        crash: how its actor's last crash read, while it waits to be started again.
        overdue_s: how long ago its actor should have moved.
        age_s: how far its replica is known to be behind; None before it ever was exact.
        target_s: how far it may be.
        breaker_open_s: since how long its breaker is not closed; 0 when it is.
        response_s: the slowest response of its vendor since the last check.
        failures: how often in a row the look that fails most failed; `error` is how.
        held: deletes that wait for a person's word, in words.
        drifts: how many fields were seen, within a day, as a write did not ask for them.
        differences: what the last verification found and did not mend.
        reads_rest: why the month's reads rest; None while they do not.
    """

    state: AccountState
    reasons: Sequence[str] = ()
    is_run: bool = True
    not_run_s: float = 0.0
    crash: str | None = None
    overdue_s: float = 0.0
    age_s: float | None = None
    target_s: float = 0.0
    breaker: BreakerState = BreakerState.CLOSED
    breaker_open_s: float = 0.0
    response_s: float = 0.0
    failures: int = 0
    error: str = ""
    token_failures: int = 0
    token_end: TokenEnd | None = None
    held: Sequence[str] = ()
    drifts: int = 0
    differences: int = 0
    verification_failures: int = 0
    verification_error: str | None = None
    reads_rest: str | None = None


def judge(facts: Facts) -> Sequence[Finding]:
    """Return all that is not well; nothing when all is."""
    match facts.state:
        case AccountState.DISCONNECTED:
            return ()
        case AccountState.REAUTH_REQUIRED:
            return (Finding(Check.CONNECTION, Level.CRITICAL, _joined(facts.reasons)),)
        case AccountState.QUARANTINED:
            return (Finding(Check.ACTOR, Level.CRITICAL, _joined(facts.reasons)),)
        case AccountState.PAUSED:
            return (*_actor(facts), *_token(facts))
    return (*_actor(facts), *_token(facts), *_reading(facts), *_data(facts))


def worst(findings: Sequence[Finding]) -> Level:
    """Return the worst level among them."""
    return max((each.level for each in findings), default=Level.OK)


def level_of(count: float, warns: float, is_critical: float) -> Level:
    """Return the level of a figure that is the worse the larger it is."""
    if count >= is_critical:
        return Level.CRITICAL
    return Level.WARNING if count >= warns else Level.OK


def _actor(facts: Facts) -> Iterator[Finding]:
    if not facts.is_run:
        level = Level.CRITICAL if facts.not_run_s >= NOT_RUN_S else Level.WARNING
        yield Finding(Check.ACTOR, level, _joined(facts.reasons) or "no actor runs it")
    elif facts.crash is not None:
        text = f"its actor crashed and is started again soon: {facts.crash}"
        yield Finding(Check.ACTOR, Level.WARNING, text)
    elif facts.overdue_s > STUCK_S:
        text = f"its actor should have moved {facts.overdue_s:.0f} s ago"
        yield Finding(Check.ACTOR, Level.CRITICAL, text)


def _token(facts: Facts) -> Iterator[Finding]:
    end = facts.token_end
    if end is not None and end.within_days is not None:
        level = Level.CRITICAL if end.within_days <= 1 else Level.WARNING
        yield Finding(Check.TOKEN, level, end.advice or "")
    level = level_of(facts.token_failures, SOME_FAILURES, MANY_FAILURES)
    if level:
        text = f"its tokens could not be renewed {facts.token_failures} times in a row"
        yield Finding(Check.CONNECTION, level, text)


def _reading(facts: Facts) -> Iterator[Finding]:
    if facts.age_s is not None and facts.age_s > facts.target_s:
        level = Level.CRITICAL if facts.age_s > VERY_STALE * facts.target_s else Level.WARNING
        text = f"it is known to be exact as of {facts.age_s:.0f} s ago; {facts.target_s:.0f} s are"
        yield Finding(Check.FRESHNESS, level, f"{text} its target")
    if facts.breaker is not BreakerState.CLOSED:
        level = Level.CRITICAL if facts.breaker_open_s >= BREAKER_LONG_S else Level.WARNING
        text = "calls failed too often; its vendor is left alone, and tried now and then,"
        yield Finding(Check.BREAKER, level, f"{text} since {facts.breaker_open_s:.0f} s")
    if facts.response_s > SLOW_S:
        level = Level.CRITICAL if facts.response_s > VERY_SLOW_S else Level.WARNING
        yield Finding(Check.RESPONSE, level, f"its vendor took {facts.response_s:.1f} s to answer")
    level = level_of(facts.failures, SOME_FAILURES, MANY_FAILURES)
    if level:
        text = f"reading failed {facts.failures} times in a row: {facts.error}"
        yield Finding(Check.FAILURES, level, text)
    if facts.reads_rest is not None:
        yield Finding(Check.BUDGET, Level.WARNING, facts.reads_rest)


def _data(facts: Facts) -> Iterator[Finding]:
    if facts.held:
        yield Finding(Check.DELETES, Level.WARNING, _joined(facts.held))
    if facts.drifts:
        text = f"{facts.drifts} fields are not as users' writes of the last day asked for"
        yield Finding(Check.DRIFT, Level.WARNING, text)
    if facts.differences:
        text = f"the last verification found {facts.differences} objects that it did not mend"
        yield Finding(Check.VERIFICATION, Level.CRITICAL, text)
    level = level_of(facts.verification_failures, SOME_FAILURES, MANY_FAILURES)
    if level:
        text = f"verifying it failed {facts.verification_failures} times in a row"
        yield Finding(Check.VERIFICATION, level, f"{text}: {facts.verification_error}")


def _joined(texts: Sequence[str]) -> str:
    return "; ".join(texts)
