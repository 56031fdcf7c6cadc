import anyio

from actors.slots import PageSlots
from actors.vendors.base import Priority
from support.virtual_time import VirtualClock


async def hold(slots: PageSlots, priority: Priority, held: list[float], for_s: float) -> None:
    async with slots.place(priority):
        held.append(VirtualClock().now().monotonic_s)
        await anyio.sleep(for_s)


async def test_a_place_is_held_until_its_page_is_stored() -> None:
    slots, held = PageSlots(backfill=2, other=1), list[float]()
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(hold, slots, Priority.BACKFILL, held, 10.0)
    assert held == [0, 0, 10, 10]


async def test_urgent_pages_do_not_wait_behind_backfills() -> None:
    slots, held = PageSlots(backfill=1, other=3), list[float]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold, slots, Priority.BACKFILL, [], 10.0)
        tasks.start_soon(hold, slots, Priority.VERIFY, [], 10.0)
        for priority in (Priority.USER, Priority.FRESH, Priority.POLL):
            tasks.start_soon(hold, slots, priority, held, 1.0)
    assert held == [0, 0, 0]


async def test_verifications_wait_for_each_other_and_backfills_not_for_them() -> None:
    slots, held = PageSlots(backfill=1, other=5, verified=1), list[float]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold, slots, Priority.BACKFILL, held, 10.0)
        tasks.start_soon(hold, slots, Priority.VERIFY, held, 10.0)
        tasks.start_soon(hold, slots, Priority.VERIFY, held, 10.0)
    assert held == [0, 0, 10]


async def test_a_place_that_others_wait_for_is_crowded() -> None:
    slots = PageSlots(backfill=1, other=1)
    async with anyio.create_task_group() as tasks, slots.place(Priority.BACKFILL):
        assert not slots.crowded(Priority.BACKFILL)
        tasks.start_soon(hold, slots, Priority.BACKFILL, [], 1.0)
        await anyio.sleep(1)
        assert slots.crowded(Priority.BACKFILL)
        assert not slots.crowded(Priority.POLL)
        tasks.cancel_scope.cancel()
