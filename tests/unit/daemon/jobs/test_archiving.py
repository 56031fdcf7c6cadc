"""Jobs that ended long ago are put away once a day, in small pieces."""

from datetime import UTC, time, timedelta
from pathlib import Path

import anyio
import pytest

from daemon.jobs.archiving import Archiving
from store.errors import StoreUnavailableError
from store.sqlite import SqliteStore
from support.jobs import enter, refuse
from support.store_fixtures import START, open_quick, own
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

DAY_S = 86_400.0


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


async def over(store: SqliteStore, jobs: int) -> None:
    """Have so many jobs fail for good, at `START`."""
    company = await own(store)
    for number in range(jobs):
        await enter(store, [company], f"job {number}")
        await refuse(store, company, f"job {number}")


def archiving(store: SqliteStore, clock: VirtualClock, after_s: float | None = DAY_S) -> Archiving:
    return Archiving(store, clock, after_s, time(2), UTC)


async def test_what_ended_long_enough_ago_is_put_away_at_night(tmp_path: Path) -> None:
    clock = VirtualClock(START)  # 09:00
    async with await open_quick(tmp_path / "syncline.db") as store:
        await over(store, 120)
        left = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(archiving(store, clock).run)
            await anyio.sleep(90)
            for _ in range(48):
                await anyio.sleep(3_600)
                left.append(await store.archivable(clock.utc() + timedelta(days=9)))
            tasks.cancel_scope.cancel()
        assert left.index(0) == 40  # 02:00 of the day after the next
        assert set(left[:40]) == {120}
        job = await store.job("job 7")
        assert job is not None
        assert job.archived_at is not None


async def test_a_night_that_was_missed_is_made_up_for_once(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with await open_quick(tmp_path / "syncline.db") as store:
        await over(store, 3)
        clock.epoch = START + timedelta(days=5)
        for expected in (0, 0):
            with anyio.move_on_after(30):
                await archiving(store, clock).run()
            assert await store.archivable(clock.utc()) == expected
        await enter(store, [await own(store)], "late")
        await refuse(store, await own(store), "late")
        with anyio.move_on_after(30):
            await archiving(store, clock).run()
        assert await store.archivable(clock.utc()) == 1  # it was done today already


async def test_a_night_without_room_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(START)
    async with await open_quick(tmp_path / "syncline.db") as store:
        await over(store, 60)
        clock.epoch = START + timedelta(days=5)
        real, calls = store.archive_jobs, 0

        async def full(*arguments: object, **named: object) -> int:
            nonlocal calls
            calls += 1
            if calls in (1, 3):
                raise StoreUnavailableError("no space left")
            return await real(*arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(store, "archive_jobs", full)
        with anyio.move_on_after(600):
            await archiving(store, clock).run()
        assert await store.archivable(clock.utc()) == 0


async def test_a_dry_run_only_counts_and_never_is_never(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with await open_quick(tmp_path / "syncline.db") as store:
        await over(store, 2)
        clock.epoch = START + timedelta(days=5)
        counted = await archiving(store, clock).archive(dry_run=True)
        assert counted is not None
        assert (counted.jobs, await store.archivable(clock.utc())) == (2, 2)
        assert await archiving(store, clock, None).archive() is None
        with anyio.fail_after(5):
            await archiving(store, clock, None).run()
        done = await archiving(store, clock).archive()
        assert done is not None
        assert (done.jobs, await store.archivable(clock.utc())) == (2, 0)
