"""All that connects a node's part of the accounts with the other nodes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from actors.clock import Clock
from actors.events import Event
from actors.jobs.resolution import Ref
from daemon.action_watch import ActionWatch
from daemon.cluster.account_follower import AccountFollower
from daemon.cluster.announcing import EVERY_S, Announcing
from daemon.cluster.answers import Answers
from daemon.cluster.close_look import CloseLook
from daemon.cluster.courier import Courier
from daemon.cluster.delivered import Delivered
from daemon.cluster.far_readers import FarReaders
from daemon.cluster.fleet import Fleet
from daemon.cluster.holding import PlacedShards
from daemon.cluster.roster import Roster
from daemon.cluster.signed_out import SignedOut
from daemon.cluster.single_use import SingleUseEverywhere
from daemon.health.checks import Finding
from daemon.hosting import Hosting
from daemon.metrics import Census
from daemon.part_keeper import PartKeeper, PartName, Run
from daemon.read_watch import ReadWatch
from daemon.web.pages.session import EndedSessions
from store.cluster_ports import ClusterStore
from store.ports import Directory


class LinkedStore(ClusterStore, Directory, Protocol):
    """What nodes share."""


@dataclass(frozen=True, slots=True)
class Part:
    """What this node does by itself, and knows.

    Attributes:
        hosting: hosts its accounts.
        actions: who waits for actions here.
        readers: who waits for looks here.
        census: knows of all accounts.
        ended_sessions: knows which browsers signed out.
    """

    hosting: Hosting
    actions: ActionWatch
    readers: ReadWatch
    census: Census
    ended_sessions: EndedSessions


class Links:
    """The parts, put together.

    Attributes:
        placed: what is placed on this node.
        fleet: hosts every account, wherever.
        single_use: knows of texts that may be used once.
    """

    def __init__(
        self,
        store: LinkedStore,
        part: Part,
        placed: PlacedShards,
        clock: Clock,
        *,
        announced_every_s: float = EVERY_S,
    ) -> None:
        """Take what is to be connected; how accounts do the others are told every `announced_every_s`."""
        self.placed, here = placed, part.hosting
        self._roster = Roster(store, placed.node)
        self._roster.on_change = part.census.look_again
        self._announcing = Announcing(store, here, placed, every_s=announced_every_s)
        self._far_readers = FarReaders(store, here, clock)
        self._delivered = Delivered(store)
        self._answers = Answers(store, placed.node, part.actions, part.readers)
        self._courier = Courier(store, here, placed, self._far_readers, clock)
        self._courier.on_change = self._announcing.look
        self._close_look = CloseLook(store, here, placed.node)
        self.fleet = Fleet(store, here, self._roster, placed, self._close_look, clock)
        self._accounts = AccountFollower(store, part.census, self.fleet.is_here, clock)
        self.single_use = SingleUseEverywhere(store)
        self._sessions = SignedOut(store, part.ended_sessions, clock)
        self._announcing.on_arrival = self._accounts.came

    def listen(self, event: Event) -> None:
        """Take in an event of the actors of this node."""
        self._accounts.listen(event)
        self._answers.listen(event)
        self._delivered.listen(event)
        self._far_readers.listen(event)
        self._announcing.listen(event)

    def on_delivery(self, note: Callable[[str, str, Ref], None]) -> None:
        """Tell what deliveries left, at whichever node: by vendor, account and object."""
        self._delivered.note = note

    def on_showing(
        self,
        bring_out: Callable[[str], Awaitable[None]],
        findings_of: Callable[[str], Sequence[Finding] | None],
    ) -> None:
        """Have what is not stored yet of an account stored before its timeline is shown elsewhere.

        `findings_of` says what is not well with it.
        """
        self._close_look.before_answering = bring_out
        self._close_look.findings_of = findings_of

    async def load(self) -> None:
        """Learn how the accounts of other nodes do. Raises `StoreUnavailableError`."""
        await self._roster.load()

    async def leave(self) -> None:
        """Have the others forget what this node told of accounts; it hosts none any more."""
        await self._announcing.leave()

    async def run(self, keeper: PartKeeper) -> None:
        """Connect until cancelled; what fails is kept going."""
        parts: dict[PartName, Run] = {
            PartName.ANSWERS: self._answers.run,
            PartName.CLOSE_LOOK: self._close_look.run,
            PartName.COURIER: self._courier.run,
            PartName.ROSTER: self._roster.run,
            PartName.ANNOUNCING: self._announcing.run,
            PartName.ACCOUNT_FOLLOWER: self._accounts.run,
            PartName.DELIVERED: self._delivered.run,
            PartName.SIGNED_OUT: self._sessions.run,
        }
        await keeper.keep_all(parts)
