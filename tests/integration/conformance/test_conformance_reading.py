"""What every vendor's package must bring into the replica, and when."""

from typing import TYPE_CHECKING

import anyio
import pytest

from actors import events
from actors.status import AccountState
from store.models import ChangeOp
from support.conformance.trial import Bodies
from support.conformance.trial_house import TrialHouse

if TYPE_CHECKING:
    from datetime import datetime

BACKFILL_S = 900.0


def news_s(house: TrialHouse) -> float:
    """How long after something happened everybody must know: two polls, and what is shown late."""
    settings = house.trial.settings
    return 2.2 * settings.poll_interval_s + settings.overlap_s


async def test_first_reading_brings_everything_as_it_is(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
    exact_as_of = (await house.account(account_id)).exact_as_of
    assert exact_as_of is not None
    assert exact_as_of <= house.clock.utc()


async def test_what_happens_meanwhile_and_later_comes(house: TrialHouse) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    async with house.syncing():
        for _ in range(20):
            house.trial.live_on(company)
            await anyio.sleep(3.0)
        await anyio.sleep(BACKFILL_S)
        for _ in range(6):
            house.trial.live_on(company)
            await anyio.sleep(0.7 * house.trial.settings.poll_interval_s)
        changed, key = house.trial.change(company)
        await anyio.sleep(news_s(house))
        assert await house.is_exact(account_id)
    assert (await house.replica(account_id))[changed][key]


async def test_deleted_object_goes_and_is_told_once(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        object_type, object_id = house.trial.delete(house.companies[account_id])
        await anyio.sleep(news_s(house))
        assert await house.is_exact(account_id)
    deletes = [each for each in await house.changes(account_id) if each.op is ChangeOp.DELETE]
    assert [(each.object_type, each.object_id) for each in deletes] == [(object_type, object_id)]


async def test_object_that_is_switched_off_stays(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        object_type, object_id = house.trial.switch_off(house.companies[account_id])
        await anyio.sleep(news_s(house))
        assert await house.is_exact(account_id)
    assert object_id in (await house.replica(account_id))[object_type]
    assert not any(each.op is ChangeOp.DELETE for each in await house.changes(account_id))


async def test_watermark_never_promises_what_is_not_there(house: TrialHouse) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    promised: dict[datetime, set[tuple[str, str]]] = {}
    async with house.syncing():
        for _ in range(150):
            house.trial.live_on(company)
            await anyio.sleep(41.0)
            exact_as_of = (await house.account(account_id)).exact_as_of
            if exact_as_of is None or exact_as_of in promised:
                continue
            then, now = house.trial.truth(company, exact_as_of), house.trial.truth(company)
            held = await house.replica(account_id)
            for object_type, bodies in then.items():
                still = now.get(object_type, {})
                settled = {key: body for key, body in bodies.items() if still.get(key) == body}
                assert settled.items() <= held[object_type].items()
            promised[exact_as_of] = _keys(then)
            ended = set.union(*promised.values()) - _keys(then)
            assert not ended & _keys(held)
    assert len(promised) > 5


def _keys(bodies: Bodies) -> set[tuple[str, str]]:
    return {(object_type, key) for object_type, of_type in bodies.items() for key in of_type}


async def test_verification_finds_the_replica_exact(house: TrialHouse) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    house.trial.switch_off(company)
    house.trial.delete(company)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        found = await house.verified(account_id)
    assert found.complete
    assert found.exact


@pytest.mark.parametrize("calls", [1, 3, 7, 12])
async def test_restart_in_the_middle_goes_on_to_the_same_end(house: TrialHouse, calls: int) -> None:
    account_id = await house.connect()
    await house.sync_until_calls(calls)
    house.trial.live_on(house.companies[account_id])
    await house.sync_until_calls(2)
    async with house.syncing():
        await anyio.sleep(BACKFILL_S + news_s(house))
        assert await house.is_exact(account_id)
    changes = await house.changes(account_id)
    assert [each.seq for each in changes] == list(range(1, len(changes) + 1))


async def test_only_what_is_configured_is_asked_for_and_named(house: TrialHouse) -> None:
    await house.connect()
    await house.sync_for(BACKFILL_S)
    looked_at = {event.look for event in house.told(events.PageStored)}
    assert looked_at - {"feed"} <= set(house.trial.settings.object_types)
