"""Has a node say what it sees, and the holder of the house tell what all of them see."""

from collections.abc import Callable, Collection, Sequence

import anyio
import msgspec
import structlog

from actors.clock import Clock
from daemon.alerts.condition import Condition
from daemon.alerts.desk import AlertDesk
from daemon.alerts.sight import SEEN_KINDS, Sight, seen, together
from store.cluster_ports import NodeWords
from store.errors import StoreUnavailableError

TOPIC = "sights"
"""What nodes say under that they see."""
SAID_EVERY_S = 5.0
FORGOTTEN_AFTER_S = 20.0
"""A node that said nothing for so long sees nothing any more."""
LOOK_EVERY_S = 2.0
_GATHERED_S = 0.2

log = structlog.get_logger()


class NodeSight:
    """Takes what holds, as the desk does, and says it to the holder of the house. `run` is its life."""

    def __init__(
        self, store: NodeWords, node: str, name: str, hearing: Callable[[], Sequence[str]]
    ) -> None:
        """Take who says it; `hearing` returns the vendors whose webhooks reach this node."""
        self._store = store
        self._node = node
        self._name = name
        self._hearing = hearing
        self._holding: dict[tuple[str, str], Condition] = {}
        self._news = anyio.Event()

    def hold(self, condition: Condition) -> None:
        """Something holds."""
        key = (condition.kind.name, condition.subject)
        if self._holding.get(key) != condition:
            self._holding[key] = condition
            self._news.set()

    def end(self, kind: str, subject: str, how: str) -> None:
        """It is over."""
        del how
        if self._holding.pop((kind, subject), None) is not None:
            self._news.set()

    def settle(
        self, kinds: Collection[str], subject: str, holding: Sequence[Condition], how: str = ""
    ) -> None:
        """These conditions are all of these kinds that hold for the subject."""
        for condition in holding:
            self.hold(condition)
        held = {condition.kind.name for condition in holding}
        for kind in kinds:
            if kind not in held:
                self.end(kind, subject, how)

    async def run(self) -> None:
        """Say it when it changes, and again and again, until cancelled."""
        while True:
            await self.say()
            await anyio.sleep(_GATHERED_S)
            with anyio.move_on_after(SAID_EVERY_S):
                await self._news.wait()

    async def say(self) -> None:
        """Say it once; a store that takes no writes hears it later."""
        self._news = anyio.Event()
        conditions = [seen(each) for each in self._holding.values()]
        sight = Sight(self._name, conditions, self._hearing())
        try:
            await self._store.leave_word(TOPIC, self._node, msgspec.json.encode(sight))
        except StoreUnavailableError:
            log.debug("sight_not_said", conditions=len(conditions))

    async def close(self) -> None:
        """See nothing any more."""
        with anyio.move_on_after(SAID_EVERY_S):
            try:
                await self._store.take_back_words(self._node)
            except StoreUnavailableError:
                log.debug("sight_not_withdrawn")


class HouseSights:
    """Tells the desk what all nodes see together. `run` is its life, at the holder of the house.

    At first, and after the store could not be read, nothing is ended until every node had the time
    to say what it sees.
    """

    def __init__(self, store: NodeWords, desk: AlertDesk, clock: Clock) -> None:
        self._store = store
        self._desk = desk
        self._clock = clock
        self._complete_at_s = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        self._wait_for_all()
        while True:
            try:
                await self.look()
            except StoreUnavailableError:
                self._wait_for_all()
            await anyio.sleep(LOOK_EVERY_S)

    def _wait_for_all(self) -> None:
        self._complete_at_s = self._clock.now().monotonic_s + FORGOTTEN_AFTER_S

    async def look(self) -> None:
        """Tell what holds, and end what does not. Raises `StoreUnavailableError`."""
        sights: list[Sight] = []
        said = await self._store.words(TOPIC, within_s=FORGOTTEN_AFTER_S)
        for each in said.words:
            try:
                sights.append(msgspec.json.decode(each.word, type=Sight))
            except msgspec.DecodeError:
                log.warning("sight_not_understood")  # another version's
        held = together(sights)
        for condition in held:
            self._desk.hold(condition)
        if self._clock.now().monotonic_s < self._complete_at_s:
            return
        keys = {(each.kind.name, each.subject) for each in held}
        for alert in self._desk.book.open_alerts():
            if alert.kind in SEEN_KINDS and alert.key not in keys:
                self._desk.settle((alert.kind,), alert.subject, ())
