from datetime import UTC, datetime

import anyio
import pytest

from actors.events import CallMade, PageStored, ReadsResumed
from daemon.throughput import INTERVAL_S, KEPT, Throughput
from store.models import Via
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


def call(reason: str | None = None) -> CallMade:
    return CallMade("quickbooks", "query", 200, reason, 0.1, None, None)


def page(objects: int, upserts: int, deletes: int) -> PageStored:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    return PageStored(
        "a",
        "quickbooks",
        "feed",
        Via.POLL,
        objects,
        upserts,
        deletes,
        duration_s=0.1,
        exact_as_of=now,
    )


async def test_events_are_counted_in_the_interval_in_which_they_happen() -> None:
    throughput = Throughput(VirtualClock())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(throughput.run)
        await anyio.sleep(1.0)
        for event in (call(), call("throttled"), page(5, 2, 1), ReadsResumed("quickbooks", "m")):
            throughput.listen(event)
        assert throughput.intervals() == ()
        await anyio.sleep(INTERVAL_S)
        throughput.listen(page(7, 0, 0))
        await anyio.sleep(INTERVAL_S)
        tasks.cancel_scope.cancel()
    first, second = throughput.intervals()
    assert (first.calls, first.failed, first.objects, first.changes) == (2, 1, 5, 3)
    assert (second.calls, second.failed, second.objects, second.changes) == (0, 0, 7, 0)
    assert second.ended_at_s - first.ended_at_s == INTERVAL_S


async def test_an_hour_is_kept() -> None:
    throughput = Throughput(VirtualClock())
    with anyio.move_on_after(2 * KEPT * INTERVAL_S):
        await throughput.run()
    assert len(throughput.intervals()) == KEPT
