"""Routed work through lost answers, limits and crashes: offered once, and what came of it comes back."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from actors.vendors.servicetitan import writer
from daemon.sandbox import housecallpro as housecall
from daemon.sandbox.servicetitan.faults import FaultKind
from store.action_models import NewAction
from store.job_models import RoutingStatus
from support.dispatch_storm import play
from support.routed_house import HOUSECALL, TITAN, RoutedHouse, open_routed_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RoutedHouse]:
    async with open_routed_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("seed", range(1, 6))
async def test_every_offer_is_made_once_and_comes_back_right(seed: int, tmp_path: Path) -> None:
    verdict = await play(seed, tmp_path, entered=15, companies=6, worked=1.0)
    assert verdict.wrong == [], f"make jobs-storm FIRST={seed} SEEDS=1 ENTERED=15 COMPANIES=6"
    assert (verdict.delivered, verdict.made, verdict.doubled) == (90, 90, 0)
    assert verdict.violations == 0
    assert verdict.came_back >= 50


async def test_a_writer_that_does_not_look_before_it_sends_again_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_is_marked", lambda *_: False)
    for seed in range(1, 6):
        (tmp_path / str(seed)).mkdir()
        verdict = await play(seed, tmp_path / str(seed), entered=15, companies=6, worked=0.0)
        if verdict.doubled:
            return
    pytest.fail("no lost answer made anything twice")


async def statuses(house: RoutedHouse, vendor: str) -> Counter[RoutingStatus]:
    jobs = await house.jobs()
    return Counter(
        routing.status for job in jobs for routing in job.routings if routing.vendor == vendor
    )


async def test_a_vendor_that_is_down_delays_only_its_own(house: RoutedHouse) -> None:
    for books in (True, False):
        await house.connect_titan(books=books)
        await house.connect_housecall()
    async with house.living():
        await anyio.sleep(60)
        house.titan.faults.add(FaultKind.GATEWAY_502, times=None)
        for number in range(20):
            await house.enter(number)
        await anyio.sleep(60)
        assert await statuses(house, HOUSECALL) == {RoutingStatus.SYNCED: 40}
        assert (await statuses(house, TITAN))[RoutingStatus.SYNCED] == 0
        house.titan.faults.clear()
        await anyio.sleep(3_000)
        assert await statuses(house, TITAN) == {RoutingStatus.SYNCED: 40}
    for partner in house.partners.values():
        assert set(house.effects(partner).values()) == {1}


async def test_a_key_that_is_tried_after_a_refusal_takes_its_turn(house: RoutedHouse) -> None:
    partner = await house.connect_housecall()
    async with house.living():
        await anyio.sleep(60)
        for number in range(300):
            await house.enter(number)
        for _ in range(60):
            await anyio.sleep(5)
            house.housecall.faults.add(housecall.FaultKind.UNAUTHORIZED, method="POST")
        await anyio.sleep(600)
    assert house.heard["TokenRefreshed"] >= 3
    assert house.violations() == 0
    assert set(house.effects(partner).values()) == {1}


async def test_a_users_write_waits_behind_a_thousand_deliveries_for_one_call(
    house: RoutedHouse,
) -> None:
    partner = await house.connect_housecall()
    async with house.living():
        await anyio.sleep(60)
        for number in range(1_000):
            await house.enter(number)
        await anyio.sleep(100.5)
        before = len(house.applied(partner))
        assert 50 < before < 200
        body = b'{"customer":{"first_name":"Ada","last_name":"Park"},"note":"asked by a user"}'
        wish = NewAction(
            *("wish", partner.account_id, "lead.create", body, "wish", None), house.clock.utc()
        )
        await house.real_store.accept_action(wish)
        house.nudge(partner.account_id)
        await anyio.sleep(8)
        made = list(house.applied(partner))
        (place,) = [at for at, sent in enumerate(made) if b"asked by a user" in sent]
        # One call is under way, and up to four deliveries were noted as being sent.
        assert place <= before + 2
        assert len(made) > place + 1


async def test_what_waited_for_its_owner_is_offered_once_it_is_connected_again(
    house: RoutedHouse,
) -> None:
    partner = await house.connect_housecall()
    async with house.living():
        await anyio.sleep(60)
        house.housecall.faults.add(housecall.FaultKind.UNAUTHORIZED, times=None)
        await house.enter(1)
        await anyio.sleep(600)
        assert house.effects(partner).total() == 0
        house.housecall.faults.waiting.clear()
        assert await house.connect_again() == 1
        await anyio.sleep(60)
        assert await house.connect_again() == 0
    assert set(house.effects(partner).values()) == {1}
