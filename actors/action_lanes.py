"""Which of an account's open writes are worked on next.

Users' own go first, all that there are. What is delivered for nobody in particular follows a few at a
time, and by one run only: so a user's write that waits for its next try never waits behind many of
those, and however many wait, asking for one more costs next to nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from math import inf

from actors.action_calls import Desk
from actors.clock import Clock
from actors.ledger import Move, Wait
from store.action_models import Action, ActionPriority
from store.action_ports import Outbox

_AT_A_TIME = 1000
_FEW = 24
"""So many are read at a time where there are deliveries among them."""
_FEWEST = 4
"""And so many where those are not wanted, to see whether users' own are before them."""
_DELIVERED_AT_A_TIME = 8
_PASSED_FOR_S = 60.0
"""So long a delivery that has to wait is not read again; our clock may be set meanwhile."""

Lanes = Mapping[str, Sequence[Action]]
"""Writes by what they are about: those of one object come after each other, all others side by side."""


class ActionLanes:
    """One account's."""

    def __init__(
        self,
        store: Outbox,
        account_id: str,
        desk: Desk,
        key: Callable[[Action], str],
        next_move: Callable[[Action], Move],
        clock: Clock,
    ) -> None:
        """Take what tells of the account, what an action is about, and what the ledger says of it."""
        self._store = store
        self._account_id = account_id
        self._desk = desk
        self._key = key
        self._next = next_move
        self._clock = clock
        self._waits: dict[str, tuple[float, float]] = {}
        self._delivering = False
        self._has_deliveries = False
        self._passed_some = False
        self._passed: dict[str, set[str]] = {}

    @property
    def left_some(self) -> bool:
        """Whether a run passed deliveries, and the one that delivers is over and may not have seen them."""
        return self._passed_some and not self._delivering

    def wait_s(self) -> float:
        """Return how long it is until the next of the deliveries that were found to wait is due."""
        now_s = self._clock.now().monotonic_s
        return min(
            (due_s - now_s for due_s, _ in self._waits.values() if due_s > now_s), default=inf
        )

    @contextmanager
    def run(self) -> Iterator[bool]:
        """Enter around a run; yields whether it is the one that delivers."""
        delivers = not self._delivering
        self._delivering = True
        self._passed_some = self._passed_some and not delivers
        try:
            yield delivers
        finally:
            self._delivering = self._delivering and not delivers

    def passed_more(self, key: str, lane: Sequence[Action]) -> bool:
        """Tell, once, whether a run left writes to whoever had `lane` in hand that are not in it."""
        return bool(self._passed.pop(key, set()) - {action.id for action in lane})

    async def next(
        self,
        waiting: dict[str, float],
        busy: AbstractSet[str],
        knows: Callable[[str], bool],
        *,
        delivers: bool,
    ) -> Lanes:
        """Return what is open, and neither in hand nor waiting.

        Args:
            waiting: what is to be left alone for so long; deliveries that are are put into it.
            busy: what is in hand.
            knows: tells whether an action is just being taken in.
            delivers: whether deliveries are wanted, besides users' own.
        """
        after_id: str | None = None
        is_to_deliver = delivers
        while True:  # However many have to wait, they keep no newer one out.
            limit = _AT_A_TIME
            if self._has_deliveries:
                limit = _FEW if delivers else _FEWEST
            found = await self._store.open_actions(
                self._account_id,
                limit=limit,
                after_id=after_id,
                without=self._known_to_wait() if delivers else (),
            )
            self._has_deliveries = any(map(is_delivery, found))
            self._passed_some |= self._has_deliveries and not is_to_deliver
            lanes: defaultdict[str, list[Action]] = defaultdict(list)
            for action in found:
                if not is_delivery(action) and not knows(action.id):
                    lanes[self._key(action)].append(action)
            taken = busy | waiting.keys()
            for key in lanes.keys() & busy:
                self._passed.setdefault(key, set()).update(each.id for each in lanes[key])
            mine: dict[str, Sequence[Action]] = {
                key: lane for key, lane in lanes.items() if key not in taken
            }
            if delivers and self._has_deliveries and self._rests(waiting):
                delivers = False
            if delivers:
                mine.update(self._deliveries(found, waiting, taken))
            behind = self._has_deliveries and not delivers
            if mine or behind or len(found) < limit:
                return mine
            after_id = found[-1].id

    def _rests(self, waiting: dict[str, float]) -> bool:
        """Tell whether nothing can be delivered just now, and note for how long."""
        rest_s = self._desk.rest_s()
        if rest_s <= 0 and not self._desk.stopping():
            return False
        waiting[""] = rest_s
        return True

    def _known_to_wait(self) -> Sequence[str]:
        """Return the deliveries that were found to wait not long ago, and still do."""
        if self._waits:
            now_s = self._clock.now().monotonic_s
            self._waits = {key: until for key, until in self._waits.items() if min(until) > now_s}
        return tuple(self._waits)

    def _deliveries(
        self, found: Sequence[Action], waiting: dict[str, float], taken: AbstractSet[str]
    ) -> Lanes:
        """Return a few of the deliveries that can go on now."""
        lanes: dict[str, Sequence[Action]] = {}
        for action in filter(is_delivery, found):
            key = self._key(action)
            if key in taken:
                continue
            move = self._next(action)
            if isinstance(move, Wait):
                waiting[key] = move.delay_s
                now_s = self._clock.now().monotonic_s
                self._waits[action.id] = (now_s + move.delay_s, now_s + _PASSED_FOR_S)
            else:
                lanes[key] = [action]
            if len(lanes) == _DELIVERED_AT_A_TIME:
                break
        return lanes


def is_delivery(action: Action) -> bool:
    """Tell whether nobody in particular waits for it."""
    return action.priority is ActionPriority.DELIVERY
