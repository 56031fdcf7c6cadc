"""What the vendor asked for, and what it failed at, outlives the actor that learned of it."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from actors.breaker import BreakerState
from actors.errors import ThrottledError
from actors.messages import SyncNow
from actors.settings import BreakerPolicy
from support.actor_house import House
from support.hosting import Hosting, hosting
from support.scripted_vendor import down, no_trouble

REST_S = 3600.0


def throttle(_operation: str) -> None:
    raise ThrottledError("429", retry_after_s=REST_S, status=429)


async def crash(run: Hosting) -> None:
    """Have the actor crash as soon as it hears something, and wait for the next one."""
    store = run.house.store
    healthy, earlier = store.health, run.supervisor.hosted()[run.house.account_id].restarts

    def burst() -> None:
        store.health = healthy  # type: ignore[method-assign]
        raise ZeroDivisionError("a bug")

    store.health = burst  # type: ignore[assignment,method-assign]
    run.supervisor.post(run.house.account_id, SyncNow())
    with anyio.fail_after(60):
        while run.supervisor.hosted()[run.house.account_id].restarts == earlier:  # noqa: ASYNC110
            await anyio.sleep(0.1)


async def configure(run: Hosting) -> None:
    """Run the account in new surroundings, as a reload does."""
    await run.supervisor.reconfigure({run.house.vendor.name: run.house.around})


async def start(run: Hosting) -> None:
    """Start the account afresh, as somebody does by hand."""
    await run.supervisor.start_account(run.house.account_id)


@pytest.mark.parametrize("again", [crash, configure, start])
async def test_a_new_actor_waits_as_long_as_the_vendor_asked_the_one_before(
    house: House, again: Callable[[Hosting], Awaitable[None]]
) -> None:
    house.configure(poll_interval_s=60.0)
    async with hosting(house) as run:
        await anyio.sleep(30)
        house.vendor.trouble = throttle
        await anyio.sleep(100)
        house.vendor.trouble = no_trouble
        throttled_s, _ = house.vendor.calls[-1]
        for _ in range(3):
            await again(run)
            await anyio.sleep(10)
        await anyio.sleep(throttled_s + REST_S - 1 - house.now_s())
        assert house.vendor.calls[-1][0] == throttled_s
        await anyio.sleep(600)
        assert house.vendor.calls[-1][0] >= throttled_s + REST_S


@pytest.mark.parametrize("again", [crash, configure])
async def test_a_new_actor_leaves_alone_a_vendor_that_failed_for_the_one_before(
    house: House, again: Callable[[Hosting], Awaitable[None]]
) -> None:
    house.configure(poll_interval_s=60.0, breaker=BreakerPolicy(failures=2, reset_after_s=REST_S))
    async with hosting(house) as run:
        await anyio.sleep(30)
        house.vendor.trouble = down
        await anyio.sleep(300)
        failed_s, _ = house.vendor.calls[-1]
        await again(run)
        await anyio.sleep(10)
        status = run.supervisor.hosted()[house.account_id].status()
        assert status is not None
        assert status.breaker is BreakerState.OPEN
        await anyio.sleep(failed_s + REST_S - 1 - house.now_s())
        assert house.vendor.calls[-1][0] == failed_s
        house.vendor.trouble = no_trouble
        await anyio.sleep(1200)
        assert await house.is_exact()


async def test_who_starts_an_account_by_hand_has_the_vendor_tried_at_once(house: House) -> None:
    house.configure(poll_interval_s=60.0, breaker=BreakerPolicy(failures=2, reset_after_s=REST_S))
    async with hosting(house) as run:
        await anyio.sleep(30)
        house.vendor.trouble = down
        await anyio.sleep(300)
        house.vendor.trouble = no_trouble
        started_s = house.now_s()
        await start(run)
        await anyio.sleep(60)
        assert house.vendor.calls[-1][0] > started_s
