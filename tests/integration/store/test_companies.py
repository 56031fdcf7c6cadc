"""What routing needs of accounts."""

import pytest

from store.errors import UnknownAccountError
from store.job_models import Company
from store.ports import Store
from support.store_fixtures import Owned, at, own


async def test_an_account_of_which_nothing_was_set_is_active(store: Store, company: Owned) -> None:
    assert await store.company(company.account_id) == Company(company.account_id)
    assert await store.companies() == []


async def test_what_was_set_is_kept_and_the_last_word_holds(store: Store, company: Owned) -> None:
    first = Company(company.account_id, is_active=False, options={"campaign_id": 7, "tag": "ours"})
    await store.set_company(first, "Acme \0 Plumbing")
    assert await store.company(company.account_id) == first
    assert (await store.account(company.account_id)).name == "Acme \ufffd Plumbing"
    second = Company(company.account_id, options={"booking_provider": 9_007_199_254_740_993})
    await store.set_company(second)
    assert await store.companies() == [second]
    assert (await store.account(company.account_id)).name == "Acme \ufffd Plumbing"


async def test_only_connected_and_active_ones_of_some_vendors_are_offered_work(
    store: Store, company: Owned
) -> None:
    second, idle, gone = [await own(store, f"realm-{number}") for number in range(2, 5)]
    options = {"campaign_id": 7}
    await store.set_company(Company(second.account_id, options=options))
    await store.set_company(Company(idle.account_id, is_active=False))
    await store.disconnect(gone.account_id, purge=False, at=at(1))
    found = await store.active_companies(["quickbooks", "another"])
    assert [each for _, each in found] == [
        Company(company.account_id),
        Company(second.account_id, options=options),
    ]
    assert [account for account, _ in found] == [
        await store.account(each.account_id) for each in (company, second)
    ]
    assert await store.active_companies(["another"]) == []


async def test_an_account_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(UnknownAccountError):
        await store.company("nobody")
    with pytest.raises(UnknownAccountError):
        await store.set_company(Company("nobody"))


async def test_it_outlives_a_disconnection_and_goes_with_a_purge(
    store: Store, company: Owned
) -> None:
    other = await own(store, "realm-2")
    await store.set_company(Company(company.account_id, is_active=False))
    await store.set_company(Company(other.account_id, is_active=False))
    await store.disconnect(company.account_id, purge=False, at=at(1))
    assert not (await store.company(company.account_id)).is_active
    await store.disconnect(company.account_id, purge=True, at=at(2))
    assert await store.companies() == [Company(other.account_id, is_active=False)]
