"""Reads the facts about one account from what is in memory: no call, no query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf, isinf

from actors import brake
from actors.breaker import BreakerState
from actors.clock import Clock
from actors.moment import Moment
from actors.status import AccountState, ActorStatus
from actors.surroundings import Surroundings
from actors.token_calendar import TokenEnd, nearest_end
from daemon.health.judge import Facts
from daemon.health.target import freshness_target_s
from daemon.hosted import Condition, HostedAccount
from daemon.hosting import Hosting
from daemon.metrics.census import Census, Counted
from daemon.standing import standing

_DRIFT_TOLD_S = 86_400.0
_LOOKED_WITHIN_S = 30.0
"""Accounts in trouble are looked at more often than that, for as long as they are here."""


@dataclass(slots=True)
class Remarks:
    """What was seen of single accounts and no actor remembers. Accounts in good health are not in it.

    Attributes:
        drifts: when a write was seen to be otherwise at the vendor (monotonic seconds).
        differences: how many objects the last verification found and left as they are.
        open_since_s: since when a breaker is not closed (monotonic seconds).
        not_run_s: when an account was first and last seen without an actor (monotonic seconds).
    """

    drifts: dict[str, list[float]] = field(default_factory=dict)
    differences: dict[str, int] = field(default_factory=dict)
    open_since_s: dict[str, float] = field(default_factory=dict)
    not_run_s: dict[str, tuple[float, float]] = field(default_factory=dict)

    def drifts_of(self, account_id: str, now_s: float) -> int:
        """Return how many were seen within a day."""
        known = self.drifts.get(account_id)
        if known is None:
            return 0
        known[:] = [at_s for at_s in known if now_s - at_s < _DRIFT_TOLD_S]
        if not known:
            del self.drifts[account_id]
        return len(known)

    def breaker_open_s(self, account_id: str, breaker: BreakerState, now_s: float) -> float:
        """Return since how long a breaker is not closed, as far as it was looked at."""
        if breaker is BreakerState.CLOSED:
            self.open_since_s.pop(account_id, None)
            return 0.0
        return now_s - self.open_since_s.setdefault(account_id, now_s)

    def not_run_for_s(self, account_id: str, now_s: float, *, is_run: bool) -> float:
        """Return for how long an account is seen without an actor, at every look.

        One that was not looked at for a while was elsewhere: it begins anew.
        """
        if is_run:
            self.not_run_s.pop(account_id, None)
            return 0.0
        first_s, last_s = self.not_run_s.get(account_id, (now_s, now_s))
        if now_s - last_s > _LOOKED_WITHIN_S:
            first_s = now_s
        self.not_run_s[account_id] = first_s, now_s
        return now_s - first_s

    def left(self, account_id: str) -> None:
        """Begin anew, should an account that is here no more come back."""
        self.open_since_s.pop(account_id, None)
        self.not_run_s.pop(account_id, None)


class Readings:
    """Reads facts."""

    def __init__(
        self,
        census: Census,
        supervisor: Hosting,
        surroundings: Mapping[str, Surroundings],
        clock: Clock,
    ) -> None:
        """Take what is asked; `surroundings` are looked at afresh each time."""
        self.remarks = Remarks()
        self.census = census
        self._supervisor = supervisor
        self._surroundings = surroundings
        self._clock = clock

    def facts(self, account_id: str) -> Facts | None:
        """Return all that is known now of an account; None when it is not known at all."""
        counted = self.census.counted(account_id)
        if counted is None:
            return None
        hosted = self._supervisor.hosted().get(account_id)
        around, now = self._surroundings.get(counted.account.vendor), self._clock.now()
        found = standing(counted.account, hosted)
        status = found.status
        target_s = inf if around is None else freshness_target_s(around, now.monotonic_s)
        age_s = None
        if counted.exact_as_of_s is not None:
            age_s = max(0.0, now.utc.timestamp() - counted.exact_as_of_s)
        is_run = _is_run(hosted, found.state)
        facts = Facts(
            state=found.state,
            reasons=found.reasons,
            is_run=is_run,
            not_run_s=self.remarks.not_run_for_s(account_id, now.monotonic_s, is_run=is_run),
            crash=_crash(hosted),
            overdue_s=0.0 if hosted is None else hosted.overdue_s(),
            age_s=age_s,
            target_s=target_s,
            token_end=_token_end(counted, now.utc),
            drifts=self.remarks.drifts_of(account_id, now.monotonic_s),
            differences=self.remarks.differences.get(account_id, 0),
            reads_rest=_reads_rest(around),
        )
        return facts if status is None else self._with_status(account_id, facts, status, now)

    def vendor(self, account_id: str) -> str:
        """Return whose account it is."""
        counted = self.census.counted(account_id)
        return "" if counted is None else counted.account.vendor

    def targets_s(self) -> Mapping[str, float]:
        """Return how old a replica may be, by vendor."""
        now_s = self._clock.now().monotonic_s
        return {
            vendor: freshness_target_s(around, now_s)
            for vendor, around in self._surroundings.items()
        }

    def exact_before(self, account_id: str, at_s: float) -> bool:
        """Tell whether a replica that was exact once is so only as of before an instant."""
        counted = self.census.counted(account_id)
        exact_s = None if counted is None else counted.exact_as_of_s
        return exact_s is not None and exact_s < at_s

    def _with_status(
        self, account_id: str, facts: Facts, status: ActorStatus, now: Moment
    ) -> Facts:
        failing = max(status.failures.values(), key=lambda each: each.count, default=None)
        open_s = self.remarks.breaker_open_s(account_id, status.breaker, now.monotonic_s)
        return replace(
            facts,
            breaker=status.breaker,
            breaker_open_s=open_s,
            response_s=status.slowest_response_s,
            failures=0 if failing is None else failing.count,
            error="" if failing is None else failing.error,
            token_failures=status.token_failures,
            held=_held(status),
            verification_failures=status.verification_failures,
            verification_error=status.verification_error,
        )


def _is_run(hosted: HostedAccount | None, state: AccountState) -> bool:
    if state is AccountState.PAUSED:
        return True
    return hosted is not None and hosted.condition is not Condition.STOPPED


def _crash(hosted: HostedAccount | None) -> str | None:
    if hosted is None or hosted.condition is not Condition.RESTARTING:
        return None
    return hosted.last_error


def _token_end(counted: Counted, now: datetime) -> TokenEnd | None:
    return nearest_end(_instant(counted.refresh_end_s), _instant(counted.hard_end_s), now)


def _reads_rest(around: Surroundings | None) -> str | None:
    return None if around is None or around.reads is None else around.reads.why_resting()


def _held(status: ActorStatus) -> Sequence[str]:
    return tuple(brake.reason(each) for each in status.held if each.confirmed_count < each.count)


def _instant(seconds: float) -> datetime | None:
    return None if isinf(seconds) else datetime.fromtimestamp(seconds, UTC)
