from collections import defaultdict

import anyio
import pytest

from actors import events
from actors.messages import Pause, Resume, SyncNow
from actors.status import AccountState
from daemon.hosted import Condition
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.models import ChangeFilter, ChangeOp, Via
from support.company_house import CompanyHouse

DAY_S = 24 * 3600.0


async def test_companies_are_filled_until_every_byte_is_the_vendors(house: CompanyHouse) -> None:
    accounts = [await house.connect(Invoice=2500, Customer=1200), await house.connect()]
    async with house.syncing():
        assert await house.state(accounts[0]) is AccountState.CONNECTING
        await anyio.sleep(1)
        assert await house.state(accounts[0]) is AccountState.BACKFILLING
        await anyio.sleep(60)
        for account_id in accounts:
            assert await house.is_exact(account_id)
            assert await house.state(account_id) is AccountState.LIVE
    assert house.sandbox.statistics().violations == {}
    changes = await house.real_store.changes(ChangeFilter(limit=100_000))
    assert {change.via for change in changes} == {Via.BACKFILL}
    assert {change.op for change in changes} == {ChangeOp.UPSERT}


async def test_two_companies_with_the_same_ids_are_not_mixed(house: CompanyHouse) -> None:
    one, two = await house.connect(Invoice=50), await house.connect(Invoice=50)
    async with house.syncing():
        await anyio.sleep(60)
    assert set(house.truth(one)["Invoice"]) & set(house.truth(two)["Invoice"])
    assert house.truth(one)["Invoice"] != house.truth(two)["Invoice"]
    assert await house.is_exact(one)
    assert await house.is_exact(two)


async def test_an_idle_poll_costs_exactly_one_call_whatever_the_types(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(600)
        house.heard.clear()
        before = await house.real_store.last_seq()
        await anyio.sleep(6 * 300)
    assert house.calls() == ["cdc"] * 6
    assert await house.real_store.last_seq() == before
    assert await house.is_exact(account_id)


async def test_changes_of_all_kinds_are_seen_within_the_poll_interval_and_a_second(
    house: CompanyHouse,
) -> None:
    house.configure(poll_interval_s=60.0)
    account_id = await house.connect()
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(200)
        for _ in range(12):
            await anyio.sleep(17.3)
            house.sandbox.churn(realm, 5)
            await anyio.sleep(61)
            assert await house.is_exact(account_id)
    assert house.sandbox.statistics().violations == {}


async def test_deletes_arrive(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=30)
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        doomed = sorted(house.truth(account_id)["Payment"])[:3]
        for object_id in doomed:
            house.sandbox.delete(realm, "Payment", object_id)
        await anyio.sleep(301)
        assert await house.is_exact(account_id)
    for object_id in doomed:
        stored = await house.real_store.object(account_id, "Payment", object_id)
        assert stored is not None
        assert stored.deleted


async def test_what_changes_during_the_backfill_is_not_missed(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=3000, Customer=1500)
    realm = house.realms[account_id]
    house.limit(per_minute=60, per_second=2, in_flight=2)
    async with house.syncing():
        for _ in range(20):
            await anyio.sleep(1)
            house.sandbox.churn(realm, 3)
        await anyio.sleep(700)
        assert await house.is_exact(account_id)
    assert house.sandbox.statistics().violations == {}


async def test_more_changes_than_the_feed_tells_are_all_found(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.bulk(house.realms[account_id], "Customer", 2300)
        await anyio.sleep(400)
        assert await house.is_exact(account_id)


async def test_saturated_it_never_calls_oftener_than_the_vendor_allows(
    house: CompanyHouse,
) -> None:
    house.limit(per_minute=30, per_second=2, in_flight=2)
    accounts = [await house.connect(Invoice=12_000) for _ in range(2)]
    async with house.syncing():
        await anyio.sleep(120)
        assert await house.state(accounts[0]) is AccountState.LIVE
        house.configure(poll_interval_s=1.0)
        assert house.supervisor is not None
        await house.supervisor.reconfigure({"quickbooks": house.around})
        house.heard.clear()
        await anyio.sleep(600)
    statistics = house.sandbox.statistics()
    assert statistics.violations == {}
    assert statistics.throttled == 0
    assert len(house.calls()) >= 0.85 * 2 * 30 * 10


async def test_a_company_that_is_told_to_look_now_is_looked_at_now(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.churn(house.realms[account_id], 4)
        house.tell(account_id, SyncNow())
        await anyio.sleep(2)
        assert await house.is_exact(account_id)


async def test_a_paused_company_is_left_alone_over_a_restart_and_catches_up(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        await house.real_store.set_paused(account_id, paused=True)
        house.tell(account_id, Pause())
        await anyio.sleep(1)
        house.heard.clear()
        house.sandbox.churn(house.realms[account_id], 10)
        await anyio.sleep(DAY_S)
        assert await house.state(account_id) is AccountState.PAUSED
    async with house.syncing():
        await anyio.sleep(DAY_S)
        assert house.calls() == []
        await house.real_store.set_paused(account_id, paused=False)
        house.tell(account_id, Resume())
        await anyio.sleep(10)
        assert await house.is_exact(account_id)
        assert await house.state(account_id) is AccountState.LIVE


@pytest.mark.parametrize("after_s", [0.3, 1.1, 2.7])
async def test_stopped_in_the_middle_of_a_backfill_it_goes_on_there(
    house: CompanyHouse, after_s: float
) -> None:
    house.limit(per_minute=500, per_second=5, in_flight=3)
    account_id = await house.connect(Invoice=6500)
    async with house.syncing():
        await anyio.sleep(after_s)
    pages = house.calls().count("query")
    assert not await house.is_exact(account_id)
    stopped = await house.real_store.changes(ChangeFilter(limit=100_000))
    async with house.syncing():
        await anyio.sleep(60)
        assert await house.is_exact(account_id)
    assert pages + house.calls()[pages:].count("query") <= 2 * (7 + 2 * 8)
    went_on = await house.real_store.changes(ChangeFilter(after=len(stopped), limit=100_000))
    assert len(stopped) + len(went_on) == sum(map(len, house.truth(account_id).values()))


async def test_cancelled_in_the_middle_of_a_backfill_it_goes_on_there(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=6500)
    with anyio.move_on_after(1.5):
        async with house.syncing():
            await anyio.sleep(60)
    async with house.syncing():
        await anyio.sleep(60)
        assert await house.is_exact(account_id)
    changes = await house.real_store.changes(ChangeFilter(limit=100_000))
    assert len(changes) == sum(map(len, house.truth(account_id).values()))


async def test_a_full_comparison_finds_what_the_feed_never_told(house: CompanyHouse) -> None:
    account_id = await house.connect(Invoice=1500)
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.CDC_MISS_DELETE))
        doomed = sorted(house.truth(account_id)["Payment"])[:2]
        for object_id in doomed:
            house.sandbox.delete(realm, "Payment", object_id)
        await anyio.sleep(900)
        assert await house.replica(account_id) != house.truth(account_id)
        await house.rescan(account_id, "Payment", "Invoice")
        await anyio.sleep(60)
        assert await house.is_exact(account_id)
    deletes = [
        change.object_id
        for change in await house.real_store.changes(ChangeFilter(limit=100_000))
        if change.op is ChangeOp.DELETE
    ]
    assert sorted(deletes) == doomed


async def test_the_feeds_false_word_deletes_nothing_and_loses_nothing(house: CompanyHouse) -> None:
    account_id = await house.connect()
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.CDC_FALSE_DELETE))
        for _ in range(6):
            house.sandbox.churn(realm, 5)
            house.sandbox.create(realm, "Customer", {"DisplayName": f"New {house.now_s()}"})
            await anyio.sleep(301)
            assert await house.is_exact(account_id)


async def test_after_longer_than_the_feed_reaches_back_all_is_compared_by_itself(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    realm = house.realms[account_id]
    async with house.syncing():
        await anyio.sleep(400)
    doomed = sorted(house.truth(account_id)["Payment"])[:2]
    for object_id in doomed:
        house.sandbox.delete(realm, "Payment", object_id)
    house.sandbox.churn(realm, 20)
    await anyio.sleep(31 * DAY_S)
    async with house.syncing():
        await anyio.sleep(60)
        assert await house.is_exact(account_id)


async def test_another_owner_of_the_account_fences_this_one_off(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        await house.real_store.claim(account_id)
        before = await house.replica(account_id)
        house.sandbox.churn(house.realms[account_id], 10)
        await anyio.sleep(400)
        assert house.hosted(account_id).condition is Condition.STOPPED
        assert await house.replica(account_id) == before


async def test_the_watermark_is_never_ahead_of_what_is_held(house: CompanyHouse) -> None:
    """What the vendor showed at the watermark is in the replica, or something newer is."""
    house.configure(poll_interval_s=30.0, overlap_s=10.0)
    account_id = await house.connect()
    realm = house.realms[account_id]
    watermarks = set()
    async with house.syncing():
        await anyio.sleep(100)
        for _ in range(15):
            house.sandbox.churn(realm, 4)
            await anyio.sleep(23)
            watermark = (await house.account(account_id)).exact_as_of
            assert watermark is not None
            watermarks.add(watermark)
            held = await house.replica(account_id)
            versions = defaultdict[tuple[str, str], list[bytes | None]](list)
            for each in house.sandbox.mutations(0, realm):
                versions[each.object_type, each.object_id].append(each.body)
            for name, shown in house.sandbox.truth(realm, watermark).items():
                if name not in house.settings.object_types:
                    continue
                for object_id, body in shown.items():
                    history = versions[name, object_id]
                    mine = held.get(name, {}).get(object_id)
                    assert mine in history[history.index(body) :]
    assert len(watermarks) > 10


async def test_every_call_is_told_with_its_company_and_trace(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
    made = [each for each in house.told(events.CallMade) if not each.operation.startswith("token")]
    assert {each.external_account_id for each in made} == {house.realms[account_id]}
    assert all(each.trace_id and each.status == 200 for each in made)
    assert len(made) == sum(
        house.sandbox.statistics().calls_to(route, house.realms[account_id])
        for route in (Route.QUERY, Route.CDC, Route.READ)
    )
