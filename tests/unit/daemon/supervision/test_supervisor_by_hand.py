from random import Random
from typing import Any

import anyio
import pytest

from actors import events
from actors.mailbox import MailboxFullError
from actors.messages import Pause, Resume, SyncNow
from daemon.hosted import Condition, NotHostedError
from daemon.restart import RestartPolicy
from daemon.supervisor import Supervisor
from store.errors import StaleEpochError, StoreUnavailableError, UnknownAccountError
from support.actor_house import House, full, no_trouble
from support.hosting import Hosting, assert_spread, bug, first_looks_s, hosting, logged
from support.scripted_vendor import no_trouble as no_vendor_trouble


async def test_a_quarantined_account_can_be_started_by_hand(house: House) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house, RestartPolicy(max_restarts=1)) as run:
        await anyio.sleep(3600)
        assert run.condition() is Condition.QUARANTINED
        house.vendor.trouble = no_vendor_trouble
        await run.supervisor.start_account(house.account_id)
        await anyio.sleep(20)
        assert run.condition() is Condition.RUNNING
        assert await house.is_exact()


async def test_a_company_that_is_connected_while_running_is_started(house: House) -> None:
    async with hosting(house) as run:
        house.account_id = await house.connect("2")
        with pytest.raises(NotHostedError):
            run.supervisor.post(house.account_id, SyncNow())
        await run.supervisor.start_account(house.account_id)
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_a_stopped_account_makes_no_call_and_is_forgotten(house: House) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        await run.supervisor.stop_account(house.account_id)
        assert house.account_id not in run.supervisor.hosted()
        house.vendor.calls.clear()
        await anyio.sleep(10_000)
        assert house.vendor.calls == []
        await run.supervisor.stop_account(house.account_id)


async def test_an_actor_that_waits_for_its_restart_can_be_stopped(house: House) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house) as run:
        await run.restarts_s(8)
        assert run.condition() is Condition.RESTARTING
        before_s = house.now_s()
        await run.supervisor.stop_account(house.account_id)
        assert house.now_s() == before_s


async def test_starting_twice_at_once_leaves_one_actor(house: House) -> None:
    house.vendor.latency_s = 3.0
    async with hosting(house) as run:
        await anyio.sleep(1)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(run.supervisor.start_account, house.account_id)
        await anyio.sleep(60)
        house.vendor.calls.clear()
        await anyio.sleep(900)
        assert [name for _, name in house.vendor.calls] == ["feed"] * 3
        assert run.condition() is Condition.RUNNING


async def test_a_start_waits_for_the_refresh_of_the_actor_before_it(house: House) -> None:
    """Or the new tokens would be refused, and the refresh token before them is spent."""
    async with hosting(house) as run:
        await anyio.sleep(2690)
        house.vendor.latency_s = 20.0
        await anyio.sleep(12)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.supervisor.stop_account, house.account_id)
            await anyio.sleep(1)
            tasks.start_soon(run.supervisor.start_account, house.account_id)
        house.vendor.latency_s = 0.1
        await anyio.sleep(24 * 3600)
        assert house.told(events.OwnerNeeded) == []
        assert run.condition() is Condition.RUNNING


async def test_an_actor_that_is_ending_is_still_known(house: House) -> None:
    house.vendor.latency_s = 10.0
    async with hosting(house) as run:
        await anyio.sleep(5)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.supervisor.stop_account, house.account_id)
            await anyio.sleep(1)
            assert house.account_id in run.supervisor.hosted()
        assert house.account_id not in run.supervisor.hosted()


async def test_nothing_is_started_once_the_end_has_begun(house: House) -> None:
    house.vendor.latency_s = 10.0
    async with hosting(house) as run:
        await anyio.sleep(5)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.supervisor.start_account, house.account_id)
            await anyio.sleep(1)
            run.supervisor.stop()
    assert run.ended_s == pytest.approx(10.0)


async def test_messages_reach_the_actor(house: House) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        run.supervisor.post(house.account_id, Pause())
        house.vendor.put("Item", "new")
        await anyio.sleep(1000)
        assert not await house.is_exact()
        run.supervisor.post(house.account_id, Resume())
        await anyio.sleep(1)
        assert await house.is_exact()
        for _ in range(16):
            run.supervisor.post(house.account_id, SyncNow())
        with pytest.raises(MailboxFullError):
            run.supervisor.post(house.account_id, SyncNow())


@pytest.mark.parametrize("account_id", ["unknown", ""])
async def test_an_unknown_account_cannot_be_told_or_started(house: House, account_id: str) -> None:
    async with hosting(house) as run:
        with pytest.raises(NotHostedError):
            run.supervisor.post(account_id, SyncNow())
        with pytest.raises(UnknownAccountError):
            await run.supervisor.start_account(account_id)
        await run.supervisor.stop_account(account_id)


async def test_a_disconnected_account_cannot_be_started(house: House) -> None:
    async with hosting(house) as run:
        await run.supervisor.stop_account(house.account_id)
        await house.real_store.disconnect(house.account_id, purge=False, at=house.clock.utc())
        with pytest.raises(StaleEpochError):
            await run.supervisor.start_account(house.account_id)


async def test_an_account_that_ran_goes_on_when_its_start_finds_the_store_full(
    house: House,
) -> None:
    async with hosting(house) as run:
        await anyio.sleep(60)
        house.store.trouble = full
        with pytest.raises(StoreUnavailableError):
            await run.supervisor.start_account(house.account_id)
        await anyio.sleep(60)
        house.store.trouble = no_trouble
        await anyio.sleep(60)
        assert run.condition() is Condition.RUNNING


async def test_new_surroundings_are_used_from_the_next_look_on(house: House) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        house.configure(poll_interval_s=10.0)
        await run.supervisor.reconfigure({house.vendor.name: house.around})
        await anyio.sleep(20)
        house.vendor.calls.clear()
        await anyio.sleep(100)
        assert house.vendor.count("feed") == 10


async def test_an_account_that_is_being_stopped_is_not_started_by_a_new_configuration(
    house: House,
) -> None:
    house.vendor.latency_s = 10.0
    async with hosting(house) as run:
        await anyio.sleep(5)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run.supervisor.stop_account, house.account_id)
            await anyio.sleep(1)
            tasks.start_soon(run.supervisor.reconfigure, {house.vendor.name: house.around})
        await anyio.sleep(100)
        assert house.account_id not in run.supervisor.hosted()


async def test_accounts_that_are_reconfigured_finish_side_by_side(house: House) -> None:
    for number in range(2, 12):
        await house.connect(f"{number}")
    async with hosting(house) as run:
        await anyio.sleep(400)
        house.vendor.latency_s = 20.0
        for account_id in run.supervisor.hosted():
            run.supervisor.post(account_id, SyncNow())
        await anyio.sleep(1)
        before_s = house.now_s()
        await run.supervisor.reconfigure({house.vendor.name: house.around})
        assert house.now_s() - before_s <= 21
        house.vendor.latency_s = 0.1
        await anyio.sleep(400)
        assert all(
            hosted.condition is Condition.RUNNING for hosted in run.supervisor.hosted().values()
        )


async def test_accounts_that_are_reconfigured_do_not_all_look_at_once(house: House) -> None:
    for number in range(2, 202):
        await house.connect(f"{number}")
    async with hosting(house) as run:
        await anyio.sleep(400)
        house.heard.clear()
        await run.supervisor.reconfigure({house.vendor.name: house.around})
        firsts_s = await first_looks_s(house, 201)
    assert_spread(firsts_s, 4.0)


async def test_reconfigured_while_the_store_is_full_accounts_go_on_when_there_is_room(
    house: House,
) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        house.store.trouble = full
        await run.supervisor.reconfigure({house.vendor.name: house.around})
        await anyio.sleep(600)
        house.store.trouble = no_trouble
        house.vendor.put("Item", "new")
        await anyio.sleep(400)
        assert run.condition() is Condition.RUNNING
        assert await house.is_exact()


async def test_an_account_of_a_vendor_that_is_not_configured_waits_for_it(
    house: House, records: list[Any]
) -> None:
    around = house.around
    supervisor = Supervisor(
        house.whole_store, {}, RestartPolicy(), house.clock, Random(0), grace_s=1.0
    )
    run = Hosting(house, supervisor)
    async with anyio.create_task_group() as tasks:
        await tasks.start(run.go)
        await anyio.sleep(100)
        assert house.vendor.calls == []
        with pytest.raises(NotHostedError):
            supervisor.post(house.account_id, SyncNow())
        await supervisor.reconfigure({house.vendor.name: around})
        await anyio.sleep(20)
        assert await house.is_exact()
        supervisor.stop()
    assert [each["account"] for each in logged(records, "vendor_not_configured")] == [
        house.account_id
    ]
