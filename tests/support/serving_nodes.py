"""Whole daemons in one process, on one PostgreSQL database, around vendors in the same process.

All is as `syncline run` puts it together, but for who gives shards to nodes: the test does.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, cast

import anyio
import httpx
import msgspec
from anyio.abc import TaskStatus
from cryptography.fernet import Fernet

from actors.clock import SystemClock
from daemon.app import Daemon, assemble
from daemon.cluster.holding import shard_of
from daemon.cluster.placement import House, Placement
from daemon.cluster.shard_claims import ShardClaims
from daemon.config import Config, load_config
from daemon.redaction import Redactor
from daemon.sandbox.housecallpro import DEFAULT_SECRET, HousecallProSandbox
from daemon.sandbox.quickbooks import Behaviour, QuickBooksSandbox
from daemon.sandbox.transport import SandboxTransport
from daemon.sdnotify import Notifier
from daemon.world import World
from store.cluster_models import HOUSE, NodeStanding, ShardHold
from store.postgresql import PostgresqlStore
from support.plain_http import plain_async_client
from support.postgres_database import PostgresDatabase
from support.web_house import SIZES, TOKEN, VERIFIER, Description, Visitor

SHARDS = 2
SOON_S = 15.0

Json = dict[str, Any]

_CONFIG = """
store: {{url: "{url}"}}
server: {{port: 0, public_url: "https://sync.example.com", admin_token: "{token}"}}
secrets: {{keys: ["{key}"]}}
cluster: {{node: "{name}", shards: 2}}
vendors:
  quickbooks:
    client_id: sandbox-client-id
    client_secret: sandbox-client-secret
    webhook_verifier_token: "{verifier}"
    object_types: [Customer, Invoice, Item]
    read_through_wait: 0.6s
    limits: {{per_second: 200, per_minute: 6000}}
    breaker: {{failures: 1, reset_after: 5m}}
    retry: {{attempts: 1}}
    endpoints:
      authorize_url: http://quickbooks.sandbox/connect/oauth2
      token_url: http://quickbooks.sandbox/oauth2/v1/tokens/bearer
      revoke_url: http://quickbooks.sandbox/v2/oauth2/tokens/revoke
      api_url: http://quickbooks.sandbox
  housecallpro:
    webhook_secret: "{housecall_secret}"
    object_types: [employees, customers, jobs, leads]
    overlap: 1s
    limits: {{per_second: 100, in_flight: 4}}
    endpoints:
      api_url: http://housecallpro.sandbox
      token_url: http://housecallpro.sandbox/oauth/token
"""


class GivenShards:
    """Stands for `Placement`: holds what the test gives."""

    def __init__(self, me: NodeStanding, store: PostgresqlStore, house: House) -> None:
        self._me = me
        self._store = store
        self._house = house
        self._held: dict[int, tuple[ShardHold, ShardClaims]] = {}
        self._houses = anyio.CancelScope()
        self._left = anyio.Event()

    def holds(self) -> Mapping[int, ShardHold]:
        """Return what is held, by shard."""
        return {shard: hold for shard, (hold, _) in self._held.items()}

    def covers(self, account_id: str) -> bool:
        """Tell whether the account's shard is held."""
        return shard_of(account_id, SHARDS) in self._held

    def reachable_at(self, url: str) -> None:
        """Take note."""
        self._me = msgspec.structs.replace(self._me, url=url)

    async def run(self, *, task_status: TaskStatus[None]) -> None:
        """Live until `leave`."""
        await self._store.prepare_shards(SHARDS)
        task_status.started()
        await self._left.wait()

    async def leave(self) -> None:
        """Let `run` end."""
        self._left.set()

    async def take(self, daemon: Daemon) -> None:
        """Take every shard over, the house too, and host the accounts."""
        for shard in range(SHARDS):
            hold, taken = await self._store.take_shard(shard, self._me.node)
            claims = ShardClaims(self._store, hold, taken)
            await daemon.supervisor.host(claims)
            self._held[shard] = hold, claims

    async def let_go(self, daemon: Daemon) -> None:
        """Let go of every shard in good order."""
        held, self._held = self._held, {}
        for hold, claims in held.values():
            await daemon.supervisor.release(claims)
            await self._store.let_go(hold)

    async def keep_house(self) -> None:
        """Do what one node does for all."""
        hold, _ = await self._store.take_shard(HOUSE, self._me.node)
        await self._house(hold)


@dataclass
class ServingNode:
    """One daemon that listens.

    Attributes:
        visitor: calls it with the admin token.
    """

    daemon: Daemon
    shards: GivenShards
    visitor: Visitor
    life: anyio.CancelScope
    ended: anyio.Event = field(default_factory=anyio.Event)

    @property
    def http(self) -> httpx.AsyncClient:
        """The same, without a look at the answers."""
        return self.visitor.http

    async def take(self) -> None:
        """Take every shard."""
        await self.shards.take(self.daemon)

    async def let_go(self) -> None:
        """Hand every shard over."""
        await self.shards.let_go(self.daemon)

    async def kill(self) -> None:
        """End it where it stands: it hands nothing over, and takes nothing back of what it told."""
        self.life.cancel()
        await self.ended.wait()

    def hosts(self, account_id: str) -> bool:
        """Tell whether it has the account's actor."""
        return self.daemon.supervisor.actor(account_id) is not None


@dataclass
class ServingNodes:
    """All of it: `owner` holds every shard at first, and `other` none."""

    quickbooks: QuickBooksSandbox
    housecall: HousecallProSandbox
    database: PostgresDatabase
    owner: ServingNode
    other: ServingNode
    realms: list[str] = field(default_factory=list)

    def grant(self) -> Json:
        """Found a company at QuickBooks; return what connects it."""
        realm = self.quickbooks.add_company(scale=0.1, sizes=SIZES)
        return {
            "authorization_code": self.quickbooks.issue_code(realm),
            "realm_id": realm,
        }

    def housecall_grant(self) -> Json:
        """Found a company at Housecall Pro; return what connects it."""
        company = self.housecall.add_company(sizes={"employees": 2})
        return {"api_key": self.housecall.businesses[company].api_key}

    async def live(self, node: ServingNode | None = None) -> Json:
        """Return a company at QuickBooks that was connected, and is live as every node knows."""
        node = node or self.owner
        account: Json = await node.visitor.post(
            "/auth/quickbooks/connect", self.grant(), expect=201
        )
        return await self.seen_live(account["id"])

    async def live_business(self) -> Json:
        """Return a company at Housecall Pro that was connected, and is live as every node knows."""
        account: Json = await self.owner.visitor.post(
            "/auth/housecallpro/connect", self.housecall_grant(), expect=201
        )
        return await self.seen_live(account["id"])

    async def seen_live(self, account_id: str) -> Json:
        """Return the account once every node shows it live and exact."""
        here = f"/integrations/{account_id}"
        await self.until(self.owner, here, lambda it: it["state"] == "live")
        return await self.until(self.other, here, lambda it: it["state"] == "live")

    async def until(self, node: ServingNode, path: str, holds: Callable[[Json], bool]) -> Json:
        """Return what a node answers as soon as that is as wanted."""
        answer: Json = {}
        try:
            with anyio.fail_after(SOON_S):
                while True:
                    answer = (await node.http.get(path)).json()
                    if holds(answer):
                        return answer
                    await anyio.sleep(0.02)
        except TimeoutError as error:
            raise AssertionError(f"{path} stayed {answer}") from error


@asynccontextmanager
async def serving_nodes(database: PostgresDatabase, path: Path) -> AsyncIterator[ServingNodes]:
    """Run two of them."""
    clock = SystemClock()
    quickbooks = QuickBooksSandbox(
        lambda: clock.now().utc, seed=7, limits=None, behaviour=Behaviour(token_latency_s=0.0)
    )
    housecall = HousecallProSandbox(lambda: clock.now().utc, seed=5)
    housecall.latency_s = 0.0

    class Vendors(httpx.AsyncBaseTransport):
        """Leads to each vendor by its name."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sandbox = quickbooks if request.url.host.startswith("quickbooks") else housecall
            return await SandboxTransport(sandbox).handle_async_request(request)

    key = Fernet.generate_key().decode()
    async with AsyncExitStack() as opened, anyio.create_task_group() as tasks:
        first = await opened.enter_async_context(await database.open_empty())
        second = await opened.enter_async_context(await database.open_again(alone=False))
        nodes = []
        for number, store in enumerate((first, second)):
            name = f"node-{number}"
            config = _config(path / f"{name}.yaml", database.url, key, name)
            world = World(
                clock=clock,
                random=Random(number),
                redactor=Redactor(()),
                notifier=Notifier({}),
                open_client=lambda: httpx.AsyncClient(transport=Vendors()),
            )
            daemon, shards = await _assembled(config, world, store)
            nodes.append(await tasks.start(_serve, daemon, shards))
        owner, other = nodes
        await owner.take()
        tasks.start_soon(owner.shards.keep_house)
        yield ServingNodes(quickbooks, housecall, database, owner, other)
        for node in nodes:
            node.life.cancel()
        tasks.cancel_scope.cancel()


def _config(path: Path, url: str, key: str, name: str) -> Config:
    text = _CONFIG.format(
        url=url,
        token=TOKEN,
        key=key,
        name=name,
        verifier=VERIFIER,
        housecall_secret=DEFAULT_SECRET,
    )
    path.write_text(text)
    return load_config(path, {})


async def _assembled(
    config: Config, world: World, store: PostgresqlStore
) -> tuple[Daemon, GivenShards]:
    daemon = await assemble(config, world, store)
    placed, links = daemon.placement, daemon.hosts.links
    assert placed is not None
    assert links is not None
    given = GivenShards(links.placed.me, store, placed._house)  # noqa: SLF001 - it is put in its place
    links._announcing._every_s = 0.1  # noqa: SLF001 - nobody has to wait for a whole second
    links.placed.placement = cast("Placement", given)
    return replace(daemon, placement=cast("Placement", given)), given


async def _serve(
    daemon: Daemon, shards: GivenShards, *, task_status: TaskStatus[ServingNode]
) -> None:
    with anyio.CancelScope() as life:
        async with (
            daemon.started() as started,
            plain_async_client(
                base_url=started.base_url, headers={"Authorization": f"Bearer {TOKEN}"}
            ) as http,
        ):
            document = (await http.get("/openapi.json")).json()
            node = ServingNode(started, shards, Visitor(http, Description(document)), life)
            task_status.started(node)
            await anyio.sleep_forever()
    node.ended.set()
