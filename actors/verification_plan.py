"""When one account is verified. Pure: what was noted and the time in, what is due out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from actors.moment import Moment
from actors.pace import Pace
from actors.read_budget import VERIFY_RESTS_AT_MOST_S
from actors.settings import AccountSettings
from actors.vendors.base import Priority
from store.models import Cursor
from store.verification import Certificate, VerificationStanding

if TYPE_CHECKING:
    from random import Random

_FIRST_RETRY_S = 300.0
_LONGEST_RETRY_S = 6 * 3600.0
_MAX_DOUBLINGS = 16
_OVERDUE_SPREAD_S = 3600.0
"""Over how long those are spread that became due while the daemon was stopped."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of one account's verifications. Times are monotonic seconds.

    Attributes:
        due_at_s: when the next is made by itself; infinite for never.
        requested: number of the newest request; `answered` of the newest that was answered.
        repair: whether those in between want repairs.
        running: whether one is under way.
        failures: how often in a row one failed; `error` says how the last time.
        not_before_s: before when none is begun, after a failure.
    """

    due_at_s: float = inf
    requested: int = 0
    answered: int = 0
    repair: bool = True
    running: bool = False
    failures: int = 0
    error: str = ""
    not_before_s: float = -inf

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for one."""
        return self.answered < self.requested


NEVER = Plan()


@dataclass(frozen=True, slots=True)
class Order:
    """A verification to be made.

    Attributes:
        answers: the newest request that it answers; 0 when there never was one.
        repair: whether what differs is mended.
        budget: as whose its reads count.
    """

    answers: int
    repair: bool
    budget: Priority = Priority.VERIFY

    @property
    def by_user(self) -> bool:
        """Whether a person asked for it."""
        return self.budget is Priority.USER


@dataclass(frozen=True, slots=True)
class Verified:
    """One ended and its certificate, which answers requests up to this, is stored."""

    answers: int


@dataclass(frozen=True, slots=True)
class VerificationFailed:
    """One came to nothing. An empty `error` is none: the account was to rest."""

    error: str = ""


def loaded(
    standing: VerificationStanding | None,
    complete_since: datetime | None,
    now: Moment,
    settings: AccountSettings,
    phase: float,
) -> Plan:
    """Return the plan of an actor that begins.

    Args:
        standing: what is noted of the account's verifications.
        complete_since: since when, at the earliest, it has been complete; None when it is not.
        now: the time.
        settings: how often.
        phase: the account's place among all, from 0 up to 1.
    """
    interval_s = settings.verify_interval_s
    since = complete_since if standing is None else standing.certified_at or complete_since
    due_at_s = inf
    if interval_s and since is not None:
        left_s = min(interval_s - (now.utc - since).total_seconds(), 2 * interval_s)
        due_at_s = now.monotonic_s + left_s
    elif standing is None:
        return NEVER
    plan = Plan(due_at_s)
    if standing is not None:
        plan = Plan(due_at_s, standing.requested, standing.answered, standing.repair)
    if due_at_s > now.monotonic_s or plan.is_open or not interval_s:
        return plan
    # It stays known how long it is overdue: what rests too long already must not rest anew.
    spread_s = phase * min(interval_s, _OVERDUE_SPREAD_S)
    return replace(plan, not_before_s=now.monotonic_s + spread_s)


def became_complete(plan: Plan, now_s: float, settings: AccountSettings, phase: float) -> Plan:
    """Plan the first one: an interval from now at the earliest, and not with everybody else's."""
    interval_s = settings.verify_interval_s
    if not interval_s or plan.due_at_s < inf:
        return plan
    return replace(plan, due_at_s=now_s + (1.0 + phase) * interval_s)


def asked(plan: Plan, number: int, *, repair: bool) -> Plan:
    """Take in a request that is noted in the store."""
    if number <= plan.requested:
        return plan
    return replace(
        plan,
        requested=number,
        repair=repair or (plan.is_open and plan.repair),
        not_before_s=-inf,
    )


def due(
    plan: Plan,
    cursors: Mapping[str, Cursor],
    now_s: float,
    rest_s: float,
    pace: Pace,
    settings: AccountSettings,
) -> tuple[Plan, Order | None, float]:
    """Begin the one that is due, if any; say when the next is.

    None is made of what was never read from end to end: there is nothing to hold it against. While
    the month's reads are short, those that come by themselves rest, but each not for longer than
    `VERIFY_RESTS_AT_MOST_S` after the last; then its reads count as a poll's. One that a person asked
    for does not rest.

    Args:
        plan: what is known.
        cursors: how far each type is read.
        now_s: the time.
        rest_s: how long the vendor is to be left alone.
        pace: what the month's reads allow.
        settings: how often.
    """
    if plan.running or not all(
        cursor.complete and cursor.covered_until is not None for cursor in cursors.values()
    ):
        return plan, None, inf
    wanted_s, budget = _wanted(plan, now_s, pace, settings)
    spared_s = pace.refused_s if budget is Priority.USER else pace.rest_s(budget, 0.0)
    due_s = max(wanted_s, plan.not_before_s, now_s + max(rest_s, spared_s))
    if due_s > now_s:
        return plan, None, due_s if wanted_s < inf else inf
    order = Order(plan.requested, plan.repair or not plan.is_open, budget)
    return replace(plan, running=True), order, inf


def _wanted(
    plan: Plan, now_s: float, pace: Pace, settings: AccountSettings
) -> tuple[float, Priority]:
    """Return when the next one is wanted, and as whose its reads count."""
    if plan.is_open:
        return -inf, Priority.USER
    late_s = max(0.0, VERIFY_RESTS_AT_MOST_S - (settings.verify_interval_s or 0.0))
    late_at_s = plan.due_at_s + late_s
    if now_s >= late_at_s:
        return late_at_s, Priority.POLL
    return (late_at_s if pace.is_short else plan.due_at_s), Priority.VERIFY


def in_turn(object_types: Sequence[str], last: Certificate | None) -> Sequence[str]:
    """Return the types in the order in which they are to be compared, given the last run.

    Those that it did not come to are first, so that each has its turn. One that alone takes more
    calls than a run may make lets the others go before it.
    """
    if last is None or last.complete:
        return object_types
    done = [each.object_type for each in last.types if each.complete]
    done = done or [each.object_type for each in last.types[:1]]
    if not done or done[-1] not in object_types:
        return object_types
    first = object_types.index(done[-1]) + 1
    return [*object_types[first:], *object_types[:first]]


def verification_in_s(
    plan: Plan, now_s: float, pace: Pace, settings: AccountSettings
) -> float | None:
    """Return when the next one is due, from now; None when none is planned."""
    wanted_s, _ = _wanted(plan, now_s, pace, settings)
    return None if wanted_s == inf else max(0.0, wanted_s - now_s, plan.not_before_s - now_s)


def after(
    plan: Plan,
    event: Verified | VerificationFailed,
    now_s: float,
    settings: AccountSettings,
    random: "Random",
) -> Plan:
    """Take in how one ended. One that failed is made again, later each time."""
    match event:
        case Verified(answers=answers):
            return Plan(
                now_s + settings.verify_interval_s if settings.verify_interval_s else inf,
                plan.requested,
                max(plan.answered, answers),
                plan.repair,
            )
        case VerificationFailed(error=""):
            return replace(plan, running=False)
        case VerificationFailed(error=error):
            doublings = min(plan.failures, _MAX_DOUBLINGS)
            wait_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2.0**doublings)
            return replace(
                plan,
                running=False,
                failures=plan.failures + 1,
                error=error,
                not_before_s=now_s + wait_s * random.uniform(0.75, 1.25),
            )
