"""What a message changes in what an actor remembers. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import msgspec

from actors import hints, verification_plan
from actors.messages import (
    Hinted,
    Message,
    Pause,
    RescanRequested,
    Resume,
    Stop,
    SyncNow,
    VerificationRequested,
)
from actors.state import NO_TIMES, Rules, State
from store.models import Cursor


def told(state: State, message: Message, now_s: float, rules: Rules) -> State:
    """Return the state after the message."""
    match message:
        case Hinted(notices=notices):
            known = [each for each in notices if each.object_type in state.cursors]
            settle_s = rules.settings.overlap_s
            return replace(state, hints=hints.heard(state.hints, known, now_s, settle_s))
        case SyncNow(object_types=object_types):
            return _look_soon(state, object_types)
        case RescanRequested(object_types=object_types):
            cursors = {
                name: _asked_again(cursor) if name in object_types else cursor
                for name, cursor in state.cursors.items()
            }
            return _look_soon(replace(state, cursors=cursors), object_types)
        case VerificationRequested(number=number, repair=repair):
            return replace(
                state,
                verification=verification_plan.asked(state.verification, number, repair=repair),
            )
        case Pause() | Resume() | Stop():
            return _steered(state, message)


def _steered(state: State, message: Pause | Resume | Stop) -> State:
    match message:
        case Pause():
            return replace(state, paused=True)
        case Resume():
            return _look_soon(replace(state, paused=False), ())
        case Stop():
            return replace(state, stopping=True)


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
