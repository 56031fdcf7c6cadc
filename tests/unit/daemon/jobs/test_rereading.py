"""What may change without a list telling of it is read again now and then, and comes back all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from actors.vendors.registry import DISPATCHING
from daemon.jobs.rereading import Rereading
from daemon.supervisor import Supervisor
from store.job_models import Routing, RoutingStatus
from support.routed_house import RoutedHouse, open_routed_house
from support.virtual_time import VIRTUAL_BACKEND

HOUR_S = 3_600.0


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[RoutedHouse]:
    async with open_routed_house(tmp_path) as opened:
        yield opened


def rereading(house: RoutedHouse, supervisor: Supervisor, *, window_s: float = 1e7) -> Rereading:
    return Rereading(house.real_store, supervisor, DISPATCHING, house.clock, HOUR_S, window_s)


async def only(house: RoutedHouse) -> Routing:
    ((routing,),) = [job.routings for job in await house.jobs()]
    return routing


async def converted(house: RoutedHouse) -> int:
    """Have a booking delivered and converted, and that come back; return the job."""
    partner = await house.connect_titan(books=True)
    async with house.living():
        await anyio.sleep(60)
        await house.enter(1)
        await anyio.sleep(60)
        booking = int((await only(house)).external_id or "")
        office = house.titan.business(partner.company).office
        job_id = office.convert_booking(booking, house.titan.now())
        await anyio.sleep(1_300)
    assert (await only(house)).status is RoutingStatus.SCHEDULED
    return job_id


def silently(house: RoutedHouse, job_id: int, **fields: object) -> None:
    """Change a job without moving its time: no feed tells of it."""
    (tenant,) = house.titan.tenants.values()
    tenant.change_silently("jobs", job_id, **fields)


async def test_a_change_that_no_feed_tells_of_comes_back_within_an_hour(
    house: RoutedHouse,
) -> None:
    job_id = await converted(house)
    silently(house, job_id, jobStatus="InProgress")
    async with house.living() as supervisor, anyio.create_task_group() as tasks:
        tasks.start_soon(rereading(house, supervisor).run)
        await anyio.sleep(2 * HOUR_S + 60)
        tasks.cancel_scope.cancel()
    assert (await only(house)).status is RoutingStatus.IN_PROGRESS


async def test_without_it_nobody_would_know(house: RoutedHouse) -> None:
    job_id = await converted(house)
    silently(house, job_id, jobStatus="InProgress")
    async with house.living():
        await anyio.sleep(5 * HOUR_S)
    assert (await only(house)).status is RoutingStatus.SCHEDULED


async def test_what_a_feed_brought_of_late_is_not_asked_for(house: RoutedHouse) -> None:
    await converted(house)
    async with house.living() as supervisor:
        await anyio.sleep(60)
        batches = await rereading(house, supervisor)._batches(HOUR_S)  # noqa: SLF001
        assert batches == []
        batches = await rereading(house, supervisor)._batches(60.0)  # noqa: SLF001
        assert [len(batch.refs) for batch in batches] == [1]


async def test_what_is_done_is_read_for_as_long_as_its_revenue_may_change(
    house: RoutedHouse,
) -> None:
    job_id = await converted(house)
    (tenant,) = house.titan.tenants.values()
    now = house.titan.now()
    tenant.change(
        "jobs", job_id, now, jobStatus="Completed", completedOn=now.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    async with house.living() as supervisor:
        await anyio.sleep(1_300)
        assert (await only(house)).status is RoutingStatus.COMPLETED
        await anyio.sleep(HOUR_S)
        reads = rereading(house, supervisor, window_s=10 * HOUR_S)
        assert len(await reads._batches(HOUR_S)) == 1  # noqa: SLF001
        await anyio.sleep(12 * HOUR_S)
        assert await reads._batches(HOUR_S) == []  # noqa: SLF001
