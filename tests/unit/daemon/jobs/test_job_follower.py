"""What became of routed work comes back by the changes of the replica, whatever breaks off in between."""

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from actors.events import ActionEnded
from actors.vendors.registry import DISPATCHING
from daemon.jobs.follower import JobFollower
from store.action_models import ActionState
from store.errors import StoreUnavailableError
from store.job_models import JobStatus, Routing, RoutingStatus
from store.models import ObjectFilter, ObjectRecord, StoredObject
from store.sqlite import SqliteStore
from support.jobs import action_of, deliver, enter, routings, told
from support.store_fixtures import (
    Owned,
    at,
    credential,
    on_writer,
    open_quick,
    record,
    tombstone,
)
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await open_quick(tmp_path / "syncline.db") as opened:
        yield opened


async def company(store: SqliteStore, name: str = "tenant-1") -> Owned:
    account, _ = await store.connect("servicetitan", name, name, credential(), at(0), name)
    claimed = await store.claim(account.id)
    return Owned(account.id, claimed.account.epoch)


def row(object_type: str, object_id: str, seconds: float, **members: object) -> ObjectRecord:
    """Return a row of the vendor's."""
    body = json.dumps({"id": int(object_id), "active": True, **members}).encode()
    return record(object_id, seconds, object_type=object_type, payload=body)


def lead(object_id: str, seconds: float, status: str = "Open", **members: object) -> ObjectRecord:
    return row("leads", object_id, seconds, status=status, campaignId=3, **members)


def job(object_id: str, seconds: float, status: str, **members: object) -> ObjectRecord:
    made = {"createdOn": at(50).isoformat(), "campaignId": 3, "invoiceId": 900}
    return row("jobs", object_id, seconds, jobStatus=status, **{**made, **members})


def invoice(seconds: float, total: str, job_id: int, object_id: str = "900") -> ObjectRecord:
    return row("invoices", object_id, seconds, total=total, job={"id": job_id})


class Following:
    """A follower at work."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.follower = JobFollower(store, DISPATCHING, VirtualClock())

    async def within(self, seconds: float) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.follower.run)
            await anyio.sleep(seconds)
            tasks.cancel_scope.cancel()


async def offered(store: SqliteStore, kind: str = "lead", job_id: str = "job") -> Owned:
    """Have a job delivered to a company as lead 11 or booking 11."""
    owner = await company(store)
    await enter(store, [owner], job_id)
    await deliver(store, owner, job_id, lead_id="11")
    if kind == "booking":
        # Fixtures deliver leads.
        await on_writer(
            store,
            lambda connection: connection.execute("UPDATE routings SET external_type = 'bookings'"),
        )
    return owner


async def only(store: SqliteStore, job_id: str = "job") -> Routing:
    (routing,) = await routings(store, job_id)
    return routing


async def test_a_booking_becomes_a_job_that_is_done_and_brings_something(
    store: SqliteStore,
) -> None:
    owner = await offered(store, "booking")
    steps = [
        row("bookings", "11", 60, status="Converted", jobId=70),
        job("70", 61, "Scheduled", bookingId=11),
        job("70", 62, "InProgress", bookingId=11),
        job("70", 63, "Completed", bookingId=11, completedOn=at(63).isoformat()),
        invoice(64, "850.10", 70),
        invoice(65, "-50.10", 70, "901"),
    ]
    following = Following(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.follower.run)
        await anyio.sleep(30)
        seen = []
        for each in steps:
            await store.apply_page(owner.page(each))
            await anyio.sleep(1)
            seen.append((await only(store)).status)
        tasks.cancel_scope.cancel()
    assert [each.value for each in seen] == [
        *("accepted", "scheduled", "in_progress", "completed", "completed", "completed")
    ]
    routing = await only(store)
    assert (routing.revenue, routing.completed_at) == (Decimal("800.00"), at(63))
    assert (routing.external_job_type, routing.external_job_id) == ("jobs", "70")
    assert told(routing)[-1] == ("completed", "jobs 70: Completed")
    found = await store.job("job")
    assert found is not None
    assert found.status is JobStatus.COMPLETED


async def test_a_link_that_comes_late_finds_what_its_job_said_before(store: SqliteStore) -> None:
    owner = await offered(store, "booking")
    done = job("70", 61, "Completed", completedOn=at(61).isoformat())
    adjusted = invoice(62, "-2.50", 70, "901")
    other = invoice(62, "99.00", 71, "902")
    await store.apply_page(owner.page(done, invoice(61, "12.50", 70), adjusted, other))
    await Following(store).within(5)
    assert (await only(store)).status is RoutingStatus.SYNCED
    await store.apply_page(owner.page(row("bookings", "11", 62, status="Converted", jobId=70)))
    await Following(store).within(5)
    routing = await only(store)
    assert (routing.status, routing.revenue) == (RoutingStatus.COMPLETED, Decimal("10.00"))
    assert [step for step, _ in told(routing)][-2:] == ["synced", "completed"]


@pytest.mark.parametrize("first", ["lead", "job", "together"])
async def test_a_lead_finds_its_job_by_what_both_have_in_common(
    store: SqliteStore, first: str
) -> None:
    owner = await offered(store)
    converted = lead("11", 62, "Converted", customerId=5)
    booked = job("70", 61, "Scheduled", customerId=5)
    pages = {"lead": [[converted], [booked]], "job": [[booked], [converted]]}
    others = [job("71", 61, "Scheduled", customerId=6), job("69", 1, "Hold", customerId=5)]
    others[1] = row(
        *("jobs", "69", 1), jobStatus="Hold", customerId=5, campaignId=3, createdOn="2020-01-01"
    )
    await store.apply_page(owner.page(*others))
    for page in pages.get(first, [[converted, booked]]):
        await store.apply_page(owner.page(*page))
        await Following(store).within(5)
    routing = await only(store)
    assert (routing.status, routing.external_job_id) == (RoutingStatus.SCHEDULED, "70")


async def test_two_jobs_that_could_be_the_one_are_neither(store: SqliteStore) -> None:
    owner = await offered(store)
    page = [lead("11", 62, "Converted", customerId=5)]
    page += [job(number, 61, "Scheduled", customerId=5) for number in ("70", "71")]
    await store.apply_page(owner.page(*page))
    await Following(store).within(5)
    await store.apply_page(owner.page(job("71", 63, "InProgress", customerId=5)))
    await Following(store).within(5)
    routing = await only(store)
    assert (routing.status, routing.external_job_id) == (RoutingStatus.ACCEPTED, None)


async def test_a_lead_that_was_seen_before_it_was_known_to_be_ours(store: SqliteStore) -> None:
    """The answer was lost, a poll brought the lead, and only then it was found to be ours."""
    owner = await company(store)
    await enter(store, [owner])
    await store.apply_page(owner.page(lead("11", 60, "Dismissed")))
    following = Following(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.follower.run)
        await anyio.sleep(5)
        await deliver(store, owner, lead_id="11")
        action = await store.action(owner.account_id, action_of("job", owner))
        assert action is not None
        ended = ActionEnded(
            owner.account_id,
            "servicetitan",
            action.id,
            action.action_type,
            ActionState.SUCCEEDED,
            1.0,
            None,
            action,
        )
        following.follower.listen(ended)
        await anyio.sleep(1)
        assert (await only(store)).status is RoutingStatus.CANCELED
        tasks.cancel_scope.cancel()


async def test_what_an_event_told_and_a_crash_lost_is_found_at_the_next_start(
    store: SqliteStore,
) -> None:
    owner = await company(store)
    await enter(store, [owner])
    await store.apply_page(owner.page(lead("11", 60, "Dismissed")))
    await deliver(store, owner, lead_id="11")
    await store.note_progress((), await store.last_seq())
    await Following(store).within(5)
    assert (await only(store)).status is RoutingStatus.CANCELED


async def test_what_breaks_off_anywhere_is_done_again_without_a_second_step(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await offered(store)
    await Following(store).within(5)
    await store.apply_page(owner.page(lead("11", 62, "Dismissed")))
    real, calls = store.note_progress, 0

    async def stored_and_lost(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls != 1:
            await real(*arguments)  # type: ignore[arg-type]
        if calls < 3:
            raise StoreUnavailableError("the disk is full for a moment")

    monkeypatch.setattr(store, "note_progress", stored_and_lost)
    await Following(store).within(60)
    assert calls >= 3
    assert [step for step, _ in told(await only(store))].count("canceled") == 1
    assert await store.followed_seq() == await store.last_seq()


async def test_status_goes_back_when_the_company_takes_it_back(store: SqliteStore) -> None:
    owner = await offered(store, "booking")
    done_at = at(62).isoformat()
    for each in (
        job("70", 61, "Completed", bookingId=11, completedOn=done_at),
        job("70", 62, "InProgress", bookingId=11, completedOn=done_at),
    ):
        await store.apply_page(owner.page(each))
        await Following(store).within(5)
    routing = await only(store)
    assert (routing.status, routing.completed_at) == (RoutingStatus.IN_PROGRESS, None)


async def test_a_job_that_is_deleted_is_called_off(store: SqliteStore) -> None:
    owner = await offered(store, "booking")
    await store.apply_page(owner.page(job("70", 61, "Scheduled", bookingId=11)))
    await Following(store).within(5)
    page = owner.page(tombstones=[tombstone("70", 62, object_type="jobs")])
    await store.apply_page(page)
    await Following(store).within(5)
    assert (await only(store)).status is RoutingStatus.CANCELED


async def test_no_change_is_read_where_nothing_is_routed(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await company(store)
    await store.apply_page(owner.page(job("70", 61, "Scheduled")))

    async def read(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(store, "changes", read)
    monkeypatch.setattr(store, "named_objects", read)
    following = Following(store)
    await following.within(5)
    assert following.follower.unfollowed(await store.last_seq()) == 0
    assert await store.followed_seq() == await store.last_seq()


async def test_one_companys_row_that_cannot_be_understood_holds_up_no_other(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await offered(store)
    other = await company(store, "tenant-2")
    await store.apply_page(owner.page(lead("11", 62, "Dismissed")))
    await store.apply_page(other.page(lead("666", 62)))
    dispatcher = DISPATCHING["servicetitan"]
    real = type(dispatcher).sighting

    def sighting(self: object, object_type: str, payload: bytes) -> object:
        if b"666" in payload:
            raise ValueError("what is this?")
        return real(self, object_type, payload)  # type: ignore[arg-type]

    monkeypatch.setattr(type(dispatcher), "sighting", sighting)
    await Following(store).within(5)
    assert (await only(store)).status is RoutingStatus.CANCELED


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_another_job_brought_goes_when_the_offer_names_a_new_one(
    store: SqliteStore, *, at_once: bool
) -> None:
    owner = await offered(store, "booking")
    first = [
        row("bookings", "11", 60, status="Converted", jobId=70),
        job("70", 61, "Scheduled", bookingId=11),
        invoice(61, "100.00", 70),
        invoice(61, "5.00", 70, "901"),
    ]
    again = [
        row("bookings", "11", 70, status="Converted", jobId=71),
        job("70", 71, "Canceled", bookingId=11),
        job("71", 71, "Scheduled", bookingId=11, invoiceId=902),
        invoice(71, "250.00", 71, "902"),
    ]
    await store.apply_page(owner.page(*first))
    await Following(store).within(5)
    assert (await only(store)).revenue == Decimal("105.00")
    for page in [again] if at_once else [[each] for each in again]:
        await store.apply_page(owner.page(*page))
        await Following(store).within(5)
    routing = await only(store)
    assert (routing.external_job_id, routing.status) == ("71", RoutingStatus.SCHEDULED)
    assert routing.revenue == Decimal("250.00")


async def test_a_job_that_a_lead_has_none_of_is_not_searched_for_each_hour(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await offered(store)
    await store.apply_page(owner.page(lead("11", 62, "Converted", customerId=5)))
    searches, objects = list[ObjectFilter](), store.objects

    async def counted(wanted: ObjectFilter) -> Sequence[StoredObject]:
        searches.append(wanted)
        return await objects(wanted)

    monkeypatch.setattr(store, "objects", counted)
    following = Following(store)
    await following.within(60)
    assert searches
    searches.clear()
    await following.within(3 * 3_600)
    assert searches == []
    await store.apply_page(owner.page(job("70", 63, "Scheduled", customerId=5)))
    await following.within(5)
    assert (await only(store)).status is RoutingStatus.SCHEDULED
