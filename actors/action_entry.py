"""A user's write that finds nothing in its way: stored, and noted as being sent, in one commit.

Two commits would say the same, only later. While this one is made, its call is prepared. Whoever
comes after a crash finds a sending without an end, as always, and looks for it at the vendor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import anyio
from anyio.lowlevel import cancel_shielded_checkpoint

from actors.action_calls import ActionCalls
from actors.clock import Clock
from actors.gate import Gate
from actors.ledger import Move, Send
from actors.state import State
from store.action_models import (
    Action,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptOutcome,
    NewAction,
    TakenIn,
)
from store.action_ports import Outbox

_TURNS_OF_A_CALL = 2
"""Of the loop, from the commit until the call is on its way."""


@dataclass(slots=True)
class InHand:
    """A sending that is being noted, and is to be made as soon as it is.

    Attributes:
        action: as it was before the attempt.
        begun_s: when noting the attempt was begun.
        begun: whether it is noted: only then it may be made.
    """

    action: Action
    move: Send
    attempt: Attempt
    begun_s: float
    begun: bool = False
    _settled: anyio.Event = field(default_factory=anyio.Event, init=False)

    async def noted(self) -> bool:
        """Return whether it is noted, as soon as that is certain."""
        await self._settled.wait()
        return self.begun

    def settle(self, taken: TakenIn | None) -> None:
        """Learn what became of noting it; None when nothing was stored."""
        if taken is not None and taken.begun:
            self.action, self.begun = taken.action, True
        self._settled.set()


def nothing_in_the_way(state: State, gate: Gate, now_s: float) -> bool:
    """Tell whether a user's write could be sent this moment: by an actor that acts, with a good token."""
    token = state.token
    acts = not (state.paused or state.stopping or state.ended is not None or token.busy)
    good = token.usable and now_s < min(token.expires_at_s, token.refresh_at_s)
    return acts and good and gate.rest_s(now_s) <= 0 and gate.bucket.wait_s(now_s) <= 0


class ActionEntry:
    """Takes writes in for one account's runner, which makes the calls."""

    def __init__(
        self, store: Outbox, calls: ActionCalls, clock: Clock, account_id: str, epoch: int
    ) -> None:
        self._store = store
        self._calls = calls
        self._clock = clock
        self._account_id = account_id
        self._epoch = epoch
        self._in_hand: dict[str, InHand] = {}

    def knows(self, action_id: str) -> bool:
        """Tell whether the action is being taken in: a sending of it in the store is not a lost one.

        Readers may see the commit before whoever made it hears of it.
        """
        return action_id in self._in_hand

    def waiting(self) -> Sequence[Action]:
        """Return the actions whose sending nobody has begun to make."""
        return [each.action for each in self._in_hand.values()]

    def hand_out(self, action_id: str) -> InHand | None:
        """Give the sending away, once, to be made when it is noted."""
        return self._in_hand.pop(action_id, None)

    async def take_in(
        self, new: NewAction, move: Move, base: str | None, tell: Callable[[], None]
    ) -> TakenIn | None:
        """Store the write; None when it is not to be sent.

        Its sending is noted with it unless another write of the account is open, or the account has
        another owner by now.

        Args:
            new: the write.
            move: what the ledger says to do about such a new action.
            base: what has to be known of its object.
            tell: has somebody ask what is `waiting`, who prepares the call meanwhile.

        Raises:
            UnknownAccountError, ActionConflictError, StoreUnavailableError: nothing was stored.
        """
        if not isinstance(move, Send):
            return None
        now, action = self._clock.now(), unsent(new)
        attempt = Attempt(AttemptCall.SEND, now.utc, AttemptOutcome.OPEN, base=base)
        in_hand = self._in_hand[new.id] = InHand(action, move, attempt, now.monotonic_s)
        taken: TakenIn | None = None
        tell()
        try:
            searched_from = self._calls.searched_from(action)
            taken = await self._store.take_in(self._epoch, new, attempt, searched_from)
        finally:
            in_hand.settle(taken)
            if not in_hand.begun:
                self._in_hand.pop(new.id, None)
        # The call goes first, and is written in another turn: whoever asked waits for it anyway.
        for _ in range(_TURNS_OF_A_CALL):
            await cancel_shielded_checkpoint()
        return taken


def unsent(new: NewAction) -> Action:
    """Return the action that a wish becomes."""
    return Action(
        id=new.id,
        account_id=new.account_id,
        action_type=new.action_type,
        payload=new.payload,
        idempotency_key=new.idempotency_key,
        state=ActionState.PENDING,
        created_at=new.at,
        asked_at=new.at,
    )
