"""What an account costs its vendor in calls: of a large one's verification, of an idle one's day."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import anyio
import httpx
import pytest

from actors.hearing import Hearing
from actors.messages import VerificationRequested
from actors.vendors.quickbooks import DOOR, QuickBooks
from daemon.config import QuickBooksConfig, Secret
from daemon.sandbox.quickbooks import Route
from store.models import CursorMove, PageWrite, Via
from support.company_house import CompanyHouse, open_company_house
from support.large_company import LargeCompany
from support.quickbooks_replica import settings

DAY_S = 86_400
TYPES = QuickBooksConfig(client_id="app", client_secret=Secret("secret")).account.object_types
OBJECTS = 100_000


def sizes(types: Sequence[str]) -> dict[str, int]:
    """Share out the objects evenly, as costs most: each type ends in a page of its own."""
    return {
        name: OBJECTS // len(types) + (n < OBJECTS % len(types)) for n, name in enumerate(types)
    }


async def filled(house: CompanyHouse, company: LargeCompany) -> str:
    """Store all that the company has, as if it had been read from end to end."""
    account_id = await house.connect()
    claimed = await house.real_store.claim(account_id)
    now = house.clock.utc()
    for name, records in company.records.items():
        await house.real_store.apply_page(
            PageWrite(
                account_id=account_id,
                epoch=claimed.account.epoch,
                via=Via.BACKFILL,
                observed_at=now,
                object_types=tuple(company.records),
                objects=records,
                cursors=[
                    CursorMove(name, "{}", complete=True, covered_until=now - timedelta(minutes=5))
                ],
            )
        )
    return account_id


@pytest.mark.parametrize("number", [2, 3, 6, 9])
async def test_a_large_account_is_verified_by_at_most_110_calls(
    tmp_path: Path, number: int
) -> None:
    types = TYPES[:number]
    async with open_company_house(tmp_path, object_types=types) as house:
        company = LargeCompany(house.clock, sizes(types))
        account_id = await filled(house, company)
        http = httpx.AsyncClient(transport=company)
        house.vendor = QuickBooks(settings(), http, house.clock, house.heard.append)
        async with house.syncing():
            await anyio.sleep(60)
            company.calls.clear()
            request = await house.real_store.request_verification(account_id, repair=True)
            house.tell(account_id, VerificationRequested(request, repair=True))
            await anyio.sleep(600)
            found = await house.real_store.certificate(account_id)
    assert found is not None
    assert found.exact
    assert sum(each.vendor_count for each in found.types) == OBJECTS
    calls = company.calls["query"] + company.calls["batch"]
    assert found.reads == calls <= 110
    assert company.calls["batch"] == 1


async def test_an_idle_account_with_webhooks_makes_at_most_30_calls_a_day_verification_included(
    tmp_path: Path,
) -> None:
    async with open_company_house(tmp_path, object_types=TYPES) as house:
        configured = QuickBooksConfig(client_id="app", client_secret=Secret("secret")).account
        house.settings = configured
        house.hearing = Hearing(DOOR.noticed_types)
        account_id = await house.connect()
        async with house.syncing(), anyio.create_task_group() as others:
            # Webhooks work while the vendor delivers for anybody.
            others.start_soon(_deliver, house)
            await anyio.sleep(2 * DAY_S)
            before = Counter(house.sandbox.statistics().calls)
            days = 5
            await anyio.sleep(days * DAY_S)
            calls = Counter(house.sandbox.statistics().calls) - before
            certificate = await house.real_store.certificate(account_id)
            others.cancel_scope.cancel()
        by_route = Counter[Route]()
        for (_, route), number in calls.items():
            by_route[route] += number
        assert await house.is_exact(account_id)
    assert certificate is not None
    assert (certificate.number, certificate.exact, certificate.reads) == (6, True, 1)
    assert by_route[Route.CDC] == 12 * days
    assert by_route[Route.BATCH] == days
    assert by_route.total() <= 30 * days


async def test_a_small_company_with_empty_types_is_verified_by_two_calls(
    house: CompanyHouse,
) -> None:
    house.configure(object_types=(*TYPES, "Transfer", "RefundReceipt"))
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(700)
        request = await house.real_store.request_verification(account_id, repair=True)
        before = house.sandbox.statistics()
        house.tell(account_id, VerificationRequested(request, repair=True))
        await anyio.sleep(20)
        after = house.sandbox.statistics()
        found = await house.real_store.certificate(account_id)
    assert found is not None
    assert (found.exact, found.reads) == (True, 2)
    assert after.calls_to(Route.BATCH) - before.calls_to(Route.BATCH) == 2
    assert sum(after.calls.values()) - sum(before.calls.values()) == 2
    counts = {each.object_type: each.vendor_count for each in found.types}
    assert (counts["Transfer"], counts["RefundReceipt"]) == (0, 0)


async def _deliver(house: CompanyHouse) -> None:
    assert house.hearing is not None
    while True:
        house.hearing.health.delivered(house.now_s())
        await anyio.sleep(3600)
