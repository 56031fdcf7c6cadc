"""Several nodes' alert desks over one store, and one receiver that all of them would tell. Time is virtual."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import anyio
from anyio.abc import TaskGroup

from daemon.alerts.book import AlertBook
from daemon.alerts.channels import Channels, ChannelWorkshop
from daemon.alerts.condition import Condition
from daemon.alerts.desk import AlertDesk
from daemon.alerts.kinds import KINDS
from daemon.alerts.sights import HouseSights, NodeSight
from daemon.alerts.teller import Teller
from daemon.config import AlertsConfig
from store.sqlite import SqliteStore
from support.alert_house import WEBHOOK, Receiver, no_name
from support.ready_store import open_ready
from support.virtual_time import VirtualClock
from support.word_book import WordBook


@dataclass
class AlertNode:
    """One node's desk, and what it sees."""

    desk: AlertDesk
    teller: Teller
    sight: NodeSight
    house: HouseSights
    life: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    is_deputy: bool = False
    is_blind: bool = False
    holding: anyio.CancelScope | None = None

    def hold(
        self, kind: str = "account_failing", subject: str = "a", cause: str = "HTTP 503"
    ) -> None:
        self.desk.hold(Condition(KINDS[kind], subject, cause, "quickbooks", subject))

    def see(self, kind: str, subject: str, cause: str) -> None:
        self.sight.hold(Condition(KINDS[kind], subject, cause, subject))

    def end(self, kind: str = "account_failing", subject: str = "a") -> None:
        self.desk.end(kind, subject, "it is over")

    def open(self) -> list[tuple[str, str]]:
        return [alert.key for alert in self.desk.book.open_alerts()]

    async def run(self) -> None:
        with self.life:
            async with anyio.create_task_group() as tasks:
                for part in (self.desk, self.teller, self.sight):
                    tasks.start_soon(part.run)

    async def keep_house(self) -> None:
        self.teller.has_house = True
        try:
            with anyio.CancelScope() as self.holding:
                await self.house.run()
        finally:
            self.teller.has_house = False


@dataclass
class AlertNodes:
    """All of them."""

    clock: VirtualClock
    store: SqliteStore
    receiver: Receiver
    nodes: list[AlertNode]
    tasks: TaskGroup

    def give_house(self, place: int | None) -> None:
        """Let go of the house wherever it is, and have this node hold it."""
        for node in self.nodes:
            if node.holding is not None:
                node.holding.cancel()
        if place is not None:
            self.tasks.start_soon(self.nodes[place].keep_house)


def is_deputy(nodes: Sequence[AlertNode], place: int) -> bool:
    """Tell whether the test made it one."""
    return nodes[place].is_deputy


def is_blind(nodes: Sequence[AlertNode], place: int) -> bool:
    """Tell whether the test made it so."""
    return nodes[place].is_blind


@asynccontextmanager
async def alert_nodes(
    path: Path, config: AlertsConfig | None = None, *, number: int = 2
) -> AsyncIterator[AlertNodes]:
    """Open a store and run so many nodes over it; the first one holds the house."""
    clock = VirtualClock()
    receiver = Receiver(clock)
    config = config or AlertsConfig(webhook=WEBHOOK)
    async with await open_ready(path / "syncline.db") as store:
        sights, nodes = WordBook(clock), list[AlertNode]()
        for place in range(number):
            book = AlertBook(config.escalate_after_s)
            workshop = ChannelWorkshop(
                store=store,
                clock=clock,
                random=Random(1),
                open_client=receiver.client,
                public_url="https://sync.example.com",
                name_of=no_name,
                count=lambda _channel, _outcome: None,
                shared=True,
            )
            channels = Channels(workshop, config, book.open_alerts)
            desk = AlertDesk(store, clock, book, channels, shared=True)
            await desk.load()
            sight = NodeSight(sights, f"id-{place}", f"node-{place}", tuple)
            teller = Teller(
                store, desk, partial(is_deputy, nodes, place), partial(is_blind, nodes, place)
            )
            nodes.append(AlertNode(desk, teller, sight, HouseSights(sights, desk, clock)))
        async with anyio.create_task_group() as tasks:
            for node in nodes:
                tasks.start_soon(node.run)
            house = AlertNodes(clock, store, receiver, nodes, tasks)
            house.give_house(0)
            yield house
            tasks.cancel_scope.cancel()
