from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from actors import events
from actors.account import AccountActor, Ending
from actors.messages import Pause, RescanRequested, Resume, Stop, SyncNow
from actors.polling import next_round_s
from actors.resumption import phase
from actors.settings import CallLimits
from store.models import Cursor, Tombstone, Via
from support.actor_house import TYPES, House


def fill(house: House, count: int = 10) -> None:
    for name in TYPES:
        for number in range(count):
            house.vendor.put(name, f"{name}-{number:03}")


async def test_a_new_account_is_read_until_it_is_exact(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
        assert await house.is_exact()
    assert {event.via for event in house.told(events.PageStored)} == {Via.BACKFILL, Via.POLL}


async def test_an_empty_company_is_read_too(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        assert all(cursor.complete for cursor in run.actor.status().cursors.values())
        assert (await house.account()).exact_as_of is not None


async def test_the_first_moment_of_exactness_is_told_once(house: House) -> None:
    async with house.running():
        await anyio.sleep(4 * house.settings.poll_interval_s)
    told = [event.became_exact for event in house.told(events.PageStored)]
    assert told == [False] * (len(TYPES) - 1) + [True] + [False] * (len(told) - len(TYPES))


async def test_what_changed_during_the_backfill_is_looked_for_as_soon_as_it_ends(
    house: House,
) -> None:
    fill(house, 30)
    async with house.running():
        await anyio.sleep(0.5)
        house.vendor.put("Customer", "Customer-000")
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_an_idle_poll_costs_exactly_one_call(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
        house.vendor.calls.clear()
        await anyio.sleep(8 * house.settings.poll_interval_s)
    assert [name for _, name in house.vendor.calls] == ["feed"] * 8


async def test_polls_keep_the_phase_of_their_account(house: House) -> None:
    interval_s = house.settings.poll_interval_s
    async with house.running():
        await anyio.sleep(20)
        expected_s = next_round_s(house.now_s(), interval_s, phase(house.account_id))
        house.vendor.calls.clear()
        await anyio.sleep(3 * interval_s)
    assert [at_s for at_s, _ in house.vendor.calls] == pytest.approx(
        [expected_s + round_ * interval_s for round_ in range(3)]
    )


async def test_a_change_is_seen_within_the_poll_interval_and_a_second(house: House) -> None:
    fill(house)
    house.configure(poll_interval_s=60.0)
    async with house.running():
        await anyio.sleep(20)
        for wait_s in (0.0, 7.0, 31.0, 59.9):
            await anyio.sleep(wait_s)
            house.vendor.put("Invoice", f"new-{wait_s}")
            await anyio.sleep(61)
            assert await house.is_exact()


async def test_more_changes_than_one_answer_holds_are_read_in_one_go(house: House) -> None:
    house.vendor.feed_size = 3
    async with house.running():
        await anyio.sleep(20)
        for number in range(10):
            house.vendor.put("Invoice", f"{number}")
            await anyio.sleep(0.01)
        await anyio.sleep(301)
        assert await house.is_exact()
        house.vendor.calls.clear()
        await anyio.sleep(300)
    assert [name for _, name in house.vendor.calls] == ["feed"]


async def test_a_delete_arrives_and_is_asked_about_once(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
        house.vendor.delete("Customer", "Customer-003")
        await anyio.sleep(301)
        assert await house.is_exact()
        await anyio.sleep(3000)
    assert house.vendor.count("read") == 1


async def test_the_feeds_word_alone_deletes_nothing(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
        house.vendor.stubs.append(Tombstone("Customer", "Customer-003", house.clock.utc()))
        await anyio.sleep(301)
        assert await house.is_exact()
        assert not any(event.deletes for event in house.told(events.PageStored))


async def test_it_goes_on_where_an_earlier_run_stopped(house: House) -> None:
    fill(house, 30)
    async with house.running():
        await anyio.sleep(0.5)
    listed = house.vendor.count("list:Customer")
    assert 1 <= listed < 10
    async with house.running():
        await anyio.sleep(20)
        assert await house.is_exact()
    assert house.vendor.count("list:Customer") <= 11


async def test_a_full_reading_finds_what_went_behind_the_feeds_back(house: House) -> None:
    fill(house)
    async with house.running() as run:
        await anyio.sleep(20)
        for number in (0, 4, 9):
            house.vendor.vanish("Item", f"Item-{number:03}")
        await anyio.sleep(600)
        assert not await house.is_exact()
        await house.real_store.request_rescan(house.account_id, ["Item"])
        run.actor.post(RescanRequested(("Item",)))
        await anyio.sleep(20)
        assert await house.is_exact()
        assert not run.actor.status().cursors["Item"].rescan_requested


async def test_a_full_reading_asked_for_while_nothing_ran_is_made_at_the_start(
    house: House,
) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
    house.vendor.vanish("Item", "Item-004")
    await house.real_store.request_rescan(house.account_id, ["Item"])
    async with house.running():
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_a_full_reading_asked_for_during_the_backfill_follows_it(house: House) -> None:
    fill(house, 30)
    async with house.running() as run:
        await anyio.sleep(0.5)
        house.vendor.vanish("Item", "Item-000")
        await house.real_store.request_rescan(house.account_id, ["Item"])
        run.actor.post(RescanRequested(("Item",)))
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_being_told_to_look_now_looks_now(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        house.vendor.put("Customer", "new")
        run.actor.post(SyncNow())
        await anyio.sleep(1)
        assert await house.is_exact()


async def test_being_told_to_look_now_during_a_look_makes_another_after_it(house: House) -> None:
    house.vendor.latency_s = 5.0
    async with house.running() as run:
        await anyio.sleep(100)
        run.actor.post(SyncNow())
        await anyio.sleep(5.5)
        assert run.actor.status().looks == ()
        house.vendor.calls.clear()
        run.actor.post(SyncNow())
        await anyio.sleep(1)
        run.actor.post(SyncNow(("Invoice",)))
        await anyio.sleep(20)
    assert [name for _, name in house.vendor.calls] == ["feed", "feed"]


async def test_a_paused_account_makes_no_call(house: House) -> None:
    fill(house, 30)
    async with house.running() as run:
        await anyio.sleep(0.5)
        run.actor.post(Pause())
        await anyio.sleep(1)
        house.vendor.calls.clear()
        await anyio.sleep(10_000)
        assert house.vendor.calls == []
        assert run.actor.status().next_look_in_s is None
        run.actor.post(Resume())
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_an_account_that_was_paused_stays_so_after_a_restart(house: House) -> None:
    await house.real_store.set_paused(house.account_id, paused=True)
    async with house.running():
        await anyio.sleep(10_000)
    assert house.vendor.calls == []


async def test_stopping_finishes_the_page_in_hand_and_begins_no_other(house: House) -> None:
    fill(house, 30)
    house.vendor.latency_s = 2.0
    async with house.running() as run:
        await anyio.sleep(1)
        run.actor.post(Stop())
        await anyio.sleep(0.5)
        assert run.ended_by() is None
        await anyio.sleep(1)
        assert run.ended_by() is Ending.STOPPED
    assert len(house.vendor.calls) == len(TYPES)
    held = await house.replica()
    assert {name: len(rows) for name, rows in held.items()} == dict.fromkeys(TYPES, 3)


async def test_stopping_an_idle_actor_ends_it_at_once(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        run.actor.post(Stop())
        await anyio.sleep(0.001)
        assert run.ended_by() is Ending.STOPPED


async def test_stopping_a_paused_actor_ends_it(house: House) -> None:
    async with house.running() as run:
        run.actor.post(Pause())
        await anyio.sleep(20)
        run.actor.post(Stop())
        await anyio.sleep(1)
        assert run.ended_by() is Ending.STOPPED


async def test_looks_leave_a_call_free_for_users(house: House) -> None:
    fill(house, 30)
    house.configure(limits=CallLimits(in_flight=3))
    async with house.running():
        await anyio.sleep(60)
        assert await house.is_exact()
    assert house.vendor.most_at_once == 2


async def test_one_call_at_a_time_is_enough(house: House) -> None:
    fill(house)
    house.configure(limits=CallLimits(in_flight=1, per_second=1))
    async with house.running():
        await anyio.sleep(120)
        assert await house.is_exact()
    assert house.vendor.most_at_once == 1


async def test_another_owner_ends_it(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(20)
        await house.real_store.claim(house.account_id)
        house.vendor.put("Customer", "late")
        await anyio.sleep(301)
        assert run.ended_by() is Ending.FENCED_OFF
        assert await house.replica() == {}


async def test_another_owner_ends_it_in_the_middle_of_many_looks(house: House) -> None:
    fill(house, 30)
    async with house.running() as run:
        await anyio.sleep(0.5)
        await house.real_store.claim(house.account_id)
        await anyio.sleep(5)
        assert run.ended_by() is Ending.FENCED_OFF


async def test_its_status_tells_what_it_does(house: House) -> None:
    fill(house, 30)
    async with house.running() as run:
        await anyio.sleep(0.05)
        status = run.actor.status()
        assert set(status.looks) == set(TYPES)
        assert status.bucket is not None
        assert status.bucket.in_flight == len(TYPES)
        await anyio.sleep(20)
        status = run.actor.status()
        assert status.looks == ()
        assert status.trouble == ()
        assert status.bucket is not None
        assert status.bucket.in_flight == 0
        assert status.next_look_in_s is not None
        assert 0 < status.next_look_in_s <= 300
        assert run.actor.overdue_s() == 0


async def test_its_status_keeps_when_a_type_was_last_synced(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(20)
    async with house.running() as run:
        stored = {
            cursor.object_type: cursor
            for cursor in await house.real_store.cursors(house.account_id)
        }
        assert run.actor.status().cursors == stored
        await anyio.sleep(400)
        stored = {
            cursor.object_type: cursor
            for cursor in await house.real_store.cursors(house.account_id)
        }
        assert run.actor.status().cursors == stored


async def test_types_that_are_configured_anew_are_read(house: House) -> None:
    fill(house)
    house.configure(object_types=("Customer",))
    async with house.running():
        await anyio.sleep(20)
    house.configure(object_types=TYPES)
    async with house.running() as run:
        assert run.actor.status().cursors["Item"] == Cursor("Item")
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_an_added_type_takes_the_watermark_away_before_anything_is_read(
    house: House,
) -> None:
    fill(house)
    house.configure(object_types=("Customer",))
    async with house.running():
        await anyio.sleep(20)
    assert (await house.account()).exact_as_of is not None
    await house.real_store.set_paused(house.account_id, paused=True)
    house.configure(object_types=TYPES)
    async with house.running():
        await anyio.sleep(20)
        assert (await house.account()).exact_as_of is None


async def test_the_watermark_follows_the_vendors_time(house: House) -> None:
    fill(house)
    async with house.running():
        await anyio.sleep(400)
    stored = await house.account()
    assert stored.exact_as_of is not None
    last_poll_s = [at_s for at_s, name in house.vendor.calls if name == "feed"][-1]
    assert stored.exact_as_of == house.clock.epoch + timedelta(seconds=last_poll_s)


async def test_an_account_without_tokens_cannot_be_run(house: House) -> None:
    claimed = await house.real_store.claim(house.account_id)
    with pytest.raises(ValueError, match="without tokens"):
        AccountActor(replace(claimed, credential=None), house.around)
