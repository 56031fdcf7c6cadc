"""Users' writes that wait together, sent by one call where that is safe.

Nothing waits for a batch to fill: only what waits already when its turn for a call comes goes together,
and only what is sent for the first time and creates something that its read-back knows from all others. Each
attempt is in the store before the call, and each end is stored for itself: a batch whose answer is lost
leaves as many unknown writes, each of which is looked for by itself and never sent in a batch again.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import anyio

from actors.action_calls import ActionCalls, Called
from actors.clock import Clock
from actors.errors import BreakerOpenError
from actors.gate import Gate
from actors.ledger import Move, Send
from actors.vendors.base import Priority
from actors.vendors.writing import Writer
from store.action_models import Action, ActionPriority, Attempt, AttemptCall, AttemptOutcome
from store.errors import StoreUnavailableError


class Begin(Protocol):
    """Notes that an action is being sent; tells whether it may be."""

    def __call__(self, action: Action, attempt: Attempt, /) -> Awaitable[bool]:
        """Raises `StoreUnavailableError` when it can't be noted."""
        ...


class End(Protocol):
    """Stores how a sending ended."""

    def __call__(self, action: Action, called: Called, /) -> Awaitable[object]:
        """Raises `StoreUnavailableError` when it can't be stored."""
        ...


@dataclass(frozen=True, slots=True)
class ActionBatches:
    """One account's.

    Attributes:
        next_move: what the ledger says to do about an action.
    """

    writer: Writer
    calls: ActionCalls
    gate: Gate
    clock: Clock
    begin: Begin
    end: End
    next_move: Callable[[Action], Move]

    def goes_together(self, lane: Sequence[Action]) -> bool:
        """Tell whether what is waiting in a lane may share a call with others."""
        if len(lane) != 1 or lane[0].attempts or self.writer.most_together == 1:
            return False
        if lane[0].priority is not ActionPriority.USER:
            return False  # a call is made as one or the other
        is_next = isinstance(self.next_move(lane[0]), Send)
        return is_next and self.writer.goes_together(lane[0].action_type)

    async def take(self, waiting: deque[Action], *, alone: bool) -> Sequence[Action]:
        """Take those off the queue that go by the next call.

        One goes at once when a call can be made now, or when it is `alone`: no other is in hand. When
        there is no turn for a call, all that wait by the time there is one go together.
        """
        most = 1
        if not alone and self.gate.bucket.wait_s(self.clock.now().monotonic_s) > 0:
            with suppress(BreakerOpenError):
                await self.gate.ready(Priority.USER)
                if self.gate.bucket.takes_batch(self.clock.now().monotonic_s):
                    most = self.writer.most_together
        taken: list[Action] = []
        left: list[Action] = []
        leaned_on: set[str] = set()
        while waiting and len(taken) < most:
            action = waiting.popleft()
            others = self.writer.leans_on(action.action_type, action.payload)
            if leaned_on.isdisjoint(others):
                taken.append(action)
                leaned_on |= others
            else:
                left.append(action)
        waiting.extendleft(reversed(left))
        return taken

    async def send(self, actions: Sequence[Action]) -> Sequence[Action]:
        """Send them by one call, once; return those that the store could not take notes of now."""
        begun: list[tuple[Action, Send, Attempt]] = []
        unstored: list[Action] = []

        async def begin_one(action: Action) -> None:
            move = self.next_move(action)
            attempt = Attempt(AttemptCall.SEND, self.clock.now().utc, AttemptOutcome.OPEN)
            try:
                if isinstance(move, Send) and await self.begin(action, attempt):
                    begun.append((action, move, attempt))
            except StoreUnavailableError:
                unstored.append(action)

        async def end_one(action: Action, called: Called) -> None:
            try:
                await self.end(action, called)
            except StoreUnavailableError:
                unstored.append(action)

        began_s = self.clock.now().monotonic_s
        async with anyio.create_task_group() as commits:
            for action in actions:
                commits.start_soon(begin_one, action)
        if begun:
            ended = await self.calls.send_together(begun, began_s)
            async with anyio.create_task_group() as commits:
                for (action, _, _), called in zip(begun, ended, strict=True):
                    commits.start_soon(end_one, action, called)
        return unstored
