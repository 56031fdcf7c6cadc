import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors import events
from actors.errors import GrantRefusedError, TransientError
from actors.messages import SyncNow
from daemon.hosted import Condition, NotHostedError
from daemon.restart import RestartPolicy
from support.actor_house import House, full, no_trouble
from support.hosting import (
    assert_spread,
    bug,
    first_looks_s,
    hosting,
    logged,
    new_supervisor,
)
from support.scripted_vendor import no_trouble as no_vendor_trouble


async def test_every_account_of_the_shard_is_kept_in_sync(house: House) -> None:
    others = [await house.connect(f"{number}") for number in range(2, 5)]
    async with hosting(house) as run:
        await anyio.sleep(20)
        assert set(run.supervisor.hosted()) == {house.account_id, *others}
        for account_id in run.supervisor.hosted():
            assert run.condition(account_id) is Condition.RUNNING
            house.account_id = account_id
            assert await house.is_exact()


async def test_stopping_lets_actors_finish_the_page_in_hand(house: House) -> None:
    house.vendor.latency_s = 10.0
    async with hosting(house) as run:
        await anyio.sleep(5)
        run.supervisor.stop()
        assert not run.supervisor.running
    assert run.ended_s == pytest.approx(10.0)
    assert len(house.told(events.PageStored)) == 3
    assert run.condition() is Condition.STOPPED


async def test_an_actor_that_does_not_finish_in_time_is_cancelled_and_named(
    house: House, records: list[Any]
) -> None:
    house.vendor.latency_s = 10_000.0
    other = await house.connect("2")
    async with hosting(house) as run:
        await anyio.sleep(5)
    assert run.ended_s == pytest.approx(35.0)
    assert {each["account"] for each in logged(records, "actor_orphaned")} == {
        house.account_id,
        other,
    }
    assert run.condition() is Condition.STOPPED


async def test_a_refresh_is_finished_even_by_an_orphan(house: House) -> None:
    async with hosting(house, grace_s=5.0):
        await anyio.sleep(2690)
        house.vendor.latency_s = 20.0
        await anyio.sleep(12)
    house.vendor.latency_s = 0.1
    async with hosting(house):
        await anyio.sleep(24 * 3600)
    assert house.told(events.OwnerNeeded) == []


async def test_a_crashed_actor_is_started_again_after_growing_waits(house: House) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house) as run:
        times_s = await run.restarts_s(5)
        waits_s = [later - earlier for earlier, later in itertools.pairwise(times_s)]
        for wait_s, full_s in zip(waits_s, [1, 2, 4, 8], strict=True):
            assert 0.8 * full_s <= wait_s <= full_s + 0.2
        house.vendor.trouble = no_vendor_trouble
        await anyio.sleep(60)
        assert await house.is_exact()
        assert run.condition() is Condition.RUNNING
        assert run.supervisor.hosted()[house.account_id].last_error == "ZeroDivisionError: a bug"


async def test_a_poisoned_account_is_quarantined_and_the_others_are_untouched(
    house: House, tmp_path: Path
) -> None:
    healthy = await house.connect("2")
    claimed = await house.real_store.claim(house.account_id)
    assert claimed.credential is not None
    poisoned = replace(claimed.credential, sealed=b"no such thing")
    await house.real_store.finish_refresh(
        house.account_id, claimed.account.epoch, "spent", poisoned, house.clock.utc()
    )
    async with hosting(house, RestartPolicy(max_restarts=3)) as run:
        await anyio.sleep(3600)
        assert run.condition() is Condition.QUARANTINED
        assert run.condition(healthy) is Condition.RUNNING
        assert run.supervisor.hosted()[healthy].restarts == 0
        house.vendor.put("Item", "new")
        await anyio.sleep(301)
        house.account_id = healthy
        assert await house.is_exact()
    assert [each.account_id for each in house.told(events.LookAbandoned)] == []


async def test_past_the_budget_it_is_quarantined_with_its_last_error(
    house: House, records: list[Any]
) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house, RestartPolicy(max_restarts=3)) as run:
        await anyio.sleep(3600)
        hosted = run.supervisor.hosted()[house.account_id]
        assert hosted.condition is Condition.QUARANTINED
        assert hosted.restarts == 4
        assert hosted.last_error == "ZeroDivisionError: a bug"
        calls = len(house.vendor.calls)
        await anyio.sleep(24 * 3600)
        assert len(house.vendor.calls) == calls
        with pytest.raises(NotHostedError):
            run.supervisor.post(house.account_id, SyncNow())
    assert [each["condition"] for each in logged(records, "actor_crashed")] == [
        "restarting",
        "restarting",
        "restarting",
        "quarantined",
    ]


async def test_an_account_that_needs_its_owner_is_left_alone(house: House) -> None:
    def refuse(operation: str) -> None:
        if operation == "refresh":
            raise GrantRefusedError("invalid_grant")

    house.vendor.trouble = refuse
    async with hosting(house) as run:
        await anyio.sleep(24 * 3600)
        assert run.condition() is Condition.OWNER_NEEDED
        assert house.vendor.count("refresh") == 1
        await run.supervisor.reconfigure({house.vendor.name: house.around})
        assert run.condition() is Condition.OWNER_NEEDED
        house.vendor.trouble = no_vendor_trouble
        await house.connect()
        await run.supervisor.start_account(house.account_id)
        await anyio.sleep(20)
        assert run.condition() is Condition.RUNNING


async def test_an_account_that_needs_its_owner_is_not_run_after_a_restart(house: House) -> None:
    claimed = await house.real_store.claim(house.account_id)
    await house.real_store.require_reauthorization(
        house.account_id, claimed.account.epoch, "revoked", house.clock.utc()
    )
    async with hosting(house) as run:
        await anyio.sleep(1000)
        assert run.condition() is Condition.OWNER_NEEDED
        with pytest.raises(NotHostedError):
            run.supervisor.post(house.account_id, SyncNow())
    assert house.vendor.calls == []


async def test_a_crash_beside_a_refused_token_does_not_ask_with_the_dead_token_again(
    house: House,
) -> None:
    """The refusal is stored, and in the same moment another look ends the run."""

    def trouble(operation: str) -> None:
        if operation == "refresh":
            raise GrantRefusedError("invalid_grant")
        if operation == "feed" and house.vendor.count("refresh"):
            raise ZeroDivisionError("a bug")

    house.configure(poll_interval_s=1.0)
    house.vendor.trouble = trouble
    house.vendor.latency_s = 0.4
    async with hosting(house) as run:
        await anyio.sleep(4000)
        assert run.condition() is Condition.OWNER_NEEDED
    assert house.vendor.count("refresh") == 1
    assert len(house.told(events.OwnerNeeded)) == 1


async def test_stopped_before_it_began_it_ends(house: House) -> None:
    supervisor = new_supervisor(house, RestartPolicy(), 30.0)
    assert not supervisor.running
    supervisor.stop()
    await supervisor.run()
    assert house.vendor.calls == []


async def test_an_account_disconnected_while_its_actor_waits_for_a_restart_is_let_go(
    house: House,
) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house) as run:
        await run.restarts_s(3)
        await house.real_store.disconnect(house.account_id, purge=False, at=house.clock.utc())
        await anyio.sleep(3600)
        assert run.condition() is Condition.STOPPED
        assert run.supervisor.hosted()[house.account_id].restarts == 3


async def test_an_account_claimed_by_somebody_else_is_let_go(house: House) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        await house.real_store.claim(house.account_id)
        await anyio.sleep(301)
        assert run.condition() is Condition.STOPPED


async def test_a_store_that_is_full_while_actors_restart_is_not_held_against_them(
    house: House,
) -> None:
    house.vendor.trouble = bug("list:Customer")
    async with hosting(house, RestartPolicy(max_restarts=3)) as run:
        await run.restarts_s(1)
        house.vendor.trouble = no_vendor_trouble
        house.store.trouble = full
        await anyio.sleep(3600)
        assert run.condition() is Condition.RESTARTING
        house.store.trouble = no_trouble
        await anyio.sleep(60)
        assert run.condition() is Condition.RUNNING
        assert await house.is_exact()


async def test_accounts_that_start_together_do_not_all_look_at_once(house: House) -> None:
    for number in range(2, 302):
        await house.connect(f"{number}")
    async with hosting(house):
        await anyio.sleep(400)
    house.heard.clear()
    async with hosting(house):
        firsts_s = await first_looks_s(house, 301)
    assert_spread(firsts_s, 6.0)


async def test_an_actor_that_stands_still_is_named(house: House) -> None:
    async with hosting(house) as run:
        await anyio.sleep(20)
        assert run.supervisor.stalled() == []
        actor = run.supervisor.hosted()[house.account_id].actor
        assert actor is not None
        actor._wake_at_s = house.now_s() - 61  # noqa: SLF001 - an actor cannot be made to stand still from outside
        assert run.supervisor.stalled() == [house.account_id]


async def test_an_actors_status_is_there_once_it_ran(house: House) -> None:
    async with hosting(house) as run:
        hosted = run.supervisor.hosted()[house.account_id]
        assert replace(hosted, actor=None).status() is None
        await anyio.sleep(20)
        status = hosted.status()
        assert status is not None
        assert status.trouble == ()


async def test_a_daemon_that_is_cancelled_takes_its_actors_along(house: House) -> None:
    with anyio.move_on_after(20):
        await new_supervisor(house, RestartPolicy(), 30.0).run()
    house.vendor.calls.clear()
    await anyio.sleep(1000)
    assert house.vendor.calls == []


async def test_what_crashed_first_is_what_is_told(house: House) -> None:
    def trouble(operation: str) -> None:
        if operation == "list:Customer":
            raise ExceptionGroup("many", [ExceptionGroup("more", [TransientError("the cause")])])

    house.vendor.trouble = trouble
    async with hosting(house) as run:
        await run.restarts_s(1)
        hosted = run.supervisor.hosted()[house.account_id]
        assert hosted.last_error == "TransientError: the cause"
