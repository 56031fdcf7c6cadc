from typing import Any

import anyio
import pytest

from support.virtual_time import EPOCH, VIRTUAL_BACKEND, StuckError, VirtualClock, VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


async def test_a_sleep_ends_at_exactly_its_own_time() -> None:
    clock = VirtualClock()
    await anyio.sleep(0.1)
    began_s = clock.now().monotonic_s
    await anyio.sleep(100 * 24 * 3600 + 0.3)
    assert clock.now().monotonic_s == began_s + 100 * 24 * 3600 + 0.3


async def test_the_calendar_runs_with_the_loop() -> None:
    clock = VirtualClock()
    before = clock.utc()
    await anyio.sleep(90)
    assert (clock.utc() - before).total_seconds() == 90
    assert clock.now().utc > EPOCH


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[int] = []

    async def sleeper(delay_s: int) -> None:
        await anyio.sleep(delay_s)
        woken.append(delay_s)

    async with anyio.create_task_group() as tasks:
        for delay_s in (7, 3, 5):
            tasks.start_soon(sleeper, delay_s)
    assert woken == [3, 5, 7]


def test_waiting_for_nothing_is_told_instead_of_hanging() -> None:
    loop = VirtualLoop()
    try:
        with pytest.raises(StuckError, match="nothing is ready"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_spinning_at_one_instant_is_told_instead_of_hanging() -> None:
    loop = VirtualLoop()

    def spin() -> None:
        loop.call_soon(spin)

    try:
        spin()
        with pytest.raises(StuckError, match="time stands still"):
            loop.run_forever()
    finally:
        loop.close()
