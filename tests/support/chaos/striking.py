"""Carries the blows out, and mends what they broke."""

import signal
from functools import partial

import anyio
import psycopg

from support.chaos.house import ChaosHouse, Span
from support.chaos.node import Node, until_left
from support.chaos.plan import Blow, BlowKind, blows

_LEAVES_WITHIN_S = 40.0
_CUT_SHARE = 0.3
_AFTER_S = 5.0
"""So long after the database was away an answer may have been lost: the one that had been waiting for it."""
_TO_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < %s"
)


class Striker:
    """Does to the house what the plan says.

    Attributes:
        done: how often each kind of blow was carried out.
    """

    def __init__(self, house: ChaosHouse) -> None:
        self._house = house
        self._began_s = 0.0
        self._database = anyio.Lock()
        self._busy: set[int] = set()
        self.done: dict[BlowKind, int] = dict.fromkeys(BlowKind, 0)

    async def strike(self) -> None:
        """Carry out all blows; returns when what they broke is mended."""
        self._began_s = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for blow in blows(self._house.plan):
                await anyio.sleep(max(0.0, blow.at_s - self._now_s()))
                tasks.start_soon(self._carry_out, blow)

    def _now_s(self) -> float:
        return anyio.current_time() - self._began_s

    async def _carry_out(self, blow: Blow) -> None:
        match blow.kind:
            case BlowKind.CUT | BlowKind.CUT_ALL:
                await self._cut(blow)
            case BlowKind.DATABASE_STOPPED | BlowKind.DATABASE_KILLED:
                await self._restart_database(blow)
            case BlowKind.JOIN:
                await self._have_one_more(blow)
            case _:
                await self._strike_node(blow)

    async def _strike_node(self, blow: Blow) -> None:
        node = self._choose(blow.choice)
        if node is None:
            self._house.tell(
                f"{self._now_s():6.1f} s  {blow.kind.value}: no node is left to strike"
            )
            return
        self._busy.add(node.place)
        self._tell(blow, f"node {node.name} for {blow.for_s:.1f} s")
        began_s, name = self._house.now_s(), node.name
        doing = {
            BlowKind.KILL: self._kill,
            BlowKind.FREEZE: self._freeze,
            BlowKind.LEAVE: self._leave,
        }[blow.kind]
        await doing(node, blow.for_s)
        if blow.kind is not BlowKind.LEAVE:
            self._house.spans.append(Span(name, began_s, self._house.now_s()))
        self._busy.discard(node.place)

    def _choose(self, choice: float) -> Node | None:
        """Return a node that does well; one is always left, where there are several."""
        nodes = self._house.nodes[: self._house.plan.nodes]
        well = [node for node in nodes if node.is_up and node.place not in self._busy]
        if len(well) <= (len(nodes) > 1):
            return None
        return well[int(choice * len(well))]

    async def _kill(self, node: Node, for_s: float) -> None:
        node.kill()
        await anyio.sleep(for_s)
        await self._start(node)

    async def _freeze(self, node: Node, for_s: float) -> None:
        node.freeze()
        await anyio.sleep(for_s)
        node.thaw()

    async def _leave(self, node: Node, for_s: float) -> None:
        await self._have_leave(node)
        await anyio.sleep(for_s)
        await self._start(node)

    async def _have_leave(self, node: Node) -> None:
        node.ask_to_leave()
        began_s = anyio.current_time()
        with anyio.move_on_after(_LEAVES_WITHIN_S):
            await until_left([node])
            self._house.tell(f"  {node.name} left in {anyio.current_time() - began_s:.1f} s")
            return
        node.faults.append(f"{node.name} did not end within {_LEAVES_WITHIN_S:.0f} s")
        node.kill()

    async def _start(self, node: Node) -> None:
        """Start a node as a service manager does: again, when the database was away just then."""
        async with self._database:
            node.start()
        with anyio.move_on_after(60):
            while not await node.is_ready(self._house.http):
                if node.died():
                    self._house.tell(f"  {node.name} could not start: {node.last_words()}")
                    node.process = None
                    await anyio.sleep(1)
                    node.start()
                await anyio.sleep(0.3)
            return
        node.faults.append(f"{node.name} was not ready within 60 s")

    async def _have_one_more(self, blow: Blow) -> None:
        node = self._house.nodes[-1]
        if node.process is not None or self._house.plan.nodes == 1:
            return
        self._tell(blow, f"node {node.place}.{node.born + 1} for {blow.for_s:.1f} s")
        await self._start(node)
        await anyio.sleep(blow.for_s)
        await self._have_leave(node)

    async def _restart_database(self, blow: Blow) -> None:
        how = signal.SIGINT if blow.kind is BlowKind.DATABASE_STOPPED else signal.SIGQUIT
        async with self._database:
            self._tell(blow, f"for {blow.for_s:.1f} s")
            began_s = self._house.now_s()
            self._house.database.stop(how)
            await anyio.sleep(blow.for_s)
            self._house.database.start()
            self._house.spans.append(Span("", began_s, self._house.now_s() + _AFTER_S))

    async def _cut(self, blow: Blow) -> None:
        share = 1.1 if blow.kind is BlowKind.CUT_ALL else _CUT_SHARE
        async with self._database:
            self._tell(blow, "connections to the database")
            began_s = self._house.now_s()
            await anyio.to_thread.run_sync(partial(_cut, self._house.database_url, share))
            self._house.spans.append(Span("", began_s, self._house.now_s() + _AFTER_S))

    def _tell(self, blow: Blow, words: str) -> None:
        self.done[blow.kind] += 1
        self._house.tell(f"{self._now_s():6.1f} s  {blow.kind.value}: {words}")


def _cut(url: str, share: float) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TO_CUT, (share,))
