from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.vendors.dispatching import CannotOfferError, Referral
from actors.vendors.registry import DISPATCHING
from daemon.jobs.offers import OfferMaker
from store.job_models import Address, Company, Homeowner
from store.models import Account
from store.sqlite import SqliteStore, open_store
from support.store_fixtures import own

REFERRAL = Referral(
    "Replace the water heater",
    Homeowner("Ada Park", "+1 555 0100", ""),
    Address("1 Main St", "", "Springfield", "IL", "62701", "US"),
    datetime(2026, 11, 21, tzinfo=UTC),
    "Park Plumbing",
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await open_store(tmp_path / "a.db", mode="inline", durable=False) as opened:
        yield opened


@pytest.fixture
async def account(store: SqliteStore) -> Account:
    """A company of QuickBooks."""
    return await store.account((await own(store)).account_id)


async def test_a_company_of_a_vendor_that_is_not_configured_says_what_to_do(
    store: SqliteStore, account: Account
) -> None:
    maker = OfferMaker(store, {}, DISPATCHING, lambda: "id")
    with pytest.raises(CannotOfferError, match=r"configure vendors\.quickbooks"):
        maker.offer(account, Company(account.id), REFERRAL)


async def test_companies_that_can_be_offered_nothing_get_no_routing(
    store: SqliteStore, account: Account
) -> None:
    maker = OfferMaker(store, {}, DISPATCHING, lambda: "id")
    assert await maker.routings(account, REFERRAL) == []
