from typing import Any

import anyio
import pytest

from daemon.web.turns import Turns
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


class Workshop:
    """Notes how many are at work."""

    def __init__(self, at_once: int) -> None:
        self.turns = Turns(at_once)
        self.at_work = 0
        self.most = 0
        self.done = 0

    async def work(self, for_s: float, *, waits: bool = False) -> None:
        async with self.turns.turn():
            if waits:
                self.turns.give_back()
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            await anyio.sleep(for_s)
            self.at_work -= 1
            self.done += 1


async def test_no_more_than_so_many_are_worked_on_at_once() -> None:
    shop = Workshop(3)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(shop.work, 0.01)
    assert (shop.most, shop.done) == (3, 20)


async def test_who_waits_holds_nobody_up() -> None:
    shop = Workshop(2)
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(lambda: shop.work(60.0, waits=True))
        await anyio.sleep(0.001)
        assert shop.at_work == 10
        with anyio.fail_after(0.05):
            await shop.work(0.01)


async def test_who_takes_long_loses_the_turn() -> None:
    shop = Workshop(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shop.work, 60.0)
        await anyio.sleep(0.001)
        with anyio.fail_after(0.2):
            await shop.work(0.01)


async def test_a_turn_that_is_called_off_is_free_again() -> None:
    shop = Workshop(1)
    with anyio.move_on_after(0.01):
        await shop.work(60.0)
    with anyio.fail_after(0.05):
        await shop.work(0.01)


async def test_who_is_called_off_before_the_turn_takes_none() -> None:
    shop = Workshop(1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shop.work, 0.05)
        await anyio.sleep(0.001)
        with anyio.move_on_after(0.01):
            await shop.work(0.01)
    assert shop.done == 1
    with anyio.fail_after(0.05):
        await shop.work(0.01)
