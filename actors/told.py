"""What a message changes in what an actor remembers. Pure."""

from collections.abc import Sequence
from math import inf

import msgspec
from msgspec.structs import replace

from actors import access_token, hints, readers, verification_plan
from actors.action_turns import ActionsRested
from actors.messages import (
    ActionsWaiting,
    Hinted,
    Message,
    Pause,
    Read,
    RescanRequested,
    Resume,
    Stop,
    SyncNow,
    VerificationRequested,
)
from actors.moment import Moment
from actors.readers import NO_READERS, Readers
from actors.state import NO_TIMES, Rules, State
from store.models import Cursor


def told(state: State, message: Message | ActionsRested, now: Moment, rules: Rules) -> State:
    """Return the state after the message."""
    now_s = now.monotonic_s
    match message:
        case Hinted(notices=notices):
            known = [each for each in notices if each.object_type in state.cursors]
            settle_s = rules.settings.overlap_s
            return replace(state, hints=hints.heard(state.hints, known, now_s, settle_s))
        case SyncNow(object_types=object_types, by_user=by_user):
            urged = state.urged.union(object_types or state.cursors) if by_user else state.urged
            return _look_soon(replace(state, urged=urged), object_types)
        case RescanRequested(object_types=object_types):
            cursors = {
                name: _asked_again(cursor) if name in object_types else cursor
                for name, cursor in state.cursors.items()
            }
            urged = state.urged.union(object_types)
            return _look_soon(replace(state, cursors=cursors, urged=urged), object_types)
        case VerificationRequested(number=number, repair=repair):
            return replace(
                state,
                verification=verification_plan.asked(state.verification, number, repair=repair),
            )
        case ActionsRested():
            return _actions_rested(state, message, now_s)
        case Pause() | Resume() | Stop() | ActionsWaiting() | Read():
            return _steered(state, message, now)


def _actions_rested(state: State, event: ActionsRested, now_s: float) -> State:
    """Return the state after a run over users' writes; what they touched is looked at soon."""
    token = access_token.refused(state.token, now_s) if event.refused else state.token
    turns = state.actions.over(now_s, event)
    state = replace(state, actions=turns, token=token, ended=state.ended or event.ended)
    return _look_soon(state, event.touched) if event.touched else state


def _steered(
    state: State, message: Pause | Resume | Stop | ActionsWaiting | Read, now: Moment
) -> State:
    match message:
        case Read(since_s=since_s):
            return replace(state, readers=_read_by(state, now, since_s))
        case ActionsWaiting():
            return replace(state, actions=state.actions.asked())
        case Pause():
            return replace(state, paused=True)
        case Resume():
            return _look_soon(replace(state, paused=False), ())
        case Stop():
            return replace(state, stopping=True)


def _read_by(state: State, now: Moment, since_s: float) -> Readers:
    """Return the readers with one more; of the first, remember when all was last looked at."""
    known = state.readers
    if known is NO_READERS:
        synced = [cursor.last_synced_at for cursor in state.cursors.values()]
        ages_s = [inf if at is None else (now.utc - at).total_seconds() for at in synced]
        known = replace(known, before_s=now.monotonic_s - max(0.0, *ages_s))
    return readers.read(known, now.monotonic_s, since_s)


def _asked_again(cursor: Cursor) -> Cursor:
    return msgspec.structs.replace(cursor, rescan_requested=True)


def _look_soon(state: State, object_types: Sequence[str]) -> State:
    """Make every look that covers one of the types due now; all of them when none is named.

    A feed covers many types in one call, so its look has no type of its own to be found by: it is
    always made due.
    """
    kept = {
        key: at_s
        for key, at_s in state.next_at_s.items()
        if object_types and key in state.cursors and key not in object_types
    }
    again = state.again | state.running.keys()
    not_before_s = {key: at_s for key, at_s in state.not_before_s.items() if key in kept}
    return replace(
        state,
        next_at_s=kept,
        not_before_s=not_before_s or NO_TIMES,
        first_look_at_s=-inf,
        again=again,
    )
