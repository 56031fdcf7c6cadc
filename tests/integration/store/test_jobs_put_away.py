"""Jobs that ended long ago are put away whole, and stay readable just as they were."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from store.action_models import ActionState
from store.errors import ActionConflictError, JobConflictError
from store.job_models import Job, JobFilter, JobStatus, RoutingStatus
from store.ports import Store
from support.jobs import (
    action_of,
    begin,
    deliver,
    end,
    enter,
    new_job,
    new_routing,
    offer,
    progress,
    refuse,
    routing_of,
)
from support.store_fixtures import Owned, at, own


@pytest.fixture
async def companies(store: Store) -> list[Owned]:
    return [await own(store, f"realm-{number}") for number in range(2)]


async def complete(
    store: Store, companies: Sequence[Owned], job_id: str = "job", seconds: float = 100
) -> Job:
    """Have the first company do the job, and the second refuse it."""
    await enter(store, companies, job_id)
    await deliver(store, companies[0], job_id, lead_id=f"lead of {job_id}")
    await refuse(store, companies[1], job_id)
    done = progress(
        routing_of(job_id, companies[0]),
        RoutingStatus.COMPLETED,
        seconds=seconds,
        job=("jobs", f"job of {job_id}"),
        match_key="k",
        completed_at=at(60),
        amounts={("invoices", "1"): Decimal("99.90")},
    )
    await store.note_progress([done], 1)
    job = await store.job(job_id)
    assert job is not None
    return job


async def test_what_is_put_away_is_read_just_as_it_was(
    store: Store, companies: list[Owned]
) -> None:
    job = await complete(store, companies)
    assert await store.archivable(at(101)) == 1
    assert await store.archive_jobs(at(101), at(900), limit=10) == 1
    assert await store.job("job") == replace(job, archived_at=at(900))
    assert await store.archivable(at(101)) == 0
    assert await store.archive_jobs(at(101), at(901), limit=10) == 0
    assert await store.routing_counts() == {}
    for company in companies:
        assert await store.action(company.account_id, action_of("job", company)) is not None


async def test_only_what_ended_before_then_is_put_away(
    store: Store, companies: list[Owned]
) -> None:
    await complete(store, companies, "old", seconds=100)
    await complete(store, companies, "new", seconds=200)
    await enter(store, companies, "under way")
    assert await store.archivable(at(100)) == 0
    assert await store.archive_jobs(at(200), at(900), limit=10) == 1
    assert [job.id for job in await store.jobs(JobFilter(archived=True))] == ["old"]
    assert {job.id for job in await store.jobs(JobFilter())} == {"new", "under way"}


async def test_a_job_ends_when_it_first_did_whatever_is_added_later(
    store: Store, companies: list[Owned]
) -> None:
    await complete(store, companies, seconds=100)
    routing_id = routing_of("job", companies[0])
    later = progress(routing_id, seconds=500, amounts={("invoices", "2"): Decimal(1)})
    await store.note_progress([later], 2)
    assert await store.archivable(at(101)) == 1
    await store.note_progress([progress(routing_id, RoutingStatus.IN_PROGRESS, seconds=600)], 3)
    assert await store.archivable(at(10_000)) == 0
    await store.note_progress([progress(routing_id, RoutingStatus.COMPLETED, seconds=700)], 4)
    assert (await store.archivable(at(700)), await store.archivable(at(701))) == (0, 1)


@pytest.mark.parametrize("state", [None, ActionState.UNKNOWN])
async def test_a_job_of_which_something_is_still_being_delivered_stays(
    store: Store, companies: list[Owned], state: ActionState | None
) -> None:
    await enter(store, companies)
    await deliver(store, companies[0])
    if state is not None:
        await begin(store, companies[1], action_of("job", companies[1]))
        await end(store, companies[1], action_of("job", companies[1]), state, parked=True)
    done = progress(routing_of("job", companies[0]), RoutingStatus.COMPLETED)
    await store.note_progress([done], 1)
    assert await store.archivable(at(10_000)) == 0
    assert await store.archive_jobs(at(10_000), at(10_000), limit=10) == 0


async def test_the_oldest_are_put_away_first_and_all_are_in_the_end(
    store: Store, companies: list[Owned]
) -> None:
    for number in range(5):
        await complete(store, companies, f"job {number}", seconds=100 + number)
    assert await store.archive_jobs(at(900), at(900), limit=2) == 2
    archived = {job.id for job in await store.jobs(JobFilter(archived=True))}
    assert archived == {"job 0", "job 1"}
    assert [await store.archive_jobs(at(900), at(900), limit=2) for _ in range(3)] == [2, 1, 0]


async def test_a_piece_is_bounded_by_its_routings_too(store: Store) -> None:
    companies = [await own(store, f"realm-{number}") for number in range(120)]
    for number in range(9):
        await enter(store, companies, f"job {number}")
        await store.cancel_job(f"job {number}", at(5))
    pieces = [await store.archive_jobs(at(900), at(900), limit=200) for _ in range(6)]
    assert pieces == [2, 2, 2, 2, 1, 0]


async def test_pages_of_what_was_put_away_are_those_of_the_others(
    store: Store, companies: list[Owned]
) -> None:
    for number in range(4):
        await enter(store, companies[:1] if number % 2 else companies, f"{number}", seconds=number)
        await store.cancel_job(f"{number}", at(5))
    await complete(store, companies, "done", seconds=6)
    await enter(store, companies[1:], "failed", seconds=7)
    await refuse(store, companies[1], "failed")
    await enter(store, companies[:1], "failed elsewhere", seconds=8)
    await refuse(store, companies[0], "failed elsewhere")
    wanted = [
        JobFilter(),
        JobFilter(limit=2),
        JobFilter(since=at(2)),
        JobFilter(status=JobStatus.COMPLETED),
        JobFilter(account_id=companies[1].account_id),
        JobFilter(account_id="account of origin", before_id="2"),
        JobFilter(account_id=companies[0].account_id, status=JobStatus.CANCELED, limit=3),
        JobFilter(account_id=companies[1].account_id, status=JobStatus.FAILED),
        JobFilter(account_id="account of origin", status=JobStatus.FAILED, limit=1),
    ]
    before = [[job.id for job in await store.jobs(each)] for each in wanted]
    assert all(before)
    assert before[-2:] == [["failed"], ["failed elsewhere"]]
    while await store.archive_jobs(at(900), at(900), limit=2):
        pass
    after = [await store.jobs(replace(each, archived=True)) for each in wanted]
    assert [[job.id for job in jobs] for jobs in after] == before
    assert all(job.archived_at == at(900) for jobs in after for job in jobs)
    assert await store.jobs(JobFilter()) == []


async def test_a_key_stays_taken_by_the_job_that_was_put_away(
    store: Store, companies: list[Owned]
) -> None:
    await store.accept_job(new_job(key="k"), [new_routing("job", companies[0])])
    await store.cancel_job("job", at(5))
    await store.archive_jobs(at(900), at(900), limit=10)
    again, is_new = await store.accept_job(new_job("other", key="k", seconds=9), [])
    assert (again, is_new) == (await store.job("job"), False)
    assert again.archived_at == at(900)
    with pytest.raises(JobConflictError):
        await store.accept_job(new_job("other", key="k", fingerprint="g"), [])


async def test_nothing_becomes_of_what_was_put_away(store: Store, companies: list[Owned]) -> None:
    await complete(store, companies)
    await store.archive_jobs(at(900), at(900), limit=10)
    before = await store.job("job")
    done, failed = (routing_of("job", company) for company in companies)
    assert await store.routing(done) is None
    amounts = {("invoices", "1"): Decimal(1)}
    await store.note_progress([progress(done, RoutingStatus.CANCELED, amounts=amounts)], 5)
    objects = [("leads", "lead of job"), ("jobs", "job of job")]
    assert await store.routings_of(companies[0].account_id, objects, ["k"]) == []
    refused = action_of("job", companies[1])
    assert not await store.offer_again(failed, offer("second"), at(901), instead_of=refused)
    with pytest.raises(ActionConflictError, match="put away"):
        await store.revive_action(companies[1].account_id, refused, at(901))
    assert await store.cancel_job("job", at(902)) == before
    await store.disconnect(companies[0].account_id, purge=True, at=at(903))
    assert await store.job("job") == before
