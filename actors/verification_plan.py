"""When one account is verified. Pure: what was noted and the time in, what is due out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING

from actors.moment import Moment
from actors.settings import AccountSettings
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


NEVER = Plan()


@dataclass(frozen=True, slots=True)
class Order:
    """A verification to be made.

    Attributes:
        answers: the newest request that it answers; 0 when there never was one.
        repair: whether what differs is mended.
    """

    answers: int
    repair: bool


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
        if left_s <= 0:
            left_s = phase * min(interval_s, _OVERDUE_SPREAD_S)
        due_at_s = now.monotonic_s + left_s
    elif standing is None:
        return NEVER
    if standing is None:
        return Plan(due_at_s)
    return Plan(due_at_s, standing.requested, standing.answered, standing.repair)


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
    is_open = plan.answered < plan.requested
    return replace(
        plan,
        requested=number,
        repair=repair or (is_open and plan.repair),
        not_before_s=-inf,
    )


def due(
    plan: Plan, cursors: Mapping[str, Cursor], now_s: float, rest_s: float
) -> tuple[Plan, Order | None, float]:
    """Begin the one that is due, if any; say when the next is.

    None is made of what was never read from end to end: there is nothing to hold it against.
    """
    if plan.running or not all(
        cursor.complete and cursor.covered_until is not None for cursor in cursors.values()
    ):
        return plan, None, inf
    is_open = plan.answered < plan.requested
    wanted_s = -inf if is_open else plan.due_at_s
    due_s = max(wanted_s, plan.not_before_s, now_s + rest_s)
    if due_s > now_s:
        return plan, None, due_s if wanted_s < inf else inf
    order = Order(plan.requested, plan.repair or not is_open)
    return replace(plan, running=True), order, inf


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


def verification_in_s(plan: Plan, now_s: float) -> float | None:
    """Return when the next one is due, from now; None when none is planned."""
    wanted_s = -inf if plan.answered < plan.requested else plan.due_at_s
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
