"""A refresh whose owner was taken for dead while the vendor had its token, and who lives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from actors import events
from actors.account import AccountActor, Ending
from actors.messages import Pause, SyncNow
from actors.refresh import Refresher
from store.errors import StaleEpochError, StoreUnavailableError
from store.models import ClaimedAccount, SealedCredential
from support.actor_house import SEALER, House, Run, no_trouble


class Holder:
    """An owner of the account, with the tokens that he was given with it."""

    def __init__(self, house: House, claimed: ClaimedAccount) -> None:
        assert claimed.credential is not None
        self.sealed: SealedCredential = claimed.credential
        self.refresher = Refresher(
            *(house.around.store, house.vendor, SEALER, house.clock),
            *(house.account_id, claimed.account.epoch),
        )
        self.outcome: type[Exception] | None = None

    async def renew(self) -> None:
        try:
            await self.refresher.renew(self.sealed)
        except StaleEpochError as error:
            self.outcome = type(error)


async def holder(house: House) -> Holder:
    return Holder(house, await house.real_store.claim(house.account_id))


async def stored_access_token(house: House) -> str:
    sealed = await house.real_store.credential(house.account_id)
    assert sealed is not None
    return SEALER.unseal(sealed).access_token


async def test_answer_that_comes_after_the_account_was_taken_over_is_stored(house: House) -> None:
    house.vendor.latency_s = 10.0
    earlier = await holder(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(earlier.renew)
        await anyio.sleep(1)
        taken = await house.real_store.claim(house.account_id)
    assert earlier.outcome is StaleEpochError
    assert await stored_access_token(house) == "access-2"
    afresh = await house.real_store.claim(house.account_id)
    assert afresh.open_refresh is None
    assert afresh.account.epoch == taken.account.epoch + 2
    assert house.vendor.count("refresh") == 1


async def test_answer_stored_by_a_last_attempt_is_stored_too(house: House) -> None:
    def full(method: str) -> None:
        if method == "finish_refresh":
            raise StoreUnavailableError("no space left")

    house.store.trouble = full
    earlier = await holder(house)
    with pytest.raises(StoreUnavailableError):
        await earlier.refresher.renew(earlier.sealed)
    await house.real_store.claim(house.account_id)
    house.store.trouble = no_trouble
    await earlier.refresher.store_what_is_left()
    assert await stored_access_token(house) == "access-2"


async def test_owner_is_not_asked_for_a_token_whose_answer_came_late(house: House) -> None:
    """The present owner's exchange is refused: his token was spent. By then the new one is there."""

    def away(method: str) -> None:
        if method == "finish_refresh":
            raise StoreUnavailableError("cut off")

    house.store.trouble = away
    earlier = await holder(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(earlier.renew)
        await anyio.sleep(5)
        present = await holder(house)
        house.vendor.latency_s = 20.0
        tasks.start_soon(present.renew)
        await anyio.sleep(5)
        house.store.trouble = no_trouble
    assert (earlier.outcome, present.outcome) == (StaleEpochError, StaleEpochError)
    assert house.vendor.count("refresh") == 2
    assert (await house.account()).reauth_cause is None
    assert await stored_access_token(house) == "access-2"


async def test_actor_that_delivers_an_answer_late_ends_as_fenced_off(house: House) -> None:
    async with house.running() as run:
        await anyio.sleep(2690)
        house.vendor.latency_s = 20.0
        run.actor.post(SyncNow())
        await anyio.sleep(15)
        assert house.vendor.count("refresh") == 1
        await house.real_store.claim(house.account_id)
        await anyio.sleep(30)
        assert run.ended_by() is Ending.FENCED_OFF
    assert await stored_access_token(house) == "access-2"
    assert house.told(events.TokenRefreshed) == []


async def begun(house: House, *, attempts: int = 1) -> ClaimedAccount:
    """Let an owner begin a refresh, and return what the next one is given."""
    epoch = (await house.real_store.claim(house.account_id)).account.epoch
    for _ in range(attempts):
        await house.real_store.begin_refresh(
            house.account_id, epoch, "the token's hash", house.clock.utc()
        )
    return await house.real_store.claim(house.account_id)


@asynccontextmanager
async def contested(house: House, claimed: ClaimedAccount) -> AsyncIterator[Run]:
    """Run an actor whose predecessor may live."""
    async with anyio.create_task_group() as tasks:
        run = Run(AccountActor(replace(claimed, is_contested=True), house.around))
        tasks.start_soon(run.go)
        yield run
        tasks.cancel_scope.cancel()


async def refreshes_after(house: House, run: Run, wait_s: float) -> int:
    """Give the actor something to do after so long; return how many refreshes there were by then."""
    await anyio.sleep(wait_s)
    run.actor.post(SyncNow())
    await anyio.sleep(0.9)
    return house.vendor.count("refresh")


async def test_old_token_is_not_spent_while_an_earlier_call_may_be_under_way(house: House) -> None:
    claimed = await begun(house)
    await anyio.sleep(10)
    async with contested(house, claimed) as run:
        assert await refreshes_after(house, run, 18.0) == 0
        assert house.told(events.PageStored)
        assert await refreshes_after(house, run, 1.2) == 1
    assert await stored_access_token(house) == "access-2"


async def test_nobody_is_waited_for_who_began_long_ago(house: House) -> None:
    claimed = await begun(house)
    await anyio.sleep(40)
    async with contested(house, claimed):
        await anyio.sleep(1)
        assert house.vendor.count("refresh") == 1


async def test_of_several_attempts_the_last_may_have_begun_just_now(house: House) -> None:
    claimed = await begun(house, attempts=2)
    await anyio.sleep(40)
    async with contested(house, claimed) as run:
        assert await refreshes_after(house, run, 28.0) == 0
        assert await refreshes_after(house, run, 1.2) == 1


async def test_nobody_is_waited_for_longer_because_of_another_machines_calendar(
    house: House,
) -> None:
    claimed = await begun(house)
    house.clock.epoch -= timedelta(hours=1)
    async with contested(house, claimed) as run:
        assert await refreshes_after(house, run, 30.1) == 1


async def test_refused_access_token_makes_nobody_spend_the_old_one_sooner(house: House) -> None:
    claimed = await begun(house)
    await house.vendor.revoke(SEALER.unseal(claimed.credential))  # type: ignore[arg-type]
    house.vendor.issue()
    async with contested(house, claimed):
        await anyio.sleep(29.5)
        assert house.told(events.LookAbandoned)
        assert house.vendor.count("refresh") == 0
        await anyio.sleep(1)
        assert house.vendor.count("refresh") == 1


async def test_who_waits_for_an_earlier_call_can_be_cancelled(house: House) -> None:
    claimed = await begun(house)
    house.vendor.issue()
    async with contested(house, claimed) as run:
        await anyio.sleep(5)
        run.actor.post(Pause())
    assert house.now_s() == pytest.approx(5.0)


async def test_answer_that_comes_while_it_is_waited_for_keeps_the_old_token_unspent(
    house: House,
) -> None:
    house.configure(poll_interval_s=1e6)
    house.vendor.latency_s = 20.0
    earlier = await holder(house)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(earlier.renew)
        await anyio.sleep(1)
        claimed = await house.real_store.claim(house.account_id)
        house.vendor.latency_s = 0.1
        async with contested(house, claimed) as run:
            await anyio.sleep(25)
            run.actor.post(SyncNow())
            await anyio.sleep(10)
            assert run.ended_by() is Ending.FENCED_OFF
    assert house.vendor.count("refresh") == 1
    assert await stored_access_token(house) == "access-2"
