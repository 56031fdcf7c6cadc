"""Sets of accounts that a supervisor is given, and that it lets go of again."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import anyio
import pytest

from actors import events
from daemon.hosted import Condition, NotHostedError
from daemon.restart import RestartPolicy
from daemon.supervisor import Supervisor
from store.models import Account, ClaimedAccount
from store.sqlite import SqliteStore
from support.actor_house import House
from support.hosting import bug, logged


@dataclass
class SomeAccounts:
    """Claims to a few accounts."""

    store: SqliteStore
    ids: Collection[str]
    claim_s: float = 0.0
    claims_again: bool = False

    def cover(self, account: Account) -> bool:
        return account.id in self.ids

    async def claim_all(self) -> Sequence[ClaimedAccount]:
        return [await self.store.claim(account_id) for account_id in self.ids]

    async def claim(self, account_id: str) -> ClaimedAccount:
        claimed = await self.store.claim(account_id)
        await anyio.sleep(self.claim_s)
        return claimed


@asynccontextmanager
async def supervising(house: House) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(
        house.real_store,
        {house.vendor.name: house.around},
        RestartPolicy(),
        house.clock,
        Random(0),
        grace_s=30.0,
        alone=False,
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(supervisor.run)
        yield supervisor
        supervisor.stop()


async def test_nothing_is_hosted_but_what_there_are_claims_to(house: House) -> None:
    other = await house.connect("2")
    async with supervising(house) as supervisor:
        assert supervisor.hosted() == {}
        await supervisor.host(SomeAccounts(house.real_store, [other]))
        await anyio.sleep(20)
        assert set(supervisor.hosted()) == {other}
        assert {event.account_id for event in house.told(events.PageStored)} == {other}
        with pytest.raises(NotHostedError):
            await supervisor.start_account(house.account_id)


async def test_what_is_released_finishes_the_page_in_hand_and_the_others_go_on(
    house: House,
) -> None:
    other = await house.connect("2")
    mine, theirs = (
        SomeAccounts(house.real_store, [account_id]) for account_id in (house.account_id, other)
    )
    house.vendor.latency_s = 10.0
    async with supervising(house) as supervisor:
        await supervisor.host(mine)
        await supervisor.host(theirs)
        await anyio.sleep(5)
        await supervisor.release(mine)
        assert house.now_s() == pytest.approx(10.0, abs=0.5)
        stored = [event.account_id for event in house.told(events.PageStored)]
        assert stored.count(house.account_id) == 3
        assert set(supervisor.hosted()) == {other}
        await anyio.sleep(60)
        assert supervisor.hosted()[other].condition is Condition.RUNNING
        stored = [event.account_id for event in house.told(events.PageStored)]
        assert stored.count(house.account_id) == 3
        assert stored.count(other) > 3
        with pytest.raises(NotHostedError):
            await supervisor.start_account(house.account_id)


async def test_what_is_lost_ends_at_once(house: House, records: list[Any]) -> None:
    house.vendor.latency_s = 10.0
    claims = SomeAccounts(house.real_store, [house.account_id])
    async with supervising(house) as supervisor:
        await supervisor.host(claims)
        await anyio.sleep(5)
        await supervisor.release(claims, grace_s=0.0)
        assert house.now_s() == pytest.approx(5.0, abs=0.1)
        assert supervisor.hosted() == {}


async def test_what_is_lost_while_it_finishes_ends_at_once(house: House) -> None:
    house.vendor.latency_s = 1_000.0
    claims = SomeAccounts(house.real_store, [house.account_id])
    async with supervising(house) as supervisor, anyio.create_task_group() as tasks:
        await supervisor.host(claims)
        await anyio.sleep(5)
        tasks.start_soon(supervisor.release, claims)
        await anyio.sleep(5)
        await supervisor.release(claims, grace_s=0.0)
        assert house.now_s() == pytest.approx(10.0, abs=0.1)


async def test_actor_that_crashed_is_not_started_again_once_it_is_released(
    house: House, records: list[Any]
) -> None:
    house.vendor.trouble = bug("list:Customer")
    claims = SomeAccounts(house.real_store, [house.account_id])
    async with supervising(house) as supervisor:
        await supervisor.host(claims)
        await anyio.sleep(5)
        await supervisor.release(claims)
        crashes = len(logged(records, "actor_crashed"))
        assert crashes
        await anyio.sleep(600)
        assert len(logged(records, "actor_crashed")) == crashes


async def test_account_that_was_being_started_is_not_when_its_claims_are_released(
    house: House,
) -> None:
    claims = SomeAccounts(house.real_store, [house.account_id], claim_s=5.0)
    async with supervising(house) as supervisor, anyio.create_task_group() as tasks:
        await supervisor.host(claims)

        async def start() -> None:
            with pytest.raises(NotHostedError):
                await supervisor.start_account(house.account_id)

        tasks.start_soon(start)
        await anyio.sleep(1)
        await supervisor.release(claims)
        await anyio.sleep(10)
        assert supervisor.hosted() == {}


async def test_what_was_released_can_be_hosted_again(house: House) -> None:
    async with supervising(house) as supervisor:
        for _ in range(2):
            claims = SomeAccounts(house.real_store, [house.account_id])
            await supervisor.host(claims)
            await anyio.sleep(20)
            assert supervisor.hosted()[house.account_id].condition is Condition.RUNNING
            await supervisor.release(claims)
        await supervisor.host(SomeAccounts(house.real_store, [house.account_id]))
        await anyio.sleep(20)
        assert await house.is_exact()


async def test_account_that_was_fenced_off_is_claimed_again_while_the_right_to_it_stands(
    house: House,
) -> None:
    claims = SomeAccounts(house.real_store, [house.account_id], claims_again=True)
    async with supervising(house) as supervisor:
        await supervisor.host(claims)
        await anyio.sleep(20)
        before = await house.real_store.claim(house.account_id)
        house.vendor.put("Customer", "later")
        await anyio.sleep(600)
        assert supervisor.hosted()[house.account_id].condition is Condition.RUNNING
        assert supervisor.hosted()[house.account_id].restarts == 0
        assert await house.is_exact()
        account = await house.account()
        assert account.epoch == before.account.epoch + 1


async def test_account_that_was_fenced_off_is_over_when_the_right_to_it_has_ended(
    house: House,
) -> None:
    claims = SomeAccounts(house.real_store, [house.account_id], claims_again=True)
    async with supervising(house) as supervisor:
        await supervisor.host(claims)
        await anyio.sleep(20)
        await house.real_store.disconnect(house.account_id, purge=False, at=house.clock.utc())
        await anyio.sleep(600)
        assert supervisor.hosted()[house.account_id].condition is Condition.STOPPED


async def test_account_that_was_fenced_off_is_over_where_nobody_would_refuse_a_claim(
    house: House,
) -> None:
    async with supervising(house) as supervisor:
        await supervisor.host(SomeAccounts(house.real_store, [house.account_id]))
        await anyio.sleep(20)
        before = await house.real_store.claim(house.account_id)
        await anyio.sleep(600)
        assert supervisor.hosted()[house.account_id].condition is Condition.STOPPED
        assert (await house.account()).epoch == before.account.epoch


async def test_account_that_was_fenced_off_while_it_ends_is_not_claimed_again(
    house: House,
) -> None:
    house.vendor.latency_s = 10.0
    claims = SomeAccounts(house.real_store, [house.account_id], claims_again=True)
    async with supervising(house) as supervisor:
        await supervisor.host(claims)
        await anyio.sleep(5)
        fenced_off_by = await house.real_store.claim(house.account_id)
        await supervisor.release(claims)
        assert house.now_s() == pytest.approx(10.0, abs=0.5)
        assert supervisor.hosted() == {}
        assert (await house.account()).epoch == fenced_off_by.account.epoch
