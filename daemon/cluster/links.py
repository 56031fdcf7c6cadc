"""All that connects a node's part of the accounts with the other nodes."""

from collections.abc import Mapping

import anyio

from actors.clock import Clock
from actors.events import Event
from daemon.action_watch import ActionWatch
from daemon.cluster.announcing import EVERY_S, Announcing
from daemon.cluster.answers import Answers
from daemon.cluster.courier import Courier, HouseDeed
from daemon.cluster.far_readers import FarReaders
from daemon.cluster.fleet import Fleet
from daemon.cluster.holding import PlacedShards
from daemon.cluster.roster import Roster
from daemon.hosting import Hosting
from daemon.read_watch import ReadWatch
from store.cluster_ports import ClusterStore


class Links:
    """The parts, put together.

    Attributes:
        placed: what is placed on this node.
        fleet: hosts every account, wherever.
    """

    def __init__(
        self,
        store: ClusterStore,
        here: Hosting,
        placed: PlacedShards,
        actions: ActionWatch,
        readers: ReadWatch,
        clock: Clock,
        house: Mapping[str, HouseDeed] | None = None,
        *,
        announced_every_s: float = EVERY_S,
    ) -> None:
        """Take what is to be connected.

        `house` has what to do with errands for the house, by kind; how accounts do the others are told
        every `announced_every_s`.
        """
        self.placed = placed
        self._roster = Roster(store, placed.node)
        self._announcing = Announcing(store, here, placed, every_s=announced_every_s)
        self._far_readers = FarReaders(store, here, clock)
        self._answers = Answers(store, placed.node, actions, readers)
        self._courier = Courier(store, here, placed, self._far_readers, clock, house)
        self._courier.on_change = self._announcing.look
        self.fleet = Fleet(store, here, self._roster, placed, clock)

    def listen(self, event: Event) -> None:
        """Take in an event of the actors of this node."""
        self._answers.listen(event)
        self._far_readers.listen(event)
        self._announcing.listen(event)

    async def load(self) -> None:
        """Learn how the accounts of other nodes do. Raises `StoreUnavailableError`."""
        await self._roster.load()

    async def run(self) -> None:
        """Connect until cancelled."""
        async with anyio.create_task_group() as tasks:
            for part in (self._answers, self._courier, self._roster, self._announcing):
                tasks.start_soon(part.run)
