"""Carries out users' writes for one account, as the ledger says.

An attempt is in the store before its call is made, and its end is stored before anything else is
done about the action. So whoever comes after a crash finds a sending without an end, and looks for
it at the vendor instead of sending it again.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

import anyio

from actors.action_batches import ActionBatches
from actors.action_calls import ActionCalls, Called, Desk, failed
from actors.action_entry import ActionEntry, InHand, unsent
from actors.action_lanes import ActionLanes, Lanes, is_delivery
from actors.action_standing import is_over, standing_after
from actors.action_teller import ActionTeller, after
from actors.action_turns import ActionsRested
from actors.gate import Gate
from actors.ledger import GiveUp, LookBack, Move, Park, Send, Wait, next_move
from actors.premises import Premises
from actors.reconciler import Reconciler, mismatches_of
from actors.reconciliation import next_comparison
from actors.vendors.base import Priority
from actors.vendors.writing import Target, Writer, Written
from store.action_models import (
    Action,
    ActionPriority,
    ActionResult,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
    TakenIn,
)
from store.errors import StaleEpochError, StoreUnavailableError
from store.models import Tombstone

_SIDE_BY_SIDE = 4
_STORE_AGAIN_S = 1.0
_STORE_WITHIN_S = 60.0
_STORE_REST_S = 5.0
_KEPT_S = 60.0


@dataclass(slots=True)
class _Met:
    """What a run comes across.

    Attributes:
        touched: types of objects that were changed at the vendor besides those written.
        refused: the vendor did not accept the access token.
    """

    touched: set[str] = field(default_factory=set)
    refused: bool = False


class ActionRunner:
    """One account's. `run` may be called again while it runs: each action is worked on by one only."""

    def __init__(
        self, premises: Premises, writer: Writer | None, gate: Gate, ask_again: Callable[[], None]
    ) -> None:
        """Take the actor's premises, whose permit is a user's, what writes, and the gate of its calls.

        `ask_again` is to have `run` called once more, without waiting for it.

        Raises:
            ValueError: the vendor takes no writes.
        """
        if writer is None:
            raise ValueError(f"{premises.vendor.name} takes no writes")
        self._store = premises.store
        self._writer = writer
        self._clock = premises.clock
        self._teller = ActionTeller(premises)
        self._object_types = premises.settings.object_types
        self._account_id = premises.account_id
        self._epoch = premises.epoch
        permits = {
            ActionPriority.USER: premises.permit,
            ActionPriority.DELIVERY: gate.permit(Priority.DELIVERY),
        }
        self._desk = desk = Desk(
            open_session=lambda priority: premises.session(permits[priority]),
            cursors=premises.cursors,
            rest_s=lambda: gate.rest_s(premises.clock.now().monotonic_s),
            stopping=lambda: not premises.may_go_on(),
        )
        self._calls = ActionCalls(self._store, writer, self._clock, self._account_id, desk)
        self._entry = ActionEntry(
            self._store, self._calls, self._clock, self._account_id, self._epoch
        )
        self._gate = gate
        self._ask_again = ask_again
        self._lanes = ActionLanes(
            self._store, self._account_id, desk, self._key, self._next, self._clock
        )
        self._queue: deque[Action] = deque()
        self._reconciler = Reconciler(premises, writer, gate.permit(Priority.POLL))
        self._asked_by: dict[str, dict[str, float]] = {}
        self._busy: set[str] = set()
        self._done_s: dict[str, float] = {}

    async def take_in(self, new: NewAction) -> TakenIn | None:
        """Store a new write and, when nothing is before it, that it is being sent: then `run` sends it.

        Returns None, and stores nothing, when it has to wait for something; else it has `run` called,
        which prepares the call meanwhile.

        Raises:
            UnknownAccountError, ActionConflictError, StoreUnavailableError: nothing was stored.
        """
        action = unsent(new)
        key = self._key(action)
        before = self._done_s.get(key)
        base = await self._calls.held_base(action)
        # What is known of the object must not be from before another write of it.
        is_current = key not in self._busy and self._done_s.get(key) == before
        if base is None or not is_current or self._quiet_s(key, action) > 0:
            return None
        return await self._entry.take_in(new, self._next(action), base.note, self._ask_again)

    async def run(self, fenced_off: str) -> ActionsRested:
        """Do all that can be done now; `fenced_off` is what it ends with if that is not ours to do."""
        met = _Met()
        waiting: dict[str, float] = {}
        now_s = self._clock.now().monotonic_s
        self._done_s = {key: at_s for key, at_s in self._done_s.items() if now_s - at_s < _KEPT_S}
        ended: str | None = None
        with self._lanes.run() as delivers:
            try:
                while lanes := await self._next_lanes(waiting, delivers=delivers):
                    await self._work_side_by_side(lanes, met, waiting)
                    if any(
                        is_delivery(lane[0]) for key, lane in lanes.items() if key not in waiting
                    ):
                        waiting[""] = 0.0  # the others, once users' own had their turn
                        break
            except* StoreUnavailableError:
                waiting[""] = _STORE_REST_S
            except* StaleEpochError:
                ended = fenced_off
        if self._lanes.left_some:
            waiting.setdefault("", 0.0)
        wait_s = min(self._lanes.wait_s(), *waiting.values(), inf)
        return ActionsRested(wait_s, tuple(met.touched), met.refused, ended)

    async def compare(self, fenced_off: str) -> ActionsRested:
        """Compare earlier writes with what the vendor has, as `Reconciler.run`, and say when to go on."""
        try:
            return ActionsRested(await self._reconciler.run())
        except StaleEpochError:
            return ActionsRested(ended=fenced_off)

    async def _work_side_by_side(
        self, lanes: Mapping[str, Sequence[Action]], met: _Met, waiting: dict[str, float]
    ) -> None:
        turns = anyio.Semaphore(_SIDE_BY_SIDE)
        batches = self._batches(met)
        async with anyio.create_task_group() as side_by_side:
            for key, lane in lanes.items():
                self._busy.add(key)
                # By the time it is worked on, the store may have said that others go before it.
                in_hand = self._entry.hand_out(lane[0].id)
                if in_hand is None and batches.goes_together(lane):
                    self._queue.extend(lane)
                    self._asked_by[key] = waiting
                    side_by_side.start_soon(self._work_off_queue, batches, turns, met, waiting)
                else:
                    side_by_side.start_soon(self._work_off, key, lane, turns, met, waiting, in_hand)

    def _batches(self, met: _Met) -> ActionBatches:
        return ActionBatches(
            self._writer,
            self._calls,
            self._gate,
            self._clock,
            self._begin,
            lambda action, called: self._end(action, called, met),
            self._next,
        )

    async def _work_off_queue(
        self,
        batches: ActionBatches,
        turns: anyio.Semaphore,
        met: _Met,
        waiting: dict[str, float],
    ) -> None:
        """Send the next of those that wait, or all of them that have to wait for their turn.

        Another run may have sent what this one has put into the queue.
        """
        async with turns:
            actions = await batches.take(self._queue, alone=len(self._busy) == 1)
            if not actions:
                return
            rest_s = self._desk.rest_s()
            rests = rest_s > 0 or self._desk.stopping()
            try:
                if len(actions) == 1:
                    alone = anyio.Semaphore(1)
                    await self._work_off(actions[0].id, actions, alone, met, waiting)
                    return
                late = actions if rests else await batches.send(actions)
                waiting.update((action.id, max(rest_s, _STORE_REST_S)) for action in late)
            finally:
                for action in actions:
                    self._busy.discard(action.id)
                    # Whoever put it into the queue is to leave it alone for as long.
                    asker = self._asked_by.pop(action.id, waiting)
                    asker.update({action.id: waiting[action.id]} if action.id in waiting else {})

    async def _next_lanes(self, waiting: dict[str, float], *, delivers: bool) -> Lanes:
        """Return what is open and not in hand; first what was noted as being sent when it came in."""
        taken = self._busy | waiting.keys()
        in_hand = {self._key(action): [action] for action in self._entry.waiting()}
        if mine := {key: lane for key, lane in in_hand.items() if key not in taken}:
            return mine
        found = await self._lanes.next(waiting, self._busy, self._entry.knows, delivers=delivers)
        # Another run may have begun some while these were read.
        return {key: lane for key, lane in found.items() if key not in self._busy}

    def _key(self, action: Action) -> str:
        target = self._writer.target(action.action_type, action.payload)
        return action.id if target.object_id is None else f"{target.object_type} {target.object_id}"

    async def _work_off(
        self,
        key: str,
        lane: Sequence[Action],
        turns: anyio.Semaphore,
        met: _Met,
        waiting: dict[str, float],
        in_hand: InHand | None = None,
    ) -> None:
        """Work on what is about one object, or send the one write of it that is `in_hand`."""
        try:
            for action in lane:
                own_key = self._key(action)
                wait_s = None if in_hand else self._quiet_s(own_key, action) or None
                if wait_s is None:
                    async with turns:
                        left = await self._send_in_hand(in_hand, met) if in_hand else action
                        wait_s = await self._advance(left, met) if left else None
                    if in_hand is None or in_hand.begun:
                        self._done_s[own_key] = self._clock.now().monotonic_s
                if wait_s is not None:
                    waiting[key] = wait_s
                    return
        except StoreUnavailableError:
            # Not for the others to see: their calls are not to be broken off.
            waiting[key] = _STORE_REST_S
        finally:
            self._busy.discard(key)
            if self._lanes.passed_more(key, lane):
                # This run goes on only when all its lanes are over, which may hang.
                self._ask_again()

    def _quiet_s(self, key: str, action: Action) -> float:
        """Return how long to let the object be, so that this write can be told from the one before."""
        until_s = self._done_s.get(key, -inf) + self._writer.quiet_s(action.action_type)
        return max(0.0, until_s - self._clock.now().monotonic_s)

    async def _send_in_hand(self, in_hand: InHand, met: _Met) -> Action | None:
        """Send what is being noted, once it is; return the action if it needs more than that."""
        called = await self._calls.send_once_noted(
            in_hand.action, in_hand.move, in_hand.attempt, in_hand.begun_s, in_hand.noted
        )
        # What was not noted is in the store like all others, or nowhere.
        ended = None if called is None else await self._end(in_hand.action, called, met)
        return None if ended is None or is_over(ended) else after(in_hand.action, ended)

    async def _advance(self, action: Action, met: _Met) -> float | None:
        """Take the action as far as it goes; return how long to wait, or None when it needs nothing more."""
        while True:
            if self._desk.stopping():
                # Not before the account acts again; then at once.
                return 0.0
            move = self._next(action)
            if isinstance(move, Wait):
                return move.delay_s
            if isinstance(move, GiveUp | Park):
                await self._close(action, move)
                return None
            if (rest_s := self._desk.rest_s()) > 0:
                return rest_s
            end = await self._make(action, move, met)
            if end is None:
                return 0.0  # whether it is over only the store knows
            if is_over(end):
                return None
            action = after(action, end)

    def _next(self, action: Action) -> Move:
        merges_again = self._writer.merges_again(action.payload)
        return next_move(action, self._clock.now().utc, merges_again=merges_again)

    async def _make(self, action: Action, move: Send | LookBack, met: _Met) -> AttemptEnd | None:
        """Make the call and store its end; None when the action went on without us meanwhile."""
        known = len(action.attempts)
        if isinstance(move, LookBack):
            return await self._end(action, await self._calls.look_back(action, move), met, known)
        base = await self._calls.base(action, move)
        now = self._clock.now().utc
        attempt = Attempt(AttemptCall.SEND, now, AttemptOutcome.OPEN, base=base.note)
        if base.trouble is not None:
            # Nothing is sent: an attempt that stays open would only be looked for.
            return await self._end(action, failed(attempt, base.trouble), met, known)
        begun_s = self._clock.now().monotonic_s
        if not await self._begin(action, attempt):
            return None
        called = await self._calls.send(action, move, attempt, begun_s)
        return await self._end(action, called, met)

    async def _begin(self, action: Action, attempt: Attempt) -> bool:
        return await self._store.begin_attempt(
            self._account_id,
            self._epoch,
            action.id,
            attempt,
            self._calls.searched_from(action),
            known_attempts=len(action.attempts),
        )

    async def _end(
        self, action: Action, called: Called, met: _Met, known_attempts: int | None = None
    ) -> AttemptEnd | None:
        """Store how the attempt ended and where the action stands after it.

        Returns None, and stores nothing, when it was not noted as begun, and others than
        `known_attempts` were stored meanwhile.
        """
        met.refused |= called.token_refused
        attempt = replace(called.attempt, ended_at=self._clock.now().utc)
        if called.written is None:
            tried = replace(action, attempts=(*action.attempts, attempt))
            end = standing_after(self._next(tried), tried, attempt)
        else:
            end = self._success(action, attempt, called.written)
            met.touched.update(self._writer.touched_types(action.action_type, action.payload))
        if not await self._keep_storing(action.id, replace(end, known_attempts=known_attempts)):
            return None
        await self._teller.attempt(action, end)
        self._reconciler.expect(end.compare_at)
        self._teller.drift(action, end)
        return end

    def _success(self, action: Action, attempt: Attempt, written: Written) -> AttemptEnd:
        object_type, object_id = written.target.object_type, str(written.target.object_id)
        record = written.record
        payload, gone = None, None
        if record is None:
            gone = Tombstone(object_type, object_id, written.gone_at)
        else:
            payload = record.payload
        differences = self._writer.differences(action.action_type, action.payload, payload)
        return AttemptEnd(
            attempt=attempt,
            state=ActionState.SUCCEEDED,
            result=ActionResult(object_type, object_id, payload),
            record=record,
            tombstone=gone,
            object_types=self._object_types,
            mismatches=mismatches_of(Target(object_type, object_id), differences),
            compare_at=self._compare_at(action.action_type, object_type),
        )

    def _compare_at(self, action_type: str, object_type: str) -> datetime | None:
        if not self._writer.is_compared(action_type):
            return None
        now, is_replicated = self._clock.now().utc, object_type in self._object_types
        return next_comparison(now, now, is_drifting=False, is_replicated=is_replicated)

    async def _keep_storing(self, action_id: str, end: AttemptEnd) -> bool:
        """Store the only witness of what the vendor said, even if it takes a while."""
        with anyio.move_on_after(_STORE_WITHIN_S):
            while True:
                try:
                    return await self._store.end_attempt(
                        self._account_id, self._epoch, action_id, end
                    )
                except StoreUnavailableError:
                    await anyio.sleep(_STORE_AGAIN_S)
        raise StoreUnavailableError("the end of an attempt could not be stored")

    async def _close(self, action: Action, move: GiveUp | Park) -> None:
        attempt = Attempt(AttemptCall.READ_BACK, self._clock.now().utc, AttemptOutcome.FAILED)
        end = standing_after(move, action, attempt)
        await self._store.close_action(self._account_id, self._epoch, action.id, end)
        self._teller.standing(action, end)
