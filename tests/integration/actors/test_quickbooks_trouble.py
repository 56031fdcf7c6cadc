from datetime import timedelta
from typing import Any

import anyio
import pytest

from actors import events
from actors.breaker import BreakerState
from actors.messages import SyncNow
from actors.status import AccountState
from actors.step import REFUSED
from daemon.hosted import Condition
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, Route
from store.errors import StoreFullError
from support.actor_house import no_trouble
from support.company_house import CompanyHouse

DAY_S = 24 * 3600.0
API = frozenset({Route.QUERY, Route.CDC, Route.READ})
TOKEN = frozenset({Route.TOKEN})


def full(method: str) -> None:
    if method not in {"deleted_ids", "unseen"}:
        raise StoreFullError("no space left on the disk")


async def test_an_outage_degrades_is_left_alone_and_ends_by_itself(house: CompanyHouse) -> None:
    house.configure(poll_interval_s=30.0)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.outage()
        await anyio.sleep(1200)
        assert await house.state(account_id) is AccountState.DEGRADED
        status = house.hosted(account_id).status()
        assert status is not None
        assert status.breaker is not BreakerState.CLOSED
        made = len(house.calls())
        await anyio.sleep(3600)
        assert len(house.calls()) - made <= 13 + 3600 / 30
        assert house.calls()[made:].count("cdc") <= 13
        house.sandbox.end_outage()
        house.sandbox.churn(house.realms[account_id], 10)
        await anyio.sleep(340)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
    turns = [event.state for event in house.told(events.BreakerChanged)]
    assert turns[0] is BreakerState.OPEN
    assert turns[-1] is BreakerState.CLOSED
    assert house.told(events.OwnerNeeded) == []


async def test_an_outage_in_the_middle_of_a_backfill_costs_no_page(house: CompanyHouse) -> None:
    house.limit(per_minute=500, per_second=5, in_flight=3)
    account_id = await house.connect(Invoice=6500)
    async with house.syncing():
        await anyio.sleep(1.5)
        house.sandbox.outage(until=house.clock.utc() + timedelta(seconds=900))
        await anyio.sleep(1500)
        assert await house.is_exact(account_id)
    assert sum(event.upserts for event in house.told(events.PageStored)) == sum(
        map(len, house.truth(account_id).values())
    )


@pytest.mark.parametrize("kind", [FaultKind.TRUNCATED, FaultKind.BACK_SOON, FaultKind.EMPTY_502])
async def test_answers_that_cannot_be_read_degrade_that_company_only(
    house: CompanyHouse, kind: FaultKind
) -> None:
    house.configure(poll_interval_s=60.0)
    bad, good = await house.connect(), await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(kind, realm_id=house.realms[bad]))
        for _ in range(10):
            house.sandbox.churn(house.realms[bad], 3)
            house.sandbox.churn(house.realms[good], 3)
            await anyio.sleep(61)
            assert await house.is_exact(good)
        assert await house.state(bad) is AccountState.DEGRADED
        assert await house.state(good) is AccountState.LIVE
        house.sandbox.clear_faults()
        await anyio.sleep(400)
        assert await house.is_exact(bad)
        assert await house.state(bad) is AccountState.LIVE
        assert house.hosted(bad).restarts == 0


async def test_a_type_that_cannot_be_read_leaves_the_other_types_fresh(
    house: CompanyHouse,
) -> None:
    """Its last page cannot be read: the others are complete and stay in step by the feed."""
    account_id = await house.connect()
    faulty = Fault(FaultKind.TRUNCATED, routes=frozenset({Route.QUERY}), skip=8)
    async with house.syncing():
        number = house.sandbox.inject(faulty)
        await anyio.sleep(600)
        assert await house.state(account_id) is AccountState.DEGRADED
        status = house.hosted(account_id).status()
        assert status is not None
        complete = [name for name, cursor in status.cursors.items() if cursor.complete]
        assert len(complete) == 8
        house.sandbox.churn(house.realms[account_id], 20)
        await anyio.sleep(301)
        replica, truth = await house.replica(account_id), house.truth(account_id)
        assert {name: replica[name] for name in complete} == {
            name: truth[name] for name in complete
        }
        house.sandbox.clear_faults(number)
        await anyio.sleep(700)
        assert await house.is_exact(account_id)


async def test_a_full_disk_stops_writing_and_nothing_else_and_it_resumes(
    house: CompanyHouse,
) -> None:
    house.configure(poll_interval_s=60.0)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.store.trouble = full
        house.sandbox.churn(house.realms[account_id], 30)
        await anyio.sleep(3 * 3600)
        assert await house.state(account_id) is AccountState.DEGRADED
        assert house.hosted(account_id).condition is Condition.RUNNING
        assert house.sandbox.statistics().refreshes <= 2
        house.store.trouble = no_trouble
        await anyio.sleep(400)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE


@pytest.mark.parametrize(
    "kind", [FaultKind.THROTTLE_XML, FaultKind.THROTTLE_JSON, FaultKind.THROTTLE_HISTORIC]
)
async def test_throttled_it_waits_and_goes_on(house: CompanyHouse, kind: FaultKind) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(kind, count=3))
        house.sandbox.churn(house.realms[account_id], 5)
        await anyio.sleep(900)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
    assert len(house.told(events.LookAbandoned)) == 3


async def test_a_storm_of_refusals_asks_for_the_owner_once_and_then_is_quiet(
    house: CompanyHouse,
) -> None:
    account_id, other = await house.connect(), await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(
            Fault(FaultKind.UNAUTHORIZED, routes=API, realm_id=house.realms[account_id])
        )
        await anyio.sleep(DAY_S)
        assert await house.state(account_id) is AccountState.DEGRADED
        assert house.calls().count("token_refresh") <= 24 * 2 + 40
        await anyio.sleep(2 * 3600)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED
        assert await house.state(other) is AccountState.LIVE
        house.heard.clear()
        await anyio.sleep(DAY_S)
        realm = house.realms[account_id]
        assert not [
            each for each in house.told(events.CallMade) if each.external_account_id == realm
        ]
    assert (await house.account(account_id)).reauth_cause == REFUSED


async def test_a_single_refusal_costs_one_refresh_and_no_freshness(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.UNAUTHORIZED, routes=API, count=1))
        house.sandbox.churn(house.realms[account_id], 5)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
    assert house.sandbox.statistics().refreshes == 1


async def test_tokens_are_renewed_over_days_and_no_call_is_ever_refused(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        for _ in range(5):
            await anyio.sleep(DAY_S)
            house.sandbox.churn(house.realms[account_id], 3)
    assert house.told(events.LookAbandoned) == []
    assert house.told(events.RefreshFailed) == []
    statistics = house.sandbox.statistics()
    assert statistics.refreshes == pytest.approx(5 * DAY_S / 2700, abs=2)
    assert statistics.refresh_traps == 0
    async with house.syncing():
        await anyio.sleep(DAY_S)
        assert await house.is_exact(account_id)


async def test_a_lost_refresh_reply_is_made_good_while_the_old_token_still_works(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        house.sandbox.inject(Fault(FaultKind.RESET, routes=TOKEN, executed=True, count=1))
        await anyio.sleep(4 * 3600)
        assert await house.state(account_id) is AccountState.LIVE
    assert len(house.told(events.RefreshFailed)) == 1
    assert house.told(events.OwnerNeeded) == []


async def test_a_lost_refresh_reply_with_a_new_token_asks_for_the_owner_once_and_says_why(
    house: CompanyHouse,
) -> None:
    house.sandbox.behaviour.rotate_after_s = 0
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.RESET, routes=TOKEN, executed=True, count=1))
        await anyio.sleep(DAY_S)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED
        (told,) = house.told(events.OwnerNeeded)
        assert "was lost" in told.cause
        assert (await house.account(account_id)).reauth_cause == told.cause
        assert house.calls().count("token_refresh") == 2
        held = await house.replica(account_id)
        assert held
        await house.connect_again(account_id, house.realms[account_id])
        assert house.supervisor is not None
        await house.supervisor.start_account(account_id)
        house.sandbox.churn(house.realms[account_id], 5)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE
    assert house.calls().count("token_refresh") == 2


async def test_a_company_that_disconnects_us_asks_for_the_owner_once(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.disconnect(house.realms[account_id])
        await anyio.sleep(DAY_S)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED
    (told,) = house.told(events.OwnerNeeded)
    assert "the vendor refused the refresh token" in told.cause
    assert house.calls().count("token_refresh") == 1


async def test_an_idle_account_of_a_hundred_days_still_has_its_tokens(house: CompanyHouse) -> None:
    account_id = await house.connect()
    await anyio.sleep(100 * DAY_S)
    async with house.syncing():
        await anyio.sleep(60)
        assert await house.is_exact(account_id)


async def test_tokens_that_nobody_used_for_too_long_ask_for_the_owner(house: CompanyHouse) -> None:
    account_id = await house.connect()
    await anyio.sleep(102 * DAY_S)
    async with house.syncing():
        await anyio.sleep(60)
        assert await house.state(account_id) is AccountState.REAUTH_REQUIRED


async def test_a_slow_vendor_holds_nobody_longer_than_the_deadline(house: CompanyHouse) -> None:
    slow, quick = await house.connect(), await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HANG, realm_id=house.realms[slow], delay_s=600.0))
        house.sandbox.churn(house.realms[quick], 3)
        await anyio.sleep(301)
        assert await house.is_exact(quick)
        made = [
            each
            for each in house.told(events.CallMade)
            if each.external_account_id == house.realms[slow]
        ]
        assert max(each.duration_s for each in made) <= 30.1
        house.sandbox.clear_faults()
        house.sandbox.churn(house.realms[slow], 3)
        await anyio.sleep(700)
        assert await house.is_exact(slow)


async def test_an_actor_in_a_hanging_call_is_cancelled_after_the_grace_and_named(
    house: CompanyHouse, records: list[Any]
) -> None:
    account_id = await house.connect()
    async with house.syncing(grace_s=5.0):
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HANG, delay_s=600.0))
        house.tell(account_id, SyncNow())
        await anyio.sleep(1)
        asked_s = house.now_s()
    assert house.now_s() - asked_s == pytest.approx(5.0)
    assert [each["account"] for each in records if each["event"] == "actor_orphaned"] == [
        account_id
    ]


async def test_a_company_whose_tokens_cannot_be_unsealed_is_quarantined_alone(
    house: CompanyHouse,
) -> None:
    good = await house.connect()
    sealer, house.sealer = house.sealer, type(house.sealer)(["A" * 43 + "="])
    bad = await house.connect()
    house.sealer = sealer
    async with house.syncing():
        await anyio.sleep(4 * 3600)
        assert await house.state(bad) is AccountState.QUARANTINED
        assert await house.state(good) is AccountState.LIVE
        assert await house.is_exact(good)


@pytest.mark.parametrize("seed", range(4))
async def test_with_trouble_of_all_kinds_it_comes_out_exact(house: CompanyHouse, seed: int) -> None:
    kinds = (
        FaultKind.HTML_503,
        FaultKind.GATEWAY_TIMEOUT,
        FaultKind.RESET,
        FaultKind.RESET_IN_BODY,
        FaultKind.TRUNCATED,
        FaultKind.THROTTLE_XML,
        FaultKind.FAULT_IN_200,
        FaultKind.CDC_FALSE_DELETE,
    )
    house.sandbox.behaviour = Behaviour(latency_s=(0.05, 3.0))
    house.configure(poll_interval_s=60.0)
    accounts = [await house.connect(Invoice=1100 + 900 * seed) for _ in range(2)]
    async with house.syncing():
        for kind in kinds:
            house.sandbox.inject(Fault(kind, probability=0.06))
        for _ in range(40):
            for account_id in accounts:
                house.sandbox.churn(house.realms[account_id], 2)
            await anyio.sleep(100)
        house.sandbox.clear_faults()
        await anyio.sleep(700)
        for account_id in accounts:
            assert await house.is_exact(account_id)
            assert await house.state(account_id) is AccountState.LIVE
            assert house.hosted(account_id).restarts == 0
    assert house.sandbox.statistics().violations == {}
