from collections.abc import Callable
from math import inf
from pathlib import Path

import anyio
import pytest

from actors import events
from actors.account import Ending
from actors.breaker import BreakerState
from actors.errors import RejectedError, ThrottledError, TransientError
from actors.mailbox import MailboxFullError
from actors.messages import Stop, SyncNow
from actors.settings import BreakerPolicy, CallLimits, RetryPolicy
from actors.slots import PageSlots
from store.errors import StoreFullError
from support.actor_house import TYPES, House, full, no_trouble, open_house
from support.scripted_vendor import down
from support.scripted_vendor import no_trouble as no_vendor_trouble


def fill(house: House, count: int = 10) -> None:
    for name in TYPES:
        for number in range(count):
            house.vendor.put(name, f"{name}-{number:03}")


def once(error: Exception, operation: str) -> Callable[[str], None]:
    """Fail the operation's first call."""
    left = [error]

    def trouble(called: str) -> None:
        if called == operation and left:
            raise left.pop()

    return trouble


def always(error: Callable[[], Exception], operation: str) -> Callable[[str], None]:
    """Fail the operation each time."""

    def trouble(called: str) -> None:
        if called == operation:
            raise error()

    return trouble


def calls_between(house: House, begin_s: float, end_s: float = inf) -> list[str]:
    return [name for at_s, name in house.vendor.calls if begin_s <= at_s < end_s]


async def test_a_look_that_fails_once_is_made_again_soon(house: House) -> None:
    fill(house)
    house.vendor.trouble = once(TransientError("reset"), "list:Item")
    async with house.running() as run:
        await anyio.sleep(20)
        assert await house.is_exact()
        assert run.actor.status().failures == {}
    (abandoned,) = house.told(events.LookAbandoned)
    assert (abandoned.look, abandoned.attempt, abandoned.reason) == ("Item", 1, "transient")


async def test_one_types_unreadable_page_leaves_the_others_alone(house: House) -> None:
    fill(house)
    house.vendor.trouble = always(lambda: TransientError("cannot be read"), "list:Item")
    async with house.running() as run:
        await anyio.sleep(200)
        status = run.actor.status()
        assert status.trouble == ("Item: cannot be read",)
        assert status.cursors["Customer"].complete
        house.vendor.put("Customer", "new")
        await anyio.sleep(301)
        assert (await house.replica())["Customer"] == house.truth()["Customer"]
        house.vendor.trouble = no_vendor_trouble
        await anyio.sleep(400)
        assert await house.is_exact()
        assert run.actor.status().trouble == ()


async def test_a_look_that_keeps_failing_is_not_made_oftener_than_an_idle_poll(
    house: House,
) -> None:
    house.vendor.trouble = always(lambda: RejectedError("never"), "feed")
    async with house.running():
        await anyio.sleep(24 * 3600)
    assert house.vendor.count("feed") <= 24 * 3600 / 150 + 5


async def test_attempts_are_counted_until_one_succeeds(house: House) -> None:
    failing = [TransientError(str(number)) for number in range(4)]

    def trouble(operation: str) -> None:
        if operation == "feed" and failing:
            raise failing.pop()

    house.vendor.trouble = trouble
    async with house.running() as run:
        await anyio.sleep(3000)
        assert [each.attempt for each in house.told(events.LookAbandoned)] == [1, 2, 3, 4]
        assert run.actor.status().trouble == ()


async def test_an_outage_opens_the_breaker_and_ends_by_itself(house: House) -> None:
    fill(house)
    house.configure(poll_interval_s=10.0)
    async with house.running() as run:
        await anyio.sleep(100)
        house.vendor.trouble = down
        await anyio.sleep(1000)
        status = run.actor.status()
        assert status.breaker is BreakerState.OPEN
        assert any("left alone" in each for each in status.trouble)
        began_s = house.now_s()
        await anyio.sleep(3600)
        assert calls_between(house, began_s).count("feed") <= 13
        house.vendor.trouble = no_vendor_trouble
        house.vendor.put("Item", "after the outage")
        await anyio.sleep(331)
        assert await house.is_exact()
        assert run.actor.status().breaker is BreakerState.CLOSED
        assert run.actor.status().trouble == ()
    turns = [event.state for event in house.told(events.BreakerChanged)]
    assert turns[0] is BreakerState.OPEN
    assert turns[-2:] == [BreakerState.HALF_OPEN, BreakerState.CLOSED]


async def test_an_outage_in_the_middle_of_many_looks_ends_by_itself(house: House) -> None:
    """The looks that wait for their turn learn that the breaker opened."""
    fill(house, 60)
    house.configure(breaker=BreakerPolicy(failures=1, reset_after_s=50.0))
    house.configure(limits=CallLimits(per_second=1, in_flight=10))
    house.vendor.trouble = once(TransientError("HTTP 503"), "list:Customer")
    async with house.running() as run:
        await anyio.sleep(30)
        assert run.actor.status().breaker is BreakerState.OPEN
        await anyio.sleep(600)
        assert await house.is_exact()
    waiting = [each for each in house.told(events.LookAbandoned) if "left alone" in each.error]
    assert waiting


async def test_throttled_it_makes_no_call_before_the_time_it_was_told(house: House) -> None:
    fill(house)
    house.vendor.trouble = once(
        ThrottledError("429", retry_after_s=77.0, status=429), "list:Invoice"
    )
    async with house.running() as run:
        await anyio.sleep(50)
        assert len(house.vendor.calls) == len(TYPES)
        assert run.actor.status().trouble == ()
        await anyio.sleep(100)
        assert await house.is_exact()
    first_s = house.vendor.calls[0][0]
    assert house.vendor.calls[3][0] >= first_s + 77.0


async def test_a_full_store_stops_nothing_for_good_and_costs_no_calls(house: House) -> None:
    fill(house)
    house.store.trouble, house.store.refusal = full, "no space left"
    async with house.running() as run:
        await anyio.sleep(1000)
        assert house.vendor.calls == []
        assert run.actor.status().trouble == ("the store takes no writes: no space left",)
        house.store.trouble, house.store.refusal = no_trouble, None
        await anyio.sleep(10)
        assert await house.is_exact()
        assert run.actor.status().trouble == ()


async def test_a_page_that_the_store_refuses_is_read_again_at_leisure(house: House) -> None:
    fill(house)
    house.store.trouble = full
    async with house.running():
        await anyio.sleep(60)
        assert await house.replica() == {}
        assert len(house.vendor.calls) <= len(TYPES) * 13
        house.store.trouble = no_trouble
        await anyio.sleep(400)
        assert await house.is_exact()
    assert {each.reason for each in house.told(events.LookAbandoned)} == {"store_unavailable"}


async def test_a_page_stored_but_not_acknowledged_comes_again_and_changes_nothing(
    house: House,
) -> None:
    fill(house, 3)
    lost = [StoreFullError("the answer was lost")]

    def trouble(method: str) -> None:
        if method == "apply_page" and lost:
            raise lost.pop()

    house.store.trouble_after = trouble
    async with house.running():
        await anyio.sleep(20)
        assert await house.is_exact()
    assert sum(event.upserts for event in house.told(events.PageStored)) == 6


async def test_what_nobody_foresaw_ends_the_run(house: House) -> None:
    house.vendor.trouble = once(ZeroDivisionError("a bug"), "list:Item")
    with pytest.raises(ExceptionGroup) as raised:
        async with house.running():
            await anyio.sleep(20)
    assert raised.group_contains(ZeroDivisionError, match="a bug")


async def test_too_many_messages_are_refused_but_never_the_last_one(house: House) -> None:
    async with house.running() as run:
        for _ in range(16):
            run.actor.post(SyncNow())
        with pytest.raises(MailboxFullError):
            run.actor.post(SyncNow())
        run.actor.post(Stop())
        await anyio.sleep(5)
        assert run.ended_by() is Ending.STOPPED


async def test_a_vendor_that_hangs_does_not_make_the_actor_overdue(house: House) -> None:
    house.vendor.latency_s = 10_000.0
    async with house.running() as run:
        await anyio.sleep(9_000)
        assert run.actor.overdue_s() == 0


async def test_retries_follow_the_policy(house: House) -> None:
    house.configure(retry=RetryPolicy(attempts=1, base_s=1.0, cap_s=60.0))
    house.vendor.trouble = once(TransientError("reset"), "list:Item")
    async with house.running() as run:
        await anyio.sleep(100)
        assert run.actor.status().trouble == ("Item: reset",)
        await anyio.sleep(300)
        assert run.actor.status().trouble == ()


async def test_a_delete_that_could_not_be_stored_is_stored_later(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
        house.vendor.delete("Item", "Item-003")
        house.store.trouble = full
        await anyio.sleep(1000)
        house.store.trouble = no_trouble
        await anyio.sleep(400)
        assert await house.is_exact()


async def test_a_throttled_account_holds_up_nobody_elses_backfill(
    house: House, tmp_path: Path
) -> None:
    """Places for pages are shared by all accounts; whoever only waits must not keep one."""
    fill(house)
    slots = PageSlots(backfill=2)
    house.slots = slots
    house.configure(limits=CallLimits(per_second=1))
    house.vendor.trouble = always(
        lambda: ThrottledError("429", retry_after_s=3600.0, status=429), "list:Customer"
    )
    (tmp_path / "other").mkdir()
    async with open_house(tmp_path / "other") as other, house.running():
        fill(other)
        other.slots = slots
        await anyio.sleep(10)
        async with other.running():
            await anyio.sleep(20)
            assert await other.is_exact()


async def test_a_type_added_while_the_store_is_full_does_not_end_the_run(house: House) -> None:
    house.configure(object_types=TYPES[:2])
    async with house.running():
        await anyio.sleep(20)
    house.configure(object_types=TYPES)
    house.store.trouble = full
    async with house.running():
        await anyio.sleep(20)
        house.store.trouble = no_trouble
        await anyio.sleep(400)
        assert await house.is_exact()


async def test_a_type_added_by_an_owner_of_before_is_no_crash(house: House) -> None:
    house.configure(object_types=TYPES[:2])
    async with house.running():
        await anyio.sleep(20)
    house.configure(object_types=TYPES)
    actor = await house.actor()
    await house.real_store.claim(house.account_id)
    assert await actor.run() is Ending.FENCED_OFF


async def test_an_added_type_takes_the_watermark_away_as_soon_as_there_is_room(
    house: House,
) -> None:
    house.configure(object_types=TYPES[:2])
    async with house.running():
        await anyio.sleep(20)
    await house.real_store.set_paused(house.account_id, paused=True)
    house.configure(object_types=TYPES)
    house.store.trouble = full
    async with house.running():
        await anyio.sleep(100)
        assert (await house.account()).exact_as_of is not None
        house.store.trouble = no_trouble
        await anyio.sleep(2)
        assert (await house.account()).exact_as_of is None


async def test_a_full_store_does_not_hold_up_a_stop(house: House) -> None:
    house.configure(object_types=TYPES[:2])
    async with house.running():
        await anyio.sleep(20)
    house.configure(object_types=TYPES)
    house.store.trouble = full
    async with house.running() as run:
        await anyio.sleep(100)
        run.actor.post(Stop())
        await anyio.sleep(1)
        assert run.ended_by() is Ending.STOPPED


async def test_a_stop_does_not_wait_for_pages_that_only_wait_for_a_place(house: House) -> None:
    fill(house)
    house.slots = PageSlots(backfill=1)
    house.vendor.latency_s = 10.0
    async with house.running() as run:
        await anyio.sleep(5)
        assert len(run.actor.status().looks) == len(TYPES)
        run.actor.post(Stop())
        await anyio.sleep(5.1)
        assert run.ended_by() is Ending.STOPPED
    assert len(house.vendor.calls) == 1
    assert house.told(events.LookAbandoned) == []
    assert len(house.told(events.PageStored)) == 1
