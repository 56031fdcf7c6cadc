"""What is Housecall Pro's own: no feed, times that stand still, rows without any."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import pytest

from actors import events
from actors.messages import Hinted
from actors.status import AccountState
from daemon.sandbox.housecallpro import Business, FaultKind, HousecallProSandbox
from store.models import ChangeOp
from store.notice import OpenNotices
from support.conformance.trial_house import TrialHouse, open_trial_house

if TYPE_CHECKING:
    from support.conformance.housecallpro_trial import HousecallProTrial

BACKFILL_S = 600.0
NEWS_S = 1500.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TrialHouse]:
    async with open_trial_house("housecallpro", tmp_path) as opened:
        yield opened


def vendor_of(house: TrialHouse) -> HousecallProSandbox:
    return cast("HousecallProTrial", house.trial).sandbox


def business_of(house: TrialHouse, account_id: str) -> Business:
    return vendor_of(house).businesses[house.companies[account_id]]


async def deletes(house: TrialHouse, account_id: str) -> set[tuple[str, str]]:
    changes = await house.changes(account_id)
    return {(each.object_type, each.object_id) for each in changes if each.op is ChangeOp.DELETE}


async def test_change_that_moved_no_time_comes_with_the_next_reading(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        business = business_of(house, account_id)
        job = next(iter(business.objects["jobs"]))
        business.change_silently("jobs", job, house.clock.utc(), outstanding_balance=0)
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)


async def test_absence_is_a_deletion_of_every_kind(house: TrialHouse) -> None:
    account_id = await house.connect()
    gone = set()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        business = business_of(house, account_id)
        for kind, rows in business.objects.items():
            lost = list(rows)[1]
            business.delete(kind, lost, house.clock.utc())
            gone.add((kind, lost))
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)
    assert await deletes(house, account_id) == gone


async def test_row_that_slips_to_a_page_already_read_is_not_lost(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        business = business_of(house, account_id)
        for _ in range(200):
            kind = "customers" if len(business.objects["customers"]) > 12 else "leads"
            if len(business.objects[kind]) > 8:
                first = next(iter(business.objects[kind]))
                business.delete(kind, first, house.clock.utc())
            business.make("customers", house.clock.utc())
            await anyio.sleep(7.0)
        await anyio.sleep(NEWS_S)
        assert await house.is_exact(account_id)
    gone = await deletes(house, account_id)
    there = {(kind, key) for kind, rows in business.objects.items() for key in rows}
    assert not gone & there


async def test_hint_brings_news_with_one_call_and_promises_nothing_more(
    house: TrialHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S + 650.0)
        before = (await house.account(account_id)).exact_as_of
        object_type, object_id = house.trial.change(house.companies[account_id])
        calls = len(house.told(events.CallMade))
        assert house.supervisor is not None
        house.supervisor.post(account_id, Hinted((OpenNotices(object_type, 1),)))
        await anyio.sleep(5.0)
        held = (await house.replica(account_id))[object_type][object_id]
        assert held == house.trial.truth(house.companies[account_id])[object_type][object_id]
        assert len(house.told(events.CallMade)) - calls <= 3
        assert (await house.account(account_id)).exact_as_of == before


async def test_hints_without_end_do_not_keep_all_from_being_read(house: TrialHouse) -> None:
    account_id = await house.connect()
    company = house.companies[account_id]
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        for number in range(120):
            object_type, _ = house.trial.change(company)
            assert house.supervisor is not None
            house.supervisor.post(account_id, Hinted((OpenNotices(object_type, number + 1),)))
            await anyio.sleep(30.0)
        exact_as_of = (await house.account(account_id)).exact_as_of
        assert exact_as_of is not None
        assert (house.clock.utc() - exact_as_of).total_seconds() < 1500.0


async def test_key_that_is_refused_once_is_tried_and_goes_on(house: TrialHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(BACKFILL_S)
        vendor_of(house).faults.add(FaultKind.UNAUTHORIZED, "jobs", 2)
        await anyio.sleep(NEWS_S)
        assert await house.state(account_id) is AccountState.LIVE


async def test_first_reading_from_which_a_row_slipped_promises_nothing(house: TrialHouse) -> None:
    account_id = await house.connect()
    business = business_of(house, account_id)
    last = house.trial.settings.object_types[-1]
    rows = business.objects[last]
    async with house.syncing():
        while last not in await house.replica(account_id):  # noqa: ASYNC110 - in between calls
            await anyio.sleep(0.05)
        # Its second page is not asked for yet: what would be first there slips to the one before.
        business.delete(last, next(iter(rows)), house.clock.utc())
        while (await house.account(account_id)).exact_as_of is None:  # noqa: ASYNC110 - in between calls
            await anyio.sleep(1.0)
        held = (await house.replica(account_id))[last]
    assert rows.keys() <= held.keys()
