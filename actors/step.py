"""What one account does next. Pure: state and event in, new state and decision out; no clock, no network, no disk.

Everything is one of five moves: begin a look, begin a verification, renew the tokens, wait, or end. `step` is called
after every event, folds the event into the state and decides afresh from the whole state, so there
is no order of events that it has not been told about.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from actors import access_token, brake, hints, readers, verification_plan
from actors.access_token import Token
from actors.backoff import retry_wait_s
from actors.hints import Hints
from actors.messages import Read
from actors.moment import Moment
from actors.outcomes import Ended, Event, LookFailed, LookStored, Refreshed, RefreshFailed
from actors.polling import DISTRUST_S
from actors.readers import NO_READERS
from actors.rounds import round_s
from actors.state import NO_TIMES, Failure, Rules, State
from actors.told import told
from actors.vendors.base import Look, Priority
from actors.verification_plan import Order, VerificationFailed, Verified, after
from store.models import Cursor, CursorMove, HeldDeletes, Via

Value = TypeVar("Value")

REFUSED = "the vendor refuses every access token, freshly renewed ones too"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to do now.

    Attributes:
        looks: looks to begin; they are counted as running already.
        refresh: whether to begin a token refresh.
        act: whether to work on users' writes.
        verify: a verification to begin.
        give_up: whether to note that only the owner can help: the vendor refuses every token.
        finished: nothing is left to do or to wait for: end.
        hindered: whether readers who wait for a look wait in vain: it can't be made now.
        served_s: who wants looks that began then or earlier has them; minus infinity tells nothing.
        wake_at_s: when to ask again if nothing happens; infinite when only an event can change
            anything.
    """

    looks: tuple[Look, ...] = ()
    refresh: bool = False
    act: bool = False
    verify: Order | None = None
    give_up: bool = False
    finished: bool = False
    hindered: bool = False
    served_s: float = -inf
    wake_at_s: float = inf

    @property
    def tells_readers(self) -> bool:
        """Whether there is something to tell those who wait for a look."""
        return self.hindered or self.served_s > -inf

    @property
    def acts(self) -> bool:
        """Whether there is something to begin."""
        begins = self.refresh or self.give_up or self.act or self.verify is not None
        return begins or bool(self.looks)


def step(
    state: State,
    event: Event | None,
    now: Moment,
    rules: Rules,
    rest_s: float,
    works_until_s: float = -inf,
) -> tuple[State, Decision]:
    """Fold the event in and decide.

    Args:
        state: what was remembered.
        event: what happened, or None when only time passed.
        now: the time.
        rules: what never changes.
        rest_s: how long the vendor is to be left alone.
        works_until_s: until when its webhooks count as working.
    """
    if event is not None:
        state = fold(state, event, now, rules)
    state, decision = decide(state, now.monotonic_s, rules, rest_s, works_until_s)
    if not state.readers.wait:
        return state, replace(decision, hindered=False) if decision.hindered else decision
    return _with_readers_told(state, decision, event, rules)


def fold(state: State, event: Event, now: Moment, rules: Rules) -> State:
    """Return the state after the event."""
    match event:
        case LookStored():
            return _look_stored(state, event, now, rules)
        case LookFailed():
            return _look_failed(state, event, now, rules)
        case Refreshed() | RefreshFailed():
            return replace(state, token=_refresh_ended(state.token, event, now.monotonic_s, rules))
        case Verified() | VerificationFailed():
            plan = state.verification
            plan = after(plan, event, now.monotonic_s, rules.settings, rules.random)
            return replace(state, verification=plan)
        case Ended():
            return _ended(state, event)
        case _:
            return told(state, event, now, rules)


def decide(
    state: State, now_s: float, rules: Rules, rest_s: float, works_until_s: float = -inf
) -> tuple[State, Decision]:
    """Return what to do next, with what is begun by it counted as running."""
    if state.ended is not None or state.stopping:
        idle = not state.running and not state.token.busy and not state.actions.under_way
        return state, Decision(finished=idle, hindered=True)
    if state.paused:
        return _kept_alive(state, now_s, rules)
    token = state.token
    if access_token.hopeless(token, now_s) and not token.busy:
        state = replace(state, ended=REFUSED, token=replace(token, busy=True))
        return state, Decision(give_up=True, hindered=True)
    looks, wake_at_s, hindered = _due_looks(state, now_s, rules, rest_s, works_until_s)
    plan, order, verify_at_s = verification_plan.due(
        state.verification, state.cursors, now_s, rest_s, rules.pace, rules.settings
    )
    acts = state.actions.due(now_s)
    wake_at_s = min(wake_at_s, verify_at_s, inf if acts else state.actions.at_s)
    # An account at which nothing is to be done needs no token: renewing it is a call as well.
    busy = bool(looks or state.running) or order is not None or state.verification.running
    needed = busy or acts or state.actions.under_way > 0
    refresh = needed and not token.busy and now_s >= token.refresh_at_s
    if refresh:
        token = replace(token, busy=True)
        state = replace(state, token=token)
    if not token.usable or now_s >= token.expires_at_s:
        wait_until_s = token.refresh_at_s if needed else max(wake_at_s, token.refresh_at_s)
        wake_at_s = inf if token.busy else wait_until_s
        return state, Decision(refresh=refresh, hindered=not token.busy, wake_at_s=wake_at_s)
    if needed and not token.busy:
        wake_at_s = min(wake_at_s, token.refresh_at_s)
    state = _with_begun(state, looks, now_s)
    if order is not None:
        state = replace(state, verification=plan)
    if acts:
        state = replace(state, actions=state.actions.begun())
    return state, Decision(
        looks=looks,
        refresh=refresh,
        act=acts,
        verify=order,
        hindered=hindered,
        wake_at_s=wake_at_s,
    )


def _with_readers_told(
    state: State, decision: Decision, event: Event | None, rules: Rules
) -> tuple[State, Decision]:
    """Say whether readers have the looks that they wait for, or will not get them."""
    keys = [look.key for look in rules.planner.looks(state.cursors, due=True)]
    served_s = readers.served_s(state.readers, keys)
    if isinstance(event, LookStored | Read):
        decision = replace(decision, served_s=served_s)
    if decision.hindered or served_s >= state.readers.wanted_s:
        state = replace(state, readers=replace(state.readers, wanted_s=-inf))
    return state, decision


def _kept_alive(state: State, now_s: float, rules: Rules) -> tuple[State, Decision]:
    """A paused account does nothing but keep its grant."""
    token = state.token
    wait_s = access_token.keep_alive_in_s(token, now_s, rules.keep_alive_at_s)
    if wait_s > 0:
        return state, Decision(hindered=True, wake_at_s=now_s + wait_s)
    return replace(state, token=replace(token, busy=True)), Decision(hindered=True, refresh=True)


def _with_begun(state: State, looks: Sequence[Look], now_s: float) -> State:
    if not looks:
        return state
    left, hinted_at_s = state.hints, state.hinted_at_s
    for look in looks:
        if look.hinted:
            left, hinted_at_s = hints.begun(left, look.object_types, now_s), now_s
    running = {**state.running, **{look.key: look for look in looks}}
    return replace(state, running=running, hints=left, hinted_at_s=hinted_at_s)


def _due_looks(
    state: State, now_s: float, rules: Rules, rest_s: float, works_until_s: float
) -> tuple[tuple[Look, ...], float, bool]:
    """Return the looks to begin, when the next of the others is due, and whether readers wait in vain."""
    begun: list[Look] = []
    busy = {name for look in state.running.values() for name in look.object_types}
    interval_s = rules.settings.poll_interval_s
    free = max(1, rules.settings.limits.in_flight - 1) - len(state.running)
    wake_at_s, hindered = inf, False
    for look in rules.planner.looks(state.cursors, due=True):
        wanted = readers.wants(state.readers, look.key)
        if wanted and look.via is not Via.POLL:
            hindered = True  # it is read from end to end, which nobody can wait for
        if look.key in state.running or not busy.isdisjoint(look.object_types):
            continue
        if wanted and look.via is Via.POLL:
            look = replace(look, priority=Priority.READ)  # noqa: PLW2901 - the same look
        by_user = not state.urged.isdisjoint(look.object_types)
        spared_s = rules.pace.rest_s(look.priority, rules.phase * interval_s)
        wait_s = max(rest_s, rules.pace.refused_s if by_user else spared_s)
        due_s = max(_due_s(state, look, rules, works_until_s), now_s + wait_s)
        if due_s > now_s:
            wake_at_s = min(wake_at_s, due_s)
            hindered = hindered or wanted
        elif len(begun) < free:
            look = _as_begun(state.hints, look, now_s)  # noqa: PLW2901 - the same look
            begun.append(replace(look, by_user=True) if by_user else look)
            busy.update(look.object_types)
    return tuple(begun), wake_at_s, hindered


def _due_s(state: State, look: Look, rules: Rules, works_until_s: float) -> float:
    """Return when a look is due: a poll when its time comes, or sooner for a notice or a reader."""
    if look.via is not Via.POLL:
        return state.next_at_s.get(look.key, -inf)
    not_before_s = state.not_before_s.get(look.key, -inf)
    if readers.wants(state.readers, look.key):
        return not_before_s
    due_s = state.next_at_s.get(look.key, state.first_look_at_s)
    came_round = look.key in state.next_at_s and look.key not in state.not_before_s
    if came_round:
        due_s = round_s(state, look, rules, due_s, works_until_s)
    hinted_s = inf
    if state.hints:
        apart_s = state.hinted_at_s + hints.apart_s(rules.pace.stretch)
        hinted_s = max(hints.due_s(state.hints, look.object_types), apart_s)
    return max(min(due_s, hinted_s), not_before_s)


def _as_begun(open_hints: Hints, look: Look, now_s: float) -> Look:
    """Make a look one that begins now, and that answers notices when there are any of its types."""
    if look.via is not Via.POLL:
        return look
    if open_hints.keys().isdisjoint(look.object_types):
        return replace(look, began_s=now_s)
    answers = hints.answers(open_hints, look.object_types, now_s)
    priority = min(look.priority, Priority.FRESH)
    return replace(look, priority=priority, hinted=True, answers=answers, began_s=now_s)


def _look_stored(state: State, event: LookStored, now: Moment, rules: Rules) -> State:
    key, now_s = event.look.key, now.monotonic_s
    moved = {
        move.object_type: _moved(state.cursors[move.object_type], move, now.utc)
        for move in event.moves
    }
    cursors = {**state.cursors, **moved}
    next_at_s = dict(_without(state.next_at_s, key))
    comes_round = event.look.via is Via.POLL and not event.more
    if (comes_round or event.held) and key not in state.again:
        next_at_s[key] = rules.pace.poll_s(now_s, rules.settings.poll_interval_s, rules.phase)
    if _backfill_ended(state.cursors, cursors):
        next_at_s = {}
        plan = verification_plan.became_complete(
            state.verification, now_s, rules.settings, rules.phase
        )
        state = replace(state, first_look_at_s=now_s, verification=plan)
    if event.missed:
        state = replace(state, trusts_from_s=now_s + DISTRUST_S)
    read_by = state.readers
    if comes_round and read_by is not NO_READERS:
        read_by = readers.looked(read_by, key, event.look.began_s, rules.settings.longest_poll_s)
    return replace(
        state,
        cursors=cursors,
        running=_without(state.running, key),
        again=state.again - {key},
        not_before_s=_without(state.not_before_s, key) or NO_TIMES,
        hints=_hints_after(state.hints, event, rules),
        failures=_without(state.failures, key),
        next_at_s=next_at_s,
        token=access_token.accepted(state.token),
        held=_held_after(state.held, event),
        urged=_still_urged(state, event, cursors),
        readers=read_by,
    )


def _still_urged(state: State, event: LookStored, cursors: Mapping[str, Cursor]) -> frozenset[str]:
    """Return what a person asked for that was not looked at since: a reading goes on to its end."""
    if not state.urged or event.more or event.look.key in state.again:
        return state.urged
    waiting = {name for name in state.urged if cursors[name].rescan_requested}
    return state.urged.difference(event.look.object_types) | waiting


def _hints_after(open_hints: Hints, event: LookStored, rules: Rules) -> Hints:
    if not event.look.hinted:
        return open_hints
    held = {each.object_type for each in event.held}
    told_of = [each for each in event.look.answers if each.object_type not in held]
    answered = () if event.more else told_of
    settle_s = rules.settings.overlap_s
    return hints.ended(open_hints, event.look.object_types, answered, settle_s, awaits=event.awaits)


def _held_after(held: tuple[HeldDeletes, ...], event: LookStored) -> tuple[HeldDeletes, ...]:
    if not held and not event.held:
        return held
    settled = {
        *brake.settled_types(event.look.cursors, event.moves),
        *(each.object_type for each in event.held),
    }
    return (*(each for each in held if each.object_type not in settled), *event.held)


def _moved(cursor: Cursor, move: CursorMove, at: datetime) -> Cursor:
    """Return the cursor after the move. A wish for a full reading is met by the page that begins one."""
    return Cursor(
        object_type=move.object_type,
        position=move.position,
        complete=move.complete,
        covered_until=move.covered_until,
        rescan_requested=cursor.rescan_requested and not move.begins_comparison,
        last_synced_at=at,
    )


def _backfill_ended(before: Mapping[str, Cursor], after: Mapping[str, Cursor]) -> bool:
    """Tell whether the last type just became complete: what changed meanwhile is looked for at once."""
    return all(cursor.complete for cursor in after.values()) and not all(
        cursor.complete for cursor in before.values()
    )


def _look_failed(state: State, event: LookFailed, now: Moment, rules: Rules) -> State:
    key, token, failures = event.look.key, state.token, state.failures
    if event.wait_s:
        wait_s = event.wait_s
    else:
        count = failures[key].count + 1 if key in failures else 1
        failures = {**failures, key: Failure(count, event.error, now.utc)}
        wait_s = retry_wait_s(count, rules.settings, rules.random)
        if count >= rules.settings.retry.attempts:
            wait_s *= rules.pace.stretch
        if event.refused:
            token = access_token.refused(token, now.monotonic_s)
            wait_s = 0.0 if count == 1 else wait_s
    return replace(
        state,
        running=_without(state.running, key),
        token=token,
        failures=failures,
        next_at_s={**state.next_at_s, key: now.monotonic_s + wait_s},
        not_before_s={**state.not_before_s, key: now.monotonic_s + wait_s},
        hints=hints.failed(state.hints, event.look.object_types),
    )


def _ended(state: State, event: Ended) -> State:
    if event.look is None:
        return replace(state, ended=event.cause, token=replace(state.token, busy=False))
    return replace(state, ended=event.cause, running=_without(state.running, event.look.key))


def _refresh_ended(
    token: Token, event: Refreshed | RefreshFailed, now_s: float, rules: Rules
) -> Token:
    if isinstance(event, Refreshed):
        return access_token.renewed(token, now_s, event.lifetime_s, rules.settings)
    wait_s = retry_wait_s(token.failures + 1, rules.settings, rules.random)
    asked_s = event.wait_s * rules.random.uniform(1.0, 1.1)
    return access_token.renewal_failed(token, event.error, now_s, max(wait_s, asked_s))


def _without(mapping: Mapping[str, Value], key: str) -> Mapping[str, Value]:
    return {name: value for name, value in mapping.items() if name != key}
