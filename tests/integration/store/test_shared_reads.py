"""Several meters on one PostgreSQL database: one allowance, one plan, one rest."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import anyio
import pytest

from actors.clock import SystemClock
from actors.errors import AllowanceUsedUpError
from actors.leased_reads import LeasedReads
from actors.metering import Metering
from actors.moment import Moment
from actors.read_budget import month_of
from actors.read_meter import ReadMeter
from actors.vendor_word import VendorWord, decode, encode
from actors.vendors.base import Priority
from store.cluster_models import EndedReadLease, ReadWish
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase

if TYPE_CHECKING:
    from actors.events import Event

METERING = Metering(frozenset({"query"}), ZoneInfo("America/Los_Angeles"))
ALLOWANCE = 100_000
BEGUN = 97_400
POLLS = 98_000
"""What two parts in a hundred for users leave."""
NODES = ("first", "second", "third")


@dataclass
class WrongClock:
    """The machine's clock, set wrong by so much."""

    wrong_by: timedelta = timedelta(0)

    def now(self) -> Moment:
        right = SystemClock().now()
        return Moment(right.monotonic_s, right.utc + self.wrong_by)


@dataclass
class Node:
    """One meter with a store of its own, as each process has."""

    name: str
    store: PostgresqlStore
    clock: WrongClock = field(default_factory=WrongClock)
    allowance: int | None = ALLOWANCE

    def __post_init__(self) -> None:
        self.heard: list[Event] = []
        self.meter = ReadMeter(
            "quickbooks",
            METERING,
            self.allowance,
            300.0,
            self.store,
            self.clock,
            self.heard.append,
            partial(LeasedReads, "quickbooks", self.name, self.store),
        )

    async def read(self, priority: Priority = Priority.POLL) -> bool:
        """Make one read if it is let through."""
        try:
            ticket = await self.meter.admit("one", "query", priority)
        except AllowanceUsedUpError:
            return False
        assert ticket is not None
        self.meter.ended(ticket, None)
        return True

    async def talk(self) -> None:
        """Tell and hear once."""
        word = encode(VendorWord(self.meter.tell()))
        await self.store.leave_word("quickbooks", self.name, word)
        said = await self.store.words("quickbooks", within_s=60.0)
        others = [each for each in said.words if each.node != self.name]
        known = [decode(each.node, each.age_s, each.word) for each in others]
        await self.meter.hear(self.name, [each for each in known if each is not None], said.at)


@asynccontextmanager
async def three_nodes(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> AsyncIterator[Sequence[Node]]:
    """Run three nodes on the database; most of the month is gone."""
    month = month_of(SystemClock().now().utc, METERING.zone)
    await store.note_reads("quickbooks", month.name, BEGUN)
    async with AsyncExitStack() as opened:
        others = [
            await opened.enter_async_context(await postgres.open_again(alone=False))
            for _ in NODES[1:]
        ]
        yield [Node(*each) for each in zip(NODES, [store, *others], strict=True)]


def expire(postgres: PostgresDatabase) -> None:
    """Let a minute pass for every lease."""
    postgres.query("UPDATE read_leases SET expires_at = now() RETURNING id")


def counted(postgres: PostgresDatabase) -> int:
    """Return what counts as made, whoever dies now."""
    text = """
    SELECT coalesce((SELECT sum(reads) FROM metered_reads WHERE account_id = ''), 0)::bigint
         + coalesce((SELECT sum(counted) FROM read_leases), 0)::bigint
    """
    return int(postgres.query(text)[0][0])


async def test_three_meters_together_read_what_one_may(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        made = BEGUN
        random = Random(7)

        async def work(node: Node) -> None:
            nonlocal made
            while await node.read():
                made += 1
                if random.random() < 0.05:
                    await anyio.sleep(0.001)

        async with anyio.create_task_group() as tasks:
            for node in nodes:
                for _ in range(3):
                    tasks.start_soon(work, node)
        assert made <= POLLS
        assert made > POLLS - 60
        for node in nodes:
            await node.meter.close()
        assert counted(postgres) == made
        while await nodes[0].read():
            made += 1
        assert made == POLLS
        assert not await nodes[1].read()
        assert await nodes[1].read(Priority.READ)
        assert await nodes[2].read(Priority.USER)


async def test_what_a_dead_node_had_leased_comes_back_but_for_one_step(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        dead, heir, _ = nodes
        made = BEGUN
        while made < BEGUN + 300:
            made += await dead.read()
        assert made <= counted(postgres) <= made + 10
        (held,) = postgres.query("SELECT amount - counted FROM read_leases")
        assert held[0] >= 0
        expire(postgres)
        while await heir.read():
            made += 1
        assert POLLS - 10 <= made <= POLLS


async def test_who_wakes_makes_no_read_of_a_lease_that_is_over(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        frozen, heir, _ = nodes
        made = BEGUN
        while made < BEGUN + 300:
            made += await frozen.read()
        expire(postgres)
        while await heir.read():
            made += 1
        while await frozen.read():
            made += 1
        assert made <= POLLS
        assert made <= counted(postgres)


async def test_refusal_and_demand_of_one_node_are_known_to_all(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        one, two, three = nodes
        for node, accounts in ((one, 10), (two, 20), (three, 30)):
            node.meter.replan(accounts, 1)
            await node.talk()
        await one.talk()
        one.meter.replan(10, 1)
        forecast = one.meter.state().forecast
        alone = Node("alone", one.store, allowance=None)
        await alone.meter.load()
        alone.meter.replan(60, 1)
        assert forecast == pytest.approx(alone.meter.state().forecast, abs=2)
        ticket = await two.meter.admit("one", "query", Priority.POLL)
        assert ticket is not None
        two.meter.ended(ticket, AllowanceUsedUpError("used up", retry_after_s=60.0, status=429))
        await two.talk()
        assert await three.read()
        await three.talk()
        assert not await three.read()
        assert three.meter.state().refused
        assert await three.read(Priority.USER)
        await three.talk()
        await two.talk()
        assert await two.read()


async def test_month_turns_by_the_clock_of_the_database(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        early, right, _ = nodes
        early.clock.wrong_by = timedelta(days=40)
        await early.talk()
        assert early.meter.state().month == right.meter.state().month


async def test_what_is_used_elsewhere_is_shown_after_a_talk(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with three_nodes(store, postgres) as nodes:
        one, two, _ = nodes
        for _ in range(50):
            assert await one.read()
        await one.meter.close()
        await two.talk()
        assert two.meter.state().used == BEGUN + 50


async def test_reads_of_a_dead_node_of_last_month_stay_last_months(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    def wish(month: str, node: str, owed: int = 0) -> ReadWish:
        return ReadWish("v", month, node, 1, 5, 50, None, is_must=False, for_s=60.0, owed=owed)

    old = await store.lease_reads(wish("2026-10", "dead"))
    assert (old.amount, old.counted, old.elsewhere) == (50, 5, 0)
    expire(postgres)
    assert not await store.count_leased(old.id, 10, for_s=60.0)
    new = await store.lease_reads(wish("2026-11", "heir", owed=3))
    assert new.elsewhere == 3
    assert await store.noted_reads("v", "2026-10") == 5
    assert await store.reads_elsewhere("v", "2026-11", "heir") == 3
    assert await store.reads_elsewhere("v", "2026-11", "other") == 53
    ended = ReadWish(
        "v",
        "2026-11",
        "heir",
        0,
        0,
        0,
        None,
        is_must=False,
        for_s=60.0,
        ended=EndedReadLease(new.id, 2),
    )
    assert (await store.lease_reads(ended)).elsewhere == 5
    assert postgres.query("SELECT * FROM read_leases") == []
