"""How every vendor's package takes what goes wrong."""

import anyio
import pytest

from actors import events
from actors.status import AccountState
from store.models import ChangeOp
from support.conformance.trial import Trouble
from support.conformance.trial_house import TrialHouse

BACKFILL_S = 900.0

PASSING = [trouble for trouble in Trouble if trouble is not Trouble.TOKEN_REFUSED]


@pytest.mark.parametrize("trouble", PASSING)
async def test_passing_trouble_only_delays_the_first_reading(
    house: TrialHouse, trouble: Trouble
) -> None:
    account_id = await house.connect()
    house.trial.arrange(trouble, 4)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S + 4 * 200.0)
        assert await house.is_exact(account_id)
    assert any(event.reason is not None for event in house.told(events.CallMade))


@pytest.mark.parametrize("trouble", PASSING)
async def test_no_rubbish_deletes_or_promises_anything(house: TrialHouse, trouble: Trouble) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        before = (await house.account(account_id)).exact_as_of
        house.trial.arrange(trouble, 1_000_000)
        await anyio.sleep(3 * house.trial.settings.poll_interval_s)
        assert (await house.account(account_id)).exact_as_of == before
        assert await house.is_exact(account_id)
        says_so = await house.state(account_id) is AccountState.DEGRADED
        assert says_so or trouble is Trouble.THROTTLED  # which is no failure, however long
    assert not any(each.op is ChangeOp.DELETE for each in await house.changes(account_id))


async def test_throttled_account_makes_no_call_before_it_may(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        house.trial.arrange(Trouble.THROTTLED, 1)
        times: list[tuple[float, bool]] = []
        heard = len(house.heard)
        with anyio.fail_after(3 * house.trial.settings.poll_interval_s):
            while not any(throttled for _, throttled in times) or len(times) < 2:
                await anyio.sleep(0.01)
                for event in house.heard[heard:]:
                    if isinstance(event, events.CallMade):
                        at_s = house.clock.now().monotonic_s
                        times.append((at_s, event.reason == "throttled"))
                heard = len(house.heard)
        throttled_s = next(at_s for at_s, throttled in times if throttled)
        later = [at_s for at_s, throttled in times if not throttled and at_s > throttled_s]
        assert all(at_s - throttled_s >= house.trial.throttle_wait_s - 0.5 for at_s in later)
        await anyio.sleep(2 * house.trial.settings.poll_interval_s)
        assert await house.state(account_id) is AccountState.LIVE


async def test_refused_token_is_renewed_once_and_all_goes_on(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        renewed = len(house.told(events.TokenRefreshed))
        house.trial.arrange(Trouble.TOKEN_REFUSED, 1)
        house.trial.change(house.companies[account_id])
        await anyio.sleep(3 * house.trial.settings.poll_interval_s)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
    assert len(house.told(events.TokenRefreshed)) > renewed


async def test_withdrawn_access_asks_for_its_owner_and_stops_calling(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        house.trial.withdraw(house.companies[account_id])
        await anyio.sleep(3 * house.trial.settings.poll_interval_s + 3600.0)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED
        assert "connect the account again" in ((await house.account(account_id)).reauth_cause or "")
        calls = len(house.told(events.CallMade))
        await anyio.sleep(86_400.0)
        assert len(house.told(events.CallMade)) == calls


async def test_no_limit_is_ever_passed(house: TrialHouse) -> None:
    house.trial.hurry()
    account_id = await house.connect()
    await house.sync_until_calls(8)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        house.trial.live_on(house.companies[account_id])
        await house.verified(account_id)
    assert house.trial.violations() == 0


async def test_no_secret_is_told(house: TrialHouse) -> None:
    account_id = await house.connect()
    sealed = await house.store.credential(account_id)
    assert sealed is not None
    credential = house.sealer.unseal(sealed)
    for trouble in Trouble:
        house.trial.arrange(trouble, 2)
    await house.sync_for(BACKFILL_S)
    told = repr(house.heard)
    for secret in (credential.access_token, credential.refresh_token):
        assert secret not in told
