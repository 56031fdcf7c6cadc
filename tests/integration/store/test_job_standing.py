"""Where a job stands follows from its routings, and from nothing else, whatever happens to them."""

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise
from random import Random

import pytest

from store.job_models import JobStatus, RoutingStatus
from store.ports import Store
from support.jobs import enter, progress, routing_of
from support.store_fixtures import Owned, at, own

WORKING = {RoutingStatus.ACCEPTED, RoutingStatus.SCHEDULED, RoutingStatus.IN_PROGRESS}
SENDING = {RoutingStatus.PENDING, RoutingStatus.SENDING}


def expected(statuses: Sequence[RoutingStatus], *, called_off: bool) -> JobStatus:
    """The rule in words of its own: see `JobStatus`."""
    if WORKING & {*statuses}:
        return JobStatus.ACTIVE
    if RoutingStatus.COMPLETED in statuses:
        return JobStatus.COMPLETED
    waits_for = SENDING if called_off else {*SENDING, RoutingStatus.SYNCED}
    if waits_for & {*statuses}:
        return JobStatus.ROUTING
    if statuses and not called_off and {*statuses} == {RoutingStatus.FAILED}:
        return JobStatus.FAILED
    return JobStatus.CANCELED


@pytest.fixture
async def companies(store: Store) -> list[Owned]:
    return [await own(store, f"realm-{number}") for number in range(3)]


async def put(
    store: Store, companies: Sequence[Owned], job_id: str, statuses: Sequence[RoutingStatus]
) -> None:
    known = [
        progress(routing_of(job_id, company), step)
        for company, step in zip(companies, statuses, strict=True)
    ]
    await store.note_progress(known, 0)


async def standing(store: Store, job_id: str) -> tuple[list[RoutingStatus], JobStatus]:
    job = await store.job(job_id)
    assert job is not None
    return [routing.status for routing in job.routings], job.status


@pytest.mark.parametrize("number_of_companies", [1, 2, 3])
async def test_every_mixture_of_routings(
    store: Store, companies: list[Owned], number_of_companies: int
) -> None:
    offered_to = companies[:number_of_companies]
    for mixture in combinations_with_replacement(RoutingStatus, number_of_companies):
        job_id = " ".join(mixture)
        await enter(store, offered_to, job_id)
        await put(store, offered_to, job_id, mixture)
        statuses, status = await standing(store, job_id)
        assert statuses == list(mixture)
        assert status is expected(statuses, called_off=False), statuses
        # What all companies have is theirs: there is nothing to call off.
        called_off = bool({*SENDING, RoutingStatus.FAILED} & {*statuses})
        await store.cancel_job(job_id, at(500))
        statuses, status = await standing(store, job_id)
        assert status is expected(statuses, called_off=called_off), (mixture, statuses)


@pytest.mark.parametrize("seed", range(4))
async def test_any_walk_of_steps_leaves_the_job_where_its_routings_are(
    store: Store, companies: list[Owned], seed: int
) -> None:
    random = Random(seed)
    await enter(store, companies)
    for seconds in range(100, 160):
        company, step = random.choice(companies), random.choice([*RoutingStatus])
        known = progress(routing_of("job", company), step, seconds=seconds)
        await store.note_progress([known], 0)
        statuses, status = await standing(store, "job")
        assert status is expected(statuses, called_off=False), statuses
        job = await store.job("job")
        assert job is not None
        for routing in job.routings:
            assert routing.history[-1].status is routing.status
            steps = [each.status for each in routing.history]
            assert all(a is not b for a, b in pairwise(steps)), steps
        over = status in {JobStatus.COMPLETED, JobStatus.CANCELED, JobStatus.FAILED}
        waits = bool(SENDING & {*statuses})
        assert await store.archivable(at(1000)) == (over and not waits)
