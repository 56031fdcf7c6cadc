"""Two nodes in one process, on one PostgreSQL database, around one QuickBooks sandbox.

The nodes share nothing but the database and the vendor. Shards are given to them by hand.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

import anyio
import httpx
from cryptography.fernet import Fernet

from actors.clock import SystemClock
from actors.credential import Sealer
from actors.events import Event
from actors.hearing import Hearing
from actors.settings import AccountSettings
from actors.slots import PageSlots
from actors.surroundings import Surroundings
from actors.vendors.quickbooks import DOOR, OPERATIONS, QuickBooks
from daemon.action_desk import ActionDesk
from daemon.action_watch import ActionWatch
from daemon.cluster.fleet import Fleet
from daemon.cluster.holding import PlacedShards, shard_of
from daemon.cluster.links import Links, Part
from daemon.cluster.shard_claims import ShardClaims
from daemon.config import Secret
from daemon.connect import Connector
from daemon.deliveries import Deliveries, Receiver
from daemon.metrics import Metrics
from daemon.part_keeper import PartKeeper
from daemon.read_through import ReaderDesk
from daemon.read_watch import ReadWatch
from daemon.restart import RestartPolicy
from daemon.sandbox.quickbooks import Behaviour, QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from daemon.supervisor import Supervisor
from daemon.web.pages.session import EndedSessions
from store.cluster_models import NodeStanding, ShardHold
from store.models import Account
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.quickbooks_replica import settings as quickbooks_settings

SHARDS = 2
VERIFIER = "the-verifier-token"
TYPES = ("Customer", "Invoice", "Item")
SIZES = {"Customer": 3, "Invoice": 7, "Item": 2}
SOON_S = 15.0


class HeldShards(PlacedShards):
    """What is placed on a node, as the test says."""

    def __init__(self, name: str) -> None:
        at = SystemClock().now().utc
        super().__init__(NodeStanding(name, name, "", "1.2.3", at, at))
        self.held: dict[int, tuple[ShardHold, ShardClaims]] = {}

    def holds(self) -> Collection[ShardHold]:
        return [hold for hold, _ in self.held.values()]

    def covers(self, account_id: str) -> bool:
        return shard_of(account_id, SHARDS) in self.held


@dataclass
class Node:
    """One daemon without its web server."""

    store: PostgresqlStore
    supervisor: Supervisor
    holding: HeldShards
    links: Links
    keeper: PartKeeper
    fleet: Fleet
    surroundings: dict[str, Surroundings]
    metrics: Metrics
    actions: ActionDesk
    readers: ReaderDesk
    connector: Connector
    ended_sessions: EndedSessions
    deliveries: Deliveries
    heard: list[Event]

    async def take(self, *shards: int) -> None:
        """Take shards over, and host their accounts."""
        for shard in shards:
            hold, taken = await self.store.take_shard(shard, self.holding.node)
            claims = ShardClaims(self.store, hold, taken)
            await self.supervisor.host(claims)
            self.holding.held[shard] = hold, claims

    async def let_go(self, *shards: int) -> None:
        """Let go of shards in good order."""
        for shard in shards:
            hold, claims = self.holding.held.pop(shard)
            await self.supervisor.release(claims)
            await self.store.let_go(hold)

    def told(self, kind: type[Event]) -> int:
        """Return how many events of a kind the actors of this node told."""
        return sum(isinstance(event, kind) for event in self.heard)


@dataclass
class ClusterHouse:
    """All of it: `owner` holds every shard at first, and `other` none."""

    sandbox: QuickBooksSandbox
    owner: Node
    other: Node
    database: PostgresDatabase

    def company(self) -> str:
        """Found a small company at the vendor and return its id there."""
        return self.sandbox.add_company(scale=0.1, sizes=SIZES)

    async def connected(self, node: Node | None = None) -> Account:
        """Return a company that was connected through the code exchange, at some node."""
        realm, node = self.company(), node or self.owner
        code = self.sandbox.issue_code(realm)
        account, _ = await node.connector.connect("quickbooks", code, realm)
        return account

    async def live(self) -> Account:
        """Return a company that is connected and in sync, as both nodes know."""
        account = await self.connected()
        await self.until(lambda: self.is_live(self.other, account.id))
        return await self.other.store.account(account.id)

    def is_live(self, node: Node, account_id: str) -> bool:
        """Tell whether a node knows that all of the account's types were read."""
        hosted = node.fleet.hosted().get(account_id)
        status = None if hosted is None else hosted.status()
        return status is not None and all(each.complete for each in status.cursors.values())

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return as soon as the condition holds."""
        with anyio.fail_after(SOON_S):
            while not holds():  # noqa: ASYNC110 - whatever makes it hold
                await anyio.sleep(0.01)

    def cut_the_wires(self) -> None:
        """Cut the connections that nodes say words on."""
        self.database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
            " 'syncline' AND (query LIKE '%%pg_notify%%' OR query LIKE 'LISTEN%%')"
        )


class Silent:
    """A store whose words reach nobody."""

    def __init__(self, store: PostgresqlStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def say(self, topic: str, words: Collection[str]) -> None:
        """Say nothing."""


@asynccontextmanager
async def cluster_house(
    database: PostgresDatabase, *, silent: bool = False, behaviour: Behaviour | None = None
) -> AsyncIterator[ClusterHouse]:
    """Open two stores, with everything around them, and run it; `silent` nodes say no words."""
    clock = SystemClock()
    behaviour = behaviour or Behaviour(token_latency_s=0.0)
    sandbox = QuickBooksSandbox(lambda: clock.now().utc, seed=7, limits=None, behaviour=behaviour)
    sealer = Sealer([Fernet.generate_key().decode()])
    async with AsyncExitStack() as opened, anyio.create_task_group() as tasks:
        first = await opened.enter_async_context(await database.open_empty())
        second = await opened.enter_async_context(await database.open_again(alone=False))
        await first.prepare_shards(SHARDS)
        nodes = []
        for name, store in (("one", first), ("two", second)):
            node = await _node(name, store, sandbox, sealer, silent=silent)
            await tasks.start(node.supervisor.run)
            tasks.start_soon(node.links.run, node.keeper)
            nodes.append(node)
        owner, other = nodes
        await owner.take(*range(SHARDS))
        try:
            yield ClusterHouse(sandbox, owner, other, database)
        finally:
            tasks.cancel_scope.cancel()


async def _node(
    name: str, store: PostgresqlStore, sandbox: QuickBooksSandbox, sealer: Sealer, *, silent: bool
) -> Node:
    clock, heard = SystemClock(), list[Event]()
    actions, readers = ActionWatch(), ReadWatch()
    metrics = Metrics(clock, {"quickbooks": OPERATIONS}, "1.2.3")
    listeners = [heard.append, metrics.listen, actions.listen, readers.listen]

    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    http = httpx.AsyncClient(transport=SandboxTransport(sandbox))
    vendor = QuickBooks(quickbooks_settings(), http, clock, listen)
    hearing, settings = Hearing(DOOR.noticed_types), AccountSettings(TYPES)
    around = Surroundings(
        *(store, vendor, settings, sealer, clock, Random(0), PageSlots(), listen, None, hearing)
    )
    surroundings = {vendor.name: around}
    supervisor = Supervisor(
        store, surroundings, RestartPolicy(), clock, Random(0), grace_s=5.0, alone=False
    )
    holding = HeldShards(name)
    wired = Silent(store) if silent else store
    part = Part(supervisor, actions, readers, metrics.census, EndedSessions())
    links = Links(
        wired,  # type: ignore[arg-type]
        *(part, holding, clock),
        announced_every_s=0.05,
    )
    await links.load()
    listeners.append(links.listen)
    fleet = links.fleet
    ended = part.ended_sessions
    connector = Connector(
        *(store, {vendor.name: vendor}, sealer, fleet, clock, metrics.census),
        conceal=lambda _: None,
    )
    connector.single_use = links.single_use
    receivers = {vendor.name: Receiver(DOOR, Secret(VERIFIER), hearing, settings)}
    return Node(
        store=store,
        supervisor=supervisor,
        holding=holding,
        links=links,
        keeper=PartKeeper(clock, Random(0), metrics.parts.failed),
        fleet=fleet,
        surroundings=surroundings,
        metrics=metrics,
        actions=ActionDesk(store, fleet, surroundings, actions, clock),
        readers=ReaderDesk(store, fleet, surroundings, readers, clock, listen),
        connector=connector,
        ended_sessions=ended,
        deliveries=Deliveries(store, fleet, receivers, clock, listen),
        heard=heard,
    )
