"""What to do next about a user's write, so that it never happens twice. Pure.

An action is sent again only when it is certain that no earlier sending of it happened or can still
happen: the vendor refused them, or was never reached, or was asked twice, far enough apart by its
own clock, and knew nothing of it. Our own clock proves nothing here: it may jump. Whether the vendor
heeds request ids makes no difference to any of this.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.action_models import (
    Action,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptOutcome,
)

SENDS = 4
"""How often an action is sent at most before it needs a person again."""

STALE_SENDS = 3
SENT_WITHIN = timedelta(hours=24)
"""A payment that waits for longer is not made behind its user's back."""

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 600.0
_DOUBLINGS = 20

_MAYBE = frozenset({AttemptOutcome.OPEN, AttemptOutcome.UNKNOWN})
_SAID_NO = frozenset({AttemptOutcome.REFUSED, AttemptOutcome.STALE})
_UNSEEN = frozenset({AttemptOutcome.NOT_FOUND, AttemptOutcome.REPEATABLE})


@dataclass(frozen=True, slots=True)
class Send:
    """Send it.

    Attributes:
        generation: how often the vendor refused it before.
        repeated: the sending that this repeats to the letter; None when it is a new one.
    """

    generation: int
    repeated: Attempt | None = None


@dataclass(frozen=True, slots=True)
class LookBack:
    """Ask the vendor whether this sending, or one like it, happened."""

    sending: Attempt
    generation: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing before `delay_s` is over."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """It is certain that it did not happen, and it is not tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Park:
    """Nobody but a person can say what became of it."""

    reason: str


Move = Send | LookBack | Wait | GiveUp | Park


def next_move(action: Action, now: datetime, *, merges_again: bool) -> Move:
    """Say what to do about an action that has not ended. No attempt may be under way.

    Args:
        action: as it is stored; an attempt without an end is one whose end nobody saw.
        now: our own time, which decides about waiting only.
        merges_again: whether it may be sent over another version of its object.
    """
    open_sendings = unsettled(action.attempts)
    if open_sendings:
        return _about_unsettled(action, open_sendings, now)
    return _about_settled(action, now, merges_again=merges_again)


def unsettled(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Return the sendings that may have happened, for all that is known."""
    found: list[Attempt] = []
    for attempt in attempts:
        if attempt.call is AttemptCall.SEND and attempt.outcome in _MAYBE:
            found.append(attempt)
        elif attempt.outcome is AttemptOutcome.ABSENT:
            found.clear()
    return tuple(found)


def read_back_outcome(
    action: Action,
    vendor_time: datetime,
    settled_after: timedelta,
    *,
    proof: bool,
    repeatable: bool,
) -> AttemptOutcome:
    """Name a read-back that did not come across the write.

    It proves that there is none when an earlier one, made after the last sending, did not either,
    and the vendor's own clock went on for `settled_after` in between.
    """
    if proof:
        return AttemptOutcome.ABSENT
    since = _after_last_sending(action.attempts)
    first = next((each.vendor_time for each in since if each.outcome in _UNSEEN), None)
    if first is not None and vendor_time - first >= settled_after:
        return AttemptOutcome.ABSENT
    return AttemptOutcome.REPEATABLE if repeatable else AttemptOutcome.NOT_FOUND


def state_of(move: Move, attempts: tuple[Attempt, ...]) -> ActionState:
    """Return where an action stands when this is its next move."""
    if isinstance(move, GiveUp):
        return ActionState.FAILED
    return ActionState.UNKNOWN if unsettled(attempts) else ActionState.PENDING


def _about_unsettled(action: Action, open_sendings: tuple[Attempt, ...], now: datetime) -> Move:
    last, latest = action.attempts[-1], open_sendings[-1]
    fresh = action.attempts[action.revived_after :]
    if fresh and last.outcome is AttemptOutcome.UNCLEAR:
        return Park(last.error or "the vendor's answer is not clear")
    wait_s = _wait_s(action.attempts, now)
    if wait_s > 0:
        return Wait(wait_s)
    refused_since = any(
        each.outcome in _SAID_NO for each in action.attempts[_place(action.attempts, latest) :]
    )
    if last.outcome is AttemptOutcome.REPEATABLE and not refused_since and _sendings(fresh) < SENDS:
        return Send(_generation_of(action.attempts, latest), repeated=latest)
    return LookBack(latest, _generation_of(action.attempts, latest))


def _about_settled(action: Action, now: datetime, *, merges_again: bool) -> Move:
    fresh = action.attempts[action.revived_after :]
    sendings = [each for each in fresh if each.call is AttemptCall.SEND]
    last = sendings[-1] if sendings else None
    if last is not None:
        if last.outcome is AttemptOutcome.REFUSED:
            return GiveUp(last.error or "the vendor refused it")
        if last.outcome is AttemptOutcome.STALE:
            stale = sum(each.outcome is AttemptOutcome.STALE for each in sendings)
            if not merges_again or stale >= STALE_SENDS:
                return GiveUp(last.error or "the object was changed meanwhile")
        elif last.outcome in _MAYBE and len(sendings) >= SENDS:
            return GiveUp(f"sent {len(sendings)} times, and the vendor never did it")
    if now - action.asked_at >= SENT_WITHIN:
        why = f": {last.error}" if last is not None and last.error else ""
        return GiveUp(f"it could not be sent within 24 h{why}")
    wait_s = 0.0 if last is None or last.outcome is AttemptOutcome.STALE else _wait_s(fresh, now)
    if wait_s > 0:
        return Wait(wait_s)
    return Send(sum(each.outcome in _SAID_NO for each in action.attempts))


def _wait_s(attempts: tuple[Attempt, ...], now: datetime) -> float:
    """Return how long to wait after the last attempt: longer each time, and never for a clock that was put back."""
    last = attempts[-1] if attempts else None
    if last is None or last.ended_at is None:
        return 0.0
    if last.call is AttemptCall.SEND and last.outcome in _MAYBE | _SAID_NO:
        return 0.0
    if last.outcome is AttemptOutcome.ABSENT:
        return 0.0
    alike = 0
    for each in reversed(attempts):
        if each.call is not last.call:
            break
        alike += 1
    wait_s = min(_FIRST_WAIT_S * 2.0 ** min(alike - 1, _DOUBLINGS), _LONGEST_WAIT_S)
    passed_s = (now - last.ended_at).total_seconds()
    return 0.0 if passed_s < 0 else max(0.0, wait_s - passed_s)


def _after_last_sending(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Return the attempts behind the last sending that may have happened."""
    open_sendings = unsettled(attempts)
    return attempts[_place(attempts, open_sendings[-1]) + 1 :] if open_sendings else ()


def _place(attempts: tuple[Attempt, ...], attempt: Attempt) -> int:
    return next(place for place, each in enumerate(attempts) if each is attempt)


def _generation_of(attempts: tuple[Attempt, ...], sending: Attempt) -> int:
    before = attempts[: _place(attempts, sending)]
    return sum(each.outcome in _SAID_NO for each in before)


def _sendings(attempts: tuple[Attempt, ...]) -> int:
    return sum(each.call is AttemptCall.SEND for each in attempts)
