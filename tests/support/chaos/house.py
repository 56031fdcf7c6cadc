"""A database, a vendor and nodes: all the processes of a run, and what everybody in it needs."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import anyio
import httpx
import msgspec

from actors.clock import Clock, SystemClock
from support.chaos.node import TOKEN, Node
from support.chaos.plan import Plan
from support.chaos.vendor_words import Facts, Ledger, Mood
from support.dying_with_parent import die_with_parent
from support.plain_http import plain_async_client
from support.postgres_server import QUICK, PostgresServer

# What is acknowledged must outlive the server, though not the machine.
_SETTINGS = {**QUICK, "synchronous_commit": "on", "autovacuum": "on", "max_connections": "300"}
_LOOK_EVERY_S = 0.2
_READY_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Span:
    """A while in which answers may have been lost: of one process, or of all.

    Attributes:
        name: which; "" is all of them.
        from_s: its begin, as seconds of the machine's clock.
    """

    name: str
    from_s: float
    to_s: float


@dataclass
class ChaosHouse:
    """All of it.

    Attributes:
        random: what chance there is beside the blows: its draws depend on how the run goes.
        accounts: by the company's id at the vendor.
        spans: when what was lost.
        consented_twice: companies whose owner had no answer and consented once more: the vendor keeps
            the last consent alone, and the one before may be worked on later.
        tell: hears what happens, as it does.
    """

    plan: Plan
    database: PostgresServer
    database_url: str
    facts: Facts
    nodes: list[Node]
    http: httpx.AsyncClient
    random: Random
    tell: Callable[[str], None]
    clock: Clock = field(default_factory=SystemClock)
    accounts: dict[str, str] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    consented_twice: set[str] = field(default_factory=set)
    is_over: bool = False

    def now_s(self) -> float:
        """Return the machine's time, in seconds since 1970."""
        return self.clock.now().utc.timestamp()

    def some_node(self) -> Node:
        """Return a node as a user or a balancer comes to it: any, whether it does well or not."""
        return self.random.choice(self.nodes[: self.plan.nodes])

    async def ask(
        self, method: str, path: str, body: object = None, *, node: Node | None = None
    ) -> httpx.Response:
        """Make one call to the API of some node.

        Raises:
            httpx.TransportError: there was no answer.
        """
        return await self.http.request(method, f"{(node or self.some_node()).url}{path}", json=body)

    async def set_mood(self, mood: Mood) -> None:
        """Tell the vendor how to be."""
        urls = [node.url for node in self.nodes[: self.plan.nodes]]
        wanted = msgspec.structs.replace(mood, nodes=urls)
        reply = await self.http.put(
            f"{self.facts.url}/chaos/mood", content=msgspec.json.encode(wanted)
        )
        reply.raise_for_status()

    async def ledger(self) -> Ledger:
        """Return the vendor's record."""
        return msgspec.json.decode(await self._of_vendor("ledger"), type=Ledger)

    async def truth(self, realm_id: str) -> dict[str, dict[str, bytes]]:
        """Return what a company really has."""
        found = await self._of_vendor(f"truth/{realm_id}")
        return msgspec.json.decode(found, type=dict[str, dict[str, bytes]])

    async def connect(self, realm_id: str) -> None:
        """Connect a company, as its owner does, at any node; goes on until it is done."""
        while True:
            try:
                code = await self.http.post(f"{self.facts.url}/sandbox/companies/{realm_id}/code")
                body = {"authorization_code": code.json()["code"], "realm_id": realm_id}
                reply = await self.ask("POST", "/auth/quickbooks/connect", body)
                if reply.is_success:
                    self.accounts[realm_id] = str(reply.json()["id"])
                    return
            except httpx.TransportError:
                self.consented_twice.add(realm_id)
            await anyio.sleep(0.5)

    async def until_ready(self, nodes: Sequence[Node]) -> None:
        """Wait until these nodes answer.

        Raises:
            AssertionError: one of them ended, or took too long.
        """
        for node in nodes:
            with anyio.move_on_after(_READY_WITHIN_S):
                while not await node.is_ready(self.http):
                    assert not node.died(), node.last_words()
                    await anyio.sleep(_LOOK_EVERY_S)
                continue
            raise AssertionError(f"node {node.name} is not ready: {node.last_words()}")

    async def _of_vendor(self, what: str) -> bytes:
        reply = await self.http.get(f"{self.facts.url}/chaos/{what}", timeout=60)
        reply.raise_for_status()
        return reply.content


@asynccontextmanager
async def open_house(
    plan: Plan, folder: Path, tell: Callable[[str], None]
) -> AsyncIterator[ChaosHouse]:
    """Start the database, the vendor and the nodes; whatever happens, none of them is left behind."""
    database = PostgresServer(_SETTINGS)
    vendor: subprocess.Popen[bytes] | None = None
    nodes: list[Node] = []
    try:
        database.start()
        url = database.url(database.create_database())
        vendor = _start_vendor(plan, folder)
        facts = _facts(vendor)
        nodes += [
            Node(place, folder / f"node-{place}", plan, facts, url)
            for place in range(plan.nodes + 1)
        ]
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=0)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with plain_async_client(limits=limits, headers=headers, timeout=10) as http:
            yield ChaosHouse(plan, database, url, facts, nodes, http, Random(plan.seed), tell)
    finally:
        for node in nodes:
            node.kill()
        if vendor is not None:
            with vendor:
                vendor.kill()
        database.remove()


def _start_vendor(plan: Plan, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "vendor.log").open("wb") as log:
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "support.chaos.vendor"),
                *("--companies", str(plan.accounts)),
                *("--token-life", str(plan.token_life_s)),
                *("--seed", str(plan.seed)),
            ],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - begun from the main thread
        )


def _facts(vendor: subprocess.Popen[bytes]) -> Facts:
    assert vendor.stdout is not None
    line = vendor.stdout.readline()
    assert line, "the vendor did not start"
    return msgspec.json.decode(line, type=Facts)
