from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from daemon.age_limit import AgeLimit
from store.errors import StoreUnavailableError
from store.sqlite import SqliteStore
from support.store_fixtures import Owned, open_quick, own, record
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

DAY_S = 86_400.0


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await open_quick(tmp_path / "syncline.db") as opened:
        yield opened


async def change(store: SqliteStore, company: Owned, clock: VirtualClock, number: int) -> None:
    """Replace the one object, now."""
    page = company.page(record("1", number, payload=b"%d" % number))
    await store.apply_page(replace(page, observed_at=clock.utc()))


async def versions(store: SqliteStore, company: Owned) -> int:
    found = await store.history(company.account_id, "Invoice", "1", limit=10_000)
    return 0 if found is None else len(found.versions)


@asynccontextmanager
async def running(limit: AgeLimit) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(limit.run)
        yield
        tasks.cancel_scope.cancel()


async def test_what_was_replaced_long_ago_is_forgotten_and_the_rest_kept(
    store: SqliteStore, clock: VirtualClock
) -> None:
    company = await own(store)
    for day in range(10):
        await change(store, company, clock, day)
        await anyio.sleep(DAY_S)
    told: list[int] = []
    async with running(AgeLimit(store.prune_history, clock, 3.5 * DAY_S, told.append)):
        await anyio.sleep(61)
    # Held now, and replaced one, two and three days ago.
    assert await versions(store, company) == 4
    assert told == [6]


async def test_any_number_is_forgotten_in_small_pieces(
    store: SqliteStore, clock: VirtualClock
) -> None:
    company = await own(store)
    for number in range(1201):
        await change(store, company, clock, number)
    await anyio.sleep(1)
    told: list[int] = []
    async with running(AgeLimit(store.prune_history, clock, 0.0, told.append)):
        await anyio.sleep(61)
    assert await versions(store, company) == 1
    assert told == [1200]


async def test_a_store_that_takes_no_writes_is_tried_again(
    store: SqliteStore, clock: VirtualClock
) -> None:
    company = await own(store)
    for number in range(3):
        await change(store, company, clock, number)
    await anyio.sleep(1)
    failures = 2

    async def prune(before: datetime, *, limit: int) -> int:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreUnavailableError("no space left")
        return await store.prune_history(before, limit=limit)

    told: list[int] = []
    async with running(AgeLimit(prune, clock, 0.0, told.append)):
        await anyio.sleep(100)
        assert await versions(store, company) == 3
        await anyio.sleep(61)
    assert await versions(store, company) == 1
    assert told == [2]


async def test_a_time_longer_than_time_itself_forgets_nothing(
    store: SqliteStore, clock: VirtualClock
) -> None:
    company = await own(store)
    for number in range(3):
        await change(store, company, clock, number)
    keep_s = timedelta(days=999_999).total_seconds()
    told: list[int] = []
    limit = AgeLimit(store.prune_history, clock, keep_s, told.append)
    assert await limit.forget() == 0
    assert told == []
    assert await versions(store, company) == 3


async def test_changes_are_forgotten_by_the_same_rule(
    store: SqliteStore, clock: VirtualClock
) -> None:
    company = await own(store)
    for day in range(4):
        await change(store, company, clock, day)
        await anyio.sleep(DAY_S)
    newest = await store.last_seq()
    await store.note_progress([], newest)
    await store.finance.raise_floor(newest)
    told: list[int] = []
    async with running(AgeLimit(store.prune_changes, clock, 1.5 * DAY_S, told.append)):
        await anyio.sleep(61)
    assert told == [3]
    assert await store.changes_horizon() == newest - 1
