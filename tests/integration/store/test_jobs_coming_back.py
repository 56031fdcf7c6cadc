"""What became of routings is stored once, in order, with exact sums, and finds its way by any link."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from store.action_models import ActionState
from store.job_models import (
    FailedRoutings,
    JobFilter,
    JobStatus,
    Routing,
    RoutingEvent,
    RoutingStatus,
    TrackedObject,
)
from store.ports import Store
from support.jobs import (
    action_of,
    begin,
    deliver,
    end,
    enter,
    progress,
    refuse,
    routing_of,
    routings,
)
from support.store_fixtures import Owned, at, own, record

ROUTING = "job to account of realm-1"
JOB = ("jobs", "J1")


@pytest.fixture
async def synced(store: Store, company: Owned) -> Owned:
    await enter(store, [company])
    await deliver(store, company)
    return company


async def only(store: Store) -> Routing:
    (routing,) = await routings(store)
    return routing


async def status(store: Store) -> JobStatus:
    job = await store.job("job")
    assert job is not None
    return job.status


async def found(
    store: Store,
    company: Owned,
    *objects: tuple[str, str],
    match_keys: Sequence[str] = (),
) -> list[str]:
    return [each.id for each in await store.routings_of(company.account_id, objects, match_keys)]


async def test_each_status_is_a_step_with_its_time_and_cause(store: Store, synced: Owned) -> None:
    steps = [RoutingStatus.ACCEPTED, RoutingStatus.SCHEDULED, RoutingStatus.IN_PROGRESS]
    for number, step in enumerate(steps):
        known = progress(ROUTING, step, seconds=10 + number, cause=f"word {number}", job=JOB)
        await store.note_progress([known], number)
    routing = await only(store)
    assert routing.history[3:] == tuple(
        RoutingEvent(at(10 + number), step, f"word {number}") for number, step in enumerate(steps)
    )
    assert (routing.external_job_type, routing.external_job_id) == JOB
    assert await status(store) is JobStatus.ACTIVE


async def test_what_is_told_again_is_no_step(store: Store, synced: Owned) -> None:
    amounts = {("invoices", "1"): Decimal("10.10")}
    known = progress(ROUTING, RoutingStatus.SCHEDULED, job=JOB, amounts=amounts)
    await store.note_progress([known], 5)
    before = await store.job("job")
    await store.note_progress([known, known], 5)
    await store.note_progress([known], 4)
    assert await store.job("job") == before
    assert await store.followed_seq() == 5


async def test_several_steps_of_one_routing_are_taken_in_their_order(
    store: Store, synced: Owned
) -> None:
    steps = (RoutingStatus.ACCEPTED, RoutingStatus.SCHEDULED, RoutingStatus.ACCEPTED)
    await store.note_progress([progress(ROUTING, step) for step in steps], 1)
    routing = await only(store)
    assert [step.status for step in routing.history[3:]] == list(steps)
    assert routing.status is RoutingStatus.ACCEPTED


async def test_what_is_not_told_stays(store: Store, synced: Owned) -> None:
    amounts = {("invoices", "1"): Decimal(5)}
    await store.note_progress(
        [
            progress(
                ROUTING,
                RoutingStatus.COMPLETED,
                job=JOB,
                match_key="customer 9",
                completed_at=at(50),
                amounts=amounts,
            )
        ],
        1,
    )
    before = await only(store)
    assert (before.match_key, before.completed_at, before.revenue) == (
        "customer 9",
        at(50),
        Decimal(5),
    )
    await store.note_progress([progress(ROUTING)], 2)
    assert await only(store) == before


async def test_a_date_of_completion_does_not_outlive_the_completion(
    store: Store, synced: Owned
) -> None:
    done = progress(ROUTING, RoutingStatus.COMPLETED, completed_at=at(50))
    await store.note_progress([done], 1)
    await store.note_progress([progress(ROUTING, RoutingStatus.IN_PROGRESS)], 2)
    assert (await only(store)).completed_at is None
    assert await status(store) is JobStatus.ACTIVE


async def test_revenue_is_the_exact_sum_of_what_there_is_by_now(
    store: Store, synced: Owned
) -> None:
    huge, tiny = Decimal("123456789012345678901234567890.5"), Decimal("0.0000000001")
    invoices = {("invoices", "1"): huge, ("invoices", "2"): tiny, ("jobs", "1"): Decimal("-1E+2")}
    await store.note_progress([progress(ROUTING, amounts=invoices)], 1)
    assert (await only(store)).revenue == Decimal("123456789012345678901234567790.5000000001")
    await store.note_progress([progress(ROUTING, amounts={("invoices", "1"): None})], 2)
    assert (await only(store)).revenue == Decimal("-99.9999999999")
    gone = {("invoices", "2"): None, ("jobs", "1"): None, ("jobs", "never was"): None}
    await store.note_progress([progress(ROUTING, amounts=gone)], 3)
    assert (await only(store)).revenue is None


async def test_zero_is_revenue(store: Store, synced: Owned) -> None:
    amounts = {("invoices", "1"): Decimal("0.00")}
    await store.note_progress([progress(ROUTING, amounts=amounts)], 1)
    assert (await only(store)).revenue == Decimal(0)


async def test_many_routings_are_brought_up_to_date_in_one_piece(
    store: Store, company: Owned
) -> None:
    ids = [f"job {number}" for number in range(20)]
    for job_id in ids:
        await enter(store, [company], job_id)
    known = [
        progress(
            routing_of(job_id, company),
            RoutingStatus.SCHEDULED,
            amounts={("invoices", job_id): Decimal(number)},
        )
        for number, job_id in enumerate(ids)
    ]
    await store.note_progress(known, 9)
    jobs = {job.id: job for job in await store.jobs(JobFilter())}
    for number, job_id in enumerate(ids):
        assert jobs[job_id].status is JobStatus.ACTIVE
        assert jobs[job_id].routings[0].revenue == Decimal(number)


async def test_progress_of_what_is_not_there_is_nothing(store: Store, synced: Owned) -> None:
    before = await only(store)
    amounts = {("invoices", "1"): Decimal(5)}
    await store.note_progress([progress("no such", RoutingStatus.ACCEPTED, amounts=amounts)], 7)
    assert await only(store) == before
    assert await store.followed_seq() == 7


async def test_following_begins_with_what_changes_from_now_on(store: Store, company: Owned) -> None:
    assert await store.followed_seq() == 0
    await store.apply_page(company.page(record("1")))
    await store.note_progress([], 1)
    assert await store.followed_seq() == 1


async def test_a_routing_is_found_by_its_lead_its_job_and_its_key(
    store: Store, company: Owned, synced: Owned
) -> None:
    await enter(store, [company], "another")
    await deliver(store, company, "another", lead_id="L2")
    another = routing_of("another", company)
    known = progress(ROUTING, RoutingStatus.SCHEDULED, job=("jobs", "L2"), match_key="k")
    await store.note_progress([known], 1)
    assert await found(store, company, ("leads", "L1")) == [ROUTING]
    assert await found(store, company, ("leads", "L2")) == [another]
    assert await found(store, company, ("jobs", "L2")) == [ROUTING]
    assert await found(store, company, ("invoices", "L2"), ("jobs", "L1")) == []
    assert await found(store, company, match_keys=["k", "other"]) == [ROUTING]
    everything = (("leads", "L1"), ("leads", "L2"), ("jobs", "L2"))
    assert await found(store, company, *everything, match_keys=["k"]) == [ROUTING, another]
    (routing,) = await store.routings_of(company.account_id, [("leads", "L1")])
    assert routing == await store.routing(ROUTING)
    stranger = await own(store, "realm-2")
    assert await found(store, stranger, *everything, match_keys=["k"]) == []


async def test_unfinished_routings_are_tracked_by_all_they_hang_on(
    store: Store, company: Owned
) -> None:
    names = ("a", "b", "c", "d", "e")
    for name in names:
        await enter(store, [company], name)
    for name in names[:4]:
        await deliver(store, company, name, lead_id=f"lead {name}")
    await refuse(store, company, "e")
    await store.note_progress(
        [
            progress(routing_of("b", company), RoutingStatus.SCHEDULED, job=("jobs", "job b")),
            progress(routing_of("c", company), RoutingStatus.COMPLETED, job=("jobs", "job c")),
        ],
        1,
    )
    account_id = company.account_id
    tracked = [
        TrackedObject(routing_of("a", company), account_id, "leads", "lead a"),
        TrackedObject(routing_of("b", company), account_id, "leads", "lead b"),
        TrackedObject(routing_of("b", company), account_id, "jobs", "job b"),
        TrackedObject(routing_of("d", company), account_id, "leads", "lead d"),
    ]
    assert await store.tracked(account_id, limit=10) == tracked
    assert await store.tracked(account_id, limit=2) == tracked[:3]
    behind = routing_of("b", company)
    assert await store.tracked(account_id, limit=2, after_id=behind) == tracked[3:]
    assert await store.tracked("account of nobody", limit=10) == []


async def test_what_was_completed_is_tracked_too_for_as_long_as_it_is_asked_for(
    store: Store, company: Owned
) -> None:
    completed = {"dated": at(50), "undated": None, "long ago": at(10)}
    for name in (*completed, "open", "called off"):
        await enter(store, [company], name)
        await deliver(store, company, name, lead_id=name)
    await store.note_progress(
        [
            *(
                progress(
                    routing_of(name, company),
                    RoutingStatus.COMPLETED,
                    completed_at=done_at,
                    seconds=30,
                )
                for name, done_at in completed.items()
            ),
            progress(routing_of("called off", company), RoutingStatus.CANCELED, seconds=30),
        ],
        1,
    )

    async def tracked(seconds: float) -> list[str]:
        found = await store.tracked(company.account_id, limit=10, done_since=at(seconds))
        return [each.object_id for each in found]

    assert await tracked(10) == ["dated", "long ago", "open", "undated"]
    assert await tracked(30) == ["dated", "open", "undated"]
    assert await tracked(31) == ["dated", "open"]
    assert await tracked(51) == ["open"]
    first = await store.tracked(company.account_id, limit=1, done_since=at(10))
    behind = await store.tracked(
        company.account_id, limit=1, after_id=first[-1].routing_id, done_since=at(10)
    )
    assert [each.object_id for each in (*first, *behind)] == ["dated", "long ago"]


async def test_failed_routings_are_counted_by_company_with_the_last_cause(
    store: Store, company: Owned
) -> None:
    other = await own(store, "realm-2")
    for number, (name, offered) in enumerate(
        {"a": [company, other], "b": [company], "c": [company], "open": [company]}.items()
    ):
        await enter(store, offered, name)
        if name != "open":
            action_id = action_of(name, company)
            await begin(store, company, action_id, number)
            error = f"cause {name}"
            await end(store, company, action_id, ActionState.FAILED, seconds=number, error=error)
    failed = await store.failed_routings(at(0))
    assert failed == [FailedRoutings(company.account_id, 3, "cause c")]
    assert await store.failed_routings(at(1)) == [FailedRoutings(company.account_id, 2, "cause c")]
    assert await store.failed_routings(at(3)) == []


async def test_routings_are_counted_by_status(store: Store, company: Owned, synced: Owned) -> None:
    await enter(store, [company], "another")
    assert await store.routing_counts() == {"synced": 1, "pending": 1}
