from dataclasses import replace

import anyio
import pytest

from actors.errors import TransientError
from actors.messages import Pause, RescanRequested, Resume
from actors.slots import PageSlots
from support.actor_house import House, full

ONE_TYPE = ("Invoice",)
PAGES = 10


@pytest.fixture
async def long_read(house: House) -> House:
    """One type of ten pages; a call takes as long as storing its page does."""
    house.configure(object_types=ONE_TYPE, limits=replace(house.settings.limits, per_second=None))
    for number in range(PAGES * house.vendor.page_size):
        house.vendor.put("Invoice", f"Invoice-{number:03}")
    house.vendor.latency_s = house.store.latency_s = 1.0
    return house


async def test_a_page_is_asked_for_while_the_one_before_is_stored(long_read: House) -> None:
    async with long_read.running():
        await anyio.sleep(PAGES + 3)
        assert await long_read.is_exact()


async def test_no_page_is_asked_for_twice(long_read: House) -> None:
    async with long_read.running():
        await anyio.sleep(60)
        assert await long_read.is_exact()
    assert long_read.vendor.count("list:Invoice") == PAGES


async def test_a_page_that_could_not_be_stored_is_stored_before_the_one_behind_it(
    long_read: House,
) -> None:
    async with long_read.running():
        await anyio.sleep(3.5)
        long_read.store.trouble = full
        await anyio.sleep(20)
        long_read.store.trouble = lambda _method: None
        await anyio.sleep(60)
        assert await long_read.is_exact()


async def test_a_failure_of_the_page_behind_does_no_harm(long_read: House) -> None:
    def fail_once(operation: str) -> None:
        if long_read.vendor.count(operation) == 2:
            raise TransientError("HTTP 503", status=503)

    long_read.vendor.trouble = fail_once
    async with long_read.running() as run:
        await anyio.sleep(60)
        assert await long_read.is_exact()
        assert not run.actor.status().failures
    assert long_read.vendor.count("list:Invoice") == PAGES + 1


async def test_nothing_read_early_outlives_a_pause(long_read: House) -> None:
    async with long_read.running() as run:
        await anyio.sleep(3.5)
        run.actor.post(Pause())
        await anyio.sleep(3600)
        long_read.vendor.put("Invoice", "Invoice-029")
        long_read.vendor.access_life_s = 1e6
        before = await long_read.replica()
        run.actor.post(Resume())
        await anyio.sleep(60)
        assert len(before["Invoice"]) < PAGES * long_read.vendor.page_size
        assert await long_read.is_exact()


async def test_a_comparison_reads_nothing_early(long_read: House) -> None:
    async with long_read.running() as run:
        await anyio.sleep(60)
        await long_read.real_store.request_rescan(long_read.account_id, ONE_TYPE)
        run.actor.post(RescanRequested(ONE_TYPE))
        await anyio.sleep(PAGES + 2)
        assert run.actor.status().looks == ONE_TYPE


async def test_while_others_wait_for_a_place_nothing_is_asked_for_early(long_read: House) -> None:
    long_read.slots = PageSlots(backfill=1)
    under_way = []
    async with anyio.create_task_group() as tasks:
        for name in ("1", "2", "3"):
            long_read.account_id = await long_read.connect(name)
            tasks.start_soon((await long_read.actor()).run)
        for _ in range(60):
            await anyio.sleep(0.5)
            under_way.append(long_read.vendor.under_way)
        tasks.cancel_scope.cancel()
    assert set(under_way) == {0, 1}
