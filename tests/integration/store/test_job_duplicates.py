"""The same job without a key is taken once a day, as long as somebody may still do it."""

from dataclasses import replace

import pytest

from store.errors import JobConflictError
from store.job_models import JobFilter
from store.ports import Store
from support.jobs import new_job, new_routing, refuse
from support.store_fixtures import Owned, at, own

DAY_S = 24 * 3600.0


@pytest.fixture
async def company(store: Store) -> Owned:
    return await own(store)


async def enter(
    store: Store, company: Owned, job_id: str, *, seconds: float = 0, key: str | None = None
) -> None:
    new = new_job(job_id, seconds=seconds, key=key)
    await store.accept_job(new, [new_routing(job_id, company)])


async def test_the_same_within_a_day_is_refused_and_named(store: Store, company: Owned) -> None:
    await enter(store, company, "first", key="k")
    with pytest.raises(JobConflictError) as caught:
        await enter(store, company, "second", seconds=DAY_S - 1)
    assert caught.value.job_id == "first"
    assert [job.id for job in await store.jobs(JobFilter())] == ["first"]


async def test_the_same_a_day_later_is_another_job(store: Store, company: Owned) -> None:
    await enter(store, company, "first")
    await enter(store, company, "second", seconds=DAY_S)
    assert len(await store.jobs(JobFilter())) == 2


async def test_a_key_or_a_word_makes_it_another_job(store: Store, company: Owned) -> None:
    await enter(store, company, "first")
    await enter(store, company, "second", key="k")
    allowed = replace(new_job("third"), allow_duplicate=True)
    _, is_new = await store.accept_job(allowed, [new_routing("third", company)])
    assert is_new


async def test_another_companys_is_another_job(store: Store, company: Owned) -> None:
    await enter(store, company, "first")
    _, is_new = await store.accept_job(new_job("second", account_id="another"), [])
    assert is_new


async def test_what_nobody_will_do_is_in_nobodys_way(store: Store, company: Owned) -> None:
    await enter(store, company, "canceled")
    await store.cancel_job("canceled", at(1))
    await enter(store, company, "failed", seconds=2)
    await refuse(store, company, "failed")
    await enter(store, company, "third", seconds=3)


async def test_a_job_is_found_by_its_key(store: Store, company: Owned) -> None:
    await enter(store, company, "first", key="k")
    found = await store.keyed_job("k")
    assert found is not None
    assert found == await store.job("first")
    assert await store.keyed_job("another") is None
