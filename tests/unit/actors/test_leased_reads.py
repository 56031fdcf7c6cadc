"""Several nodes share a month's reads: never more than one process would make, and none too few counted."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import anyio
import pytest

from actors.leased_reads import LEASE_S, LeasedReads
from actors.read_budget import limit_of, month_of, must_rest
from actors.vendors.base import Priority
from store.cluster_models import ReadWish
from store.errors import StoreUnavailableError
from store.postgresql.cluster.read_leases import granted
from support.lease_book import LeaseBook
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

MONTH = month_of(datetime(2026, 11, 15, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
AT = datetime(2026, 11, 15, tzinfo=UTC)
ALLOWANCE = 100_000
NODES = 4


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


def limit(priority: Priority, allowance: int = ALLOWANCE) -> int:
    found = limit_of(priority, allowance, MONTH, AT)
    assert found is not None
    return found


@dataclass
class Fleet:
    """Nodes that draw reads, die and stand still; what they made."""

    book: LeaseBook
    random: Random
    allowance: int = ALLOWANCE
    made: Counter[Priority] = field(default_factory=Counter)
    uncounted: int = 0
    deaths: int = 0

    def node(self, name: str) -> LeasedReads:
        supply = LeasedReads("quickbooks", name, self.book, MONTH.name)
        supply.allowance = self.allowance
        return supply

    async def draw(self, supply: LeasedReads, priority: Priority, reads: int = 1) -> bool:
        most = limit(priority, self.allowance)
        owed = supply._owed  # noqa: SLF001 - what nobody can count yet
        if not await supply.draw(reads, most, for_user=priority is Priority.USER):
            return False
        self.uncounted += supply._owed - owed  # noqa: SLF001 - as above
        self.made[priority] += reads
        return True

    async def live(self, name: str, priorities: tuple[Priority, ...], draws: int) -> None:
        """Draw reads in several tasks at a time; whoever dies leaves everything as it is."""
        supply = self.node(name)
        with anyio.CancelScope() as life:
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(self._work, supply, priorities, draws // 3)
                if self.random.random() < 0.5:
                    await anyio.sleep(self.random.random() * 200)
                    self.deaths += 1
                    life.cancel()

    async def _work(
        self, supply: LeasedReads, priorities: tuple[Priority, ...], draws: int
    ) -> None:
        for _ in range(draws):
            await anyio.sleep(self.random.random() * (1 if self.random.random() < 0.99 else 300))
            try:
                await self.draw(supply, self.random.choice(priorities), self.random.randint(1, 3))
            except StoreUnavailableError:
                continue


@pytest.mark.parametrize("seed", range(60))
async def test_all_nodes_together_keep_to_the_allowance_whatever_dies_and_sleeps(
    seed: int,
) -> None:
    random = Random(seed)
    clock = VirtualClock(AT)
    trouble = random.choice((0.0, 0.1))
    book = LeaseBook(clock, random, trouble=trouble, delay_s=random.choice((0.01, 1.0)))
    fleet = Fleet(book, random, allowance=random.choice((100, 1000, 20_000)))
    book.ended[MONTH.name] = begun = int(fleet.allowance * random.choice((0.9, 0.5)))
    priorities = random.choice(((Priority.POLL,), tuple(set(Priority) - {Priority.USER})))
    by_users = random.choice(((), (Priority.USER,)))
    async with anyio.create_task_group() as nodes:
        for number in range(NODES):
            nodes.start_soon(fleet.live, f"node {number}", (*priorities, *by_users), 600)
    others = fleet.made.total() - fleet.made[Priority.USER]
    assert begun + others <= fleet.allowance
    held_back = others - fleet.made[Priority.READ]
    assert begun + held_back <= limit(Priority.POLL, fleet.allowance)
    assert begun + fleet.made.total() <= book.counted() + fleet.uncounted


async def test_a_crash_costs_one_step_and_the_rest_of_its_lease_comes_back() -> None:
    clock = VirtualClock(AT)
    fleet = Fleet(LeaseBook(clock, Random(0)), Random(0))
    lost = 0
    for number in range(20):
        supply = fleet.node(f"node {number}")
        for _ in range(1000):
            assert await fleet.draw(supply, Priority.POLL)
        lost += supply._ready  # noqa: SLF001 - it is forgotten here, as by a crash
    assert fleet.made.total() <= fleet.book.counted() == fleet.made.total() + lost
    assert lost <= 20 * 10
    await anyio.sleep(LEASE_S)
    heir = fleet.node("heir")
    while await fleet.draw(heir, Priority.POLL):
        pass
    assert fleet.made.total() + lost == limit(Priority.POLL)


async def test_what_sleepers_hold_is_made_by_others_and_not_by_them_once_they_wake() -> None:
    fleet = Fleet(LeaseBook(VirtualClock(AT), Random(0)), Random(0), allowance=10_000)
    sleeper, waker = fleet.node("sleeper"), fleet.node("waker")
    for _ in range(100):
        assert await fleet.draw(sleeper, Priority.POLL)
    await anyio.sleep(LEASE_S)
    while await fleet.draw(waker, Priority.POLL):
        pass
    while await fleet.draw(sleeper, Priority.POLL):
        pass
    assert limit(Priority.POLL, 10_000) - 1 <= fleet.made.total() <= limit(Priority.POLL, 10_000)


async def test_the_last_reads_are_not_stranded_with_nodes_that_do_not_need_them() -> None:
    fleet = Fleet(LeaseBook(VirtualClock(AT), Random(0)), Random(0), allowance=ALLOWANCE)
    fleet.book.ended[MONTH.name] = limit(Priority.POLL) - 400
    nodes = [fleet.node(f"node {number}") for number in range(NODES)]
    for supply in nodes:
        for _ in range(20):
            assert await fleet.draw(supply, Priority.POLL)
    while await fleet.draw(nodes[0], Priority.POLL):
        pass
    assert 400 - fleet.made.total() <= 3 * 400 / 20


async def test_users_are_never_held_back_and_what_they_read_without_a_store_counts_later() -> None:
    book = LeaseBook(VirtualClock(AT), Random(0))
    fleet = Fleet(book, Random(0), allowance=1000)
    book.ended[MONTH.name] = 1000
    supply = fleet.node("one")
    assert not await fleet.draw(supply, Priority.READ)
    assert await fleet.draw(supply, Priority.USER)
    book.trouble = 2.0
    for _ in range(5):
        assert await fleet.draw(supply, Priority.USER)
    with pytest.raises(StoreUnavailableError):
        await fleet.draw(supply, Priority.READ)
    book.trouble = 0.0
    await supply.close()
    assert book.counted() == 1006


async def test_an_orderly_end_gives_everything_back() -> None:
    book = LeaseBook(VirtualClock(AT), Random(0))
    fleet = Fleet(book, Random(0))
    supply = fleet.node("one")
    for _ in range(357):
        assert await fleet.draw(supply, Priority.POLL)
    await supply.close()
    assert (book.held, book.counted()) == ({}, 357)


async def test_a_new_month_begins_with_nothing_used() -> None:
    book = LeaseBook(VirtualClock(AT), Random(0))
    fleet = Fleet(book, Random(0))
    supply = fleet.node("one")
    for _ in range(50):
        assert await fleet.draw(supply, Priority.POLL)
    supply.begin("2026-12")
    assert supply.used == 0
    assert await fleet.draw(supply, Priority.POLL)
    assert supply.used == 1
    await supply.close()
    assert book.ended["2026-12"] == 1
    assert book.ended["2026-11"] >= 50


async def test_nodes_with_other_allowances_each_keep_to_their_own() -> None:
    fleet = Fleet(LeaseBook(VirtualClock(AT), Random(0)), Random(0), allowance=1000)
    small, large = fleet.node("small"), fleet.node("large")
    while await small.draw(1, limit(Priority.POLL, 500), for_user=False):
        fleet.made[Priority.POLL] += 1
    assert fleet.made.total() == limit(Priority.POLL, 500)
    while await large.draw(1, limit(Priority.POLL, 1000), for_user=False):
        fleet.made[Priority.POLL] += 1
    assert fleet.made.total() == limit(Priority.POLL, 1000)
    assert not await small.draw(1, limit(Priority.POLL, 500), for_user=False)


async def test_a_lease_grows_only_while_it_is_used_up() -> None:
    fleet = Fleet(LeaseBook(VirtualClock(AT), Random(0)), Random(0))
    supply = fleet.node("one")
    for _ in range(500):
        await fleet.draw(supply, Priority.POLL)
    assert fleet.book.given < 15
    for _ in range(10):
        await anyio.sleep(LEASE_S)
        await fleet.draw(supply, Priority.POLL, 20)
    [lease] = fleet.book.held.values()
    assert lease.amount <= 25


@pytest.mark.parametrize("priority", sorted(set(Priority) - {Priority.USER}))
def test_limit_is_where_reads_come_to_rest(priority: Priority) -> None:
    for used in range(1001):
        rests = must_rest(priority, 1000, used, MONTH, AT)
        assert rests == (used + 1 > limit(priority, 1000))


def test_little_left_is_given_out_in_small_parts() -> None:
    wish = ReadWish("v", "2026-11", "n", 1, 10, 100, 1000, is_must=False, for_s=60.0)
    amounts = [granted(wish, 1000 - left) for left in (1000, 400, 40, 20, 1, 0)]
    assert amounts == [50, 20, 2, 1, 1, 0]
