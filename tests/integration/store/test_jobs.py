"""Jobs are entered whole, once, with what delivers them; and called off as far as that is certain."""

from dataclasses import replace
from decimal import Decimal

import pytest

from store.action_models import ActionFilter, ActionLimit, ActionPriority, ActionState
from store.errors import JobConflictError
from store.job_models import Company, JobFilter, JobStatus, RoutingEvent, RoutingStatus
from store.ports import Store
from support.jobs import (
    ADDRESS,
    HOMEOWNER,
    PAYLOAD,
    action_of,
    begin,
    deliver,
    end,
    enter,
    new_job,
    new_routing,
    offer,
    refuse,
    routing_of,
    routings,
    told,
)
from support.store_fixtures import Owned, at, own


@pytest.fixture
async def companies(store: Store) -> list[Owned]:
    return [await own(store, f"realm-{number}") for number in range(3)]


async def test_a_job_is_stored_with_its_routings_and_what_delivers_them(
    store: Store, companies: list[Owned]
) -> None:
    ways = [new_routing("job", company) for company in companies]
    job, is_new = await store.accept_job(new_job(key="k"), ways)
    assert is_new
    assert job == await store.job("job")
    assert (job.homeowner, job.address, job.revenue) == (HOMEOWNER, ADDRESS, Decimal("850.00"))
    assert (job.status, job.created_at, job.archived_at) == (JobStatus.ROUTING, at(0), None)
    assert [way.account_id for way in job.routings] == [each.account_id for each in companies]
    for way, company in zip(job.routings, companies, strict=True):
        assert (way.vendor, way.status) == ("quickbooks", RoutingStatus.PENDING)
        assert way.history == (RoutingEvent(at(0), RoutingStatus.PENDING, "the job was entered"),)
        assert way.action_id == action_of("job", company)
        action = await store.action(company.account_id, way.action_id)
        assert action is not None
        assert (action.state, action.payload) == (ActionState.PENDING, PAYLOAD)
        assert action.priority is ActionPriority.DELIVERY
        assert action.idempotency_key == f"routing:{way.id}:1"
        assert await store.open_actions(company.account_id, limit=10) == [action]


async def test_a_payload_of_any_bytes_is_stored_as_it_is(
    store: Store, companies: list[Owned]
) -> None:
    payloads = (b'"\\u0000"', b"", '"Zoë \u2603"'.encode())
    ways = [
        replace(new_routing("job", company), offer=offer(f"a{number}", payloads[number]))
        for number, company in enumerate(companies)
    ]
    await store.accept_job(new_job(), ways)
    for number, company in enumerate(companies):
        action = await store.action(company.account_id, f"a{number}")
        assert action is not None
        assert action.payload == payloads[number]


async def test_the_same_key_gives_the_job_that_was_stored_then(
    store: Store, companies: list[Owned]
) -> None:
    first, _ = await store.accept_job(new_job(key="k"), [new_routing("job", companies[0])])
    again = new_job("other", key="k", seconds=9)
    assert await store.accept_job(again, [new_routing("other", companies[0])]) == (first, False)
    assert await store.job("other") is None
    assert len(await store.actions(ActionFilter(companies[0].account_id))) == 1


async def test_a_key_that_stands_for_another_job_is_refused(store: Store) -> None:
    await store.accept_job(new_job(key="k"), [])
    with pytest.raises(JobConflictError) as refused:
        await store.accept_job(new_job("other", key="k", fingerprint="g"), [])
    assert refused.value.job_id == "job"


async def test_jobs_without_a_key_are_each_their_own(store: Store) -> None:
    assert (await store.accept_job(new_job("one"), []))[1]
    assert (await store.accept_job(new_job("two"), []))[1]


async def test_what_cannot_be_offered_has_failed_from_the_start(
    store: Store, companies: list[Owned]
) -> None:
    ways = [new_routing("job", companies[0], "set the campaign")]
    job, _ = await store.accept_job(new_job(), ways)
    (way,) = job.routings
    assert (way.action_id, way.last_error, way.attempts) == (None, "set the campaign", 0)
    assert told(way) == [("failed", "set the campaign")]
    assert job.status is JobStatus.FAILED


async def test_a_company_that_was_disconnected_meanwhile_is_not_offered_anything(
    store: Store, companies: list[Owned]
) -> None:
    await store.disconnect(companies[0].account_id, purge=False, at=at(0))
    await store.disconnect(companies[1].account_id, purge=True, at=at(0))
    await enter(store, companies)
    first, third = await routings(store)
    assert (first.status, first.action_id) == (RoutingStatus.FAILED, None)
    assert first.last_error == "the account is disconnected"
    assert (third.status, third.account_id) == (RoutingStatus.PENDING, companies[2].account_id)


async def test_a_company_that_takes_no_jobs_any_more_gets_none_that_was_made_ready_for_it(
    store: Store, companies: list[Owned]
) -> None:
    await store.set_company(Company(companies[0].account_id, is_active=False))
    await store.set_company(Company(companies[1].account_id))
    await enter(store, companies)
    offered_to = [way.account_id for way in await routings(store)]
    assert offered_to == [each.account_id for each in companies[1:]]
    assert await store.open_actions(companies[0].account_id, limit=10) == []


async def test_an_offer_beyond_its_limit_fails_and_the_others_go(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies, "earlier")
    limited = replace(offer("limited"), limit=ActionLimit(("lead.create",), 1))
    ways = [new_routing("job", company) for company in companies]
    ways[1] = replace(ways[1], offer=limited)
    await store.accept_job(new_job(), ways)
    assert [way.status for way in await routings(store)] == ["pending", "failed", "pending"]
    assert (await routings(store))[1].last_error == "there were 1 within 24 hours"


async def test_a_job_that_there_is_no_company_for_is_canceled(store: Store) -> None:
    """Nothing of it failed, and nothing will ever come of it."""
    job, _ = await store.accept_job(new_job(), [])
    assert (job.status, job.routings) == (JobStatus.CANCELED, ())
    assert await store.archivable(at(1)) == 1


async def test_calling_off_stops_what_was_not_sent_and_nothing_else(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies)
    await begin(store, companies[1], action_of("job", companies[1]))
    await deliver(store, companies[2])
    job = await store.cancel_job("job", at(5))
    assert job is not None
    assert [way.status for way in job.routings] == ["canceled", "sending", "synced"]
    assert told(job.routings[0])[-1] == ("canceled", "the job was called off")
    assert job.status is JobStatus.ROUTING
    action = await store.action(companies[0].account_id, action_of("job", companies[0]))
    assert action is not None
    assert (action.state, action.last_error) == (ActionState.FAILED, "the job was called off")
    await end(store, companies[1], action_of("job", companies[1]), ActionState.SUCCEEDED)
    job = await store.job("job")
    assert job is not None
    assert job.status is JobStatus.CANCELED


async def test_what_comes_back_unsent_of_a_job_called_off_is_not_sent_again(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies[:1])
    action_id = action_of("job", companies[0])
    await begin(store, companies[0], action_id)
    await store.cancel_job("job", at(5))
    await end(store, companies[0], action_id, ActionState.PENDING, seconds=6, error="throttled")
    assert await store.open_actions(companies[0].account_id, limit=10) == []
    (way,) = await routings(store)
    assert told(way)[-1] == ("canceled", "the job was called off")


async def test_nothing_of_a_job_called_off_is_offered_again(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies[:1])
    await refuse(store, companies[0])
    job = await store.cancel_job("job", at(5))
    assert job is not None
    assert (job.status, job.routings[0].status) == (JobStatus.CANCELED, RoutingStatus.CANCELED)
    routing_id = routing_of("job", companies[0])
    instead_of = action_of("job", companies[0])
    assert not await store.offer_again(routing_id, offer("new"), at(6), instead_of=instead_of)


async def test_calling_off_twice_is_once_and_an_unknown_job_is_none(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies)
    first = await store.cancel_job("job", at(5))
    assert await store.cancel_job("job", at(9)) == first
    assert await store.cancel_job("no such job", at(9)) is None


async def test_jobs_are_listed_by_how_their_routings_stand(
    store: Store, companies: list[Owned]
) -> None:
    for number in range(4):
        await enter(store, companies[:2], f"job {number}", seconds=number)
    await refuse(store, companies[0], "job 1")
    await refuse(store, companies[0], "job 2")
    await refuse(store, companies[1], "job 2")
    failed = RoutingStatus.FAILED
    assert await page(store, JobFilter(routing_status=failed)) == ["job 2", "job 1"]
    assert await page(store, JobFilter(routing_status=failed, limit=1)) == ["job 2"]
    assert await page(store, JobFilter(routing_status=failed, before_id="job 2")) == ["job 1"]
    assert await page(store, JobFilter(routing_status=failed, status=JobStatus.FAILED)) == ["job 2"]
    second = companies[1].account_id
    assert await page(store, JobFilter(routing_status=failed, account_id=second)) == ["job 2"]
    assert await page(store, JobFilter(routing_status=failed, archived=True)) == []
    assert (
        await page(store, JobFilter(routing_status=failed, account_id=second, archived=True)) == []
    )


async def test_ids_are_found_by_how_they_begin(store: Store, companies: list[Owned]) -> None:
    for job_id in ("ab1", "ab2", "b"):
        await enter(store, companies[:1], job_id)
    assert await store.job_ids("ab", limit=9) == ["ab1", "ab2"]
    assert await store.job_ids("ab", limit=1) == ["ab1"]
    assert await store.job_ids("c", limit=9) == []
    assert await store.job_ids("a\0", limit=9) == []
    whole = routing_of("b", companies[0])
    assert await store.routing_ids(whole, limit=9) == [whole]


async def test_a_job_that_all_companies_have_is_not_called_off(
    store: Store, companies: list[Owned]
) -> None:
    await enter(store, companies[:2])
    await deliver(store, companies[0], lead_id="1")
    await deliver(store, companies[1], lead_id="2")
    before = await store.job("job")
    assert await store.cancel_job("job", at(5)) == before
    assert before is not None
    assert before.status is JobStatus.ROUTING


async def page(store: Store, wanted: JobFilter) -> list[str]:
    return [job.id for job in await store.jobs(wanted)]


async def test_pages_are_newest_first_and_by_what_is_wanted(
    store: Store, companies: list[Owned]
) -> None:
    for number in range(5):
        offered_to = companies[:1] if number % 2 else companies[1:2]
        await enter(store, offered_to, f"job {number}", seconds=number)
    await store.cancel_job("job 3", at(9))
    everything = [f"job {number}" for number in (4, 3, 2, 1, 0)]
    assert await page(store, JobFilter()) == everything
    assert await page(store, JobFilter(limit=2)) == everything[:2]
    assert await page(store, JobFilter(limit=2, before_id="job 3")) == everything[2:4]
    assert await page(store, JobFilter(since=at(3))) == everything[:2]
    assert await page(store, JobFilter(status=JobStatus.CANCELED)) == ["job 3"]
    assert await page(store, JobFilter(account_id=companies[0].account_id)) == ["job 3", "job 1"]
    assert await page(store, JobFilter(account_id="account of origin", limit=3)) == everything[:3]
    first, routing = companies[0].account_id, JobStatus.ROUTING
    assert await page(store, JobFilter(account_id=first, status=routing)) == ["job 1"]
    assert await page(store, JobFilter(account_id=first, before_id="job 3")) == ["job 1"]
    assert await page(store, JobFilter(account_id="account of nobody")) == []
    assert await page(store, JobFilter(before_id="no such job")) == []
    assert await page(store, JobFilter(archived=True)) == []
    (job,) = await store.jobs(JobFilter(since=at(4)))
    assert [way.id for way in job.routings] == [routing_of("job 4", companies[1])]


async def test_jobs_of_one_instant_are_paged_through_without_loss(
    store: Store, companies: list[Owned]
) -> None:
    for number in range(7):
        await enter(store, companies[:1], f"job {number}")
    found: list[str] = []
    while more := await page(store, JobFilter(limit=2, before_id=found[-1] if found else None)):
        found += more
    assert sorted(found) == [f"job {number}" for number in range(7)]
