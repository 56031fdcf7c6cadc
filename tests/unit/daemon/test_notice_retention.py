from pathlib import Path

import anyio
import pytest

from daemon.notice_retention import KEPT_OPEN, NoticeRetention
from store.notice import Notice
from store.sqlite import SqliteStore
from support.store_fixtures import on_writer, open_quick, own
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

KEPT_ANSWERED_S = 7 * 86_400.0


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


async def kept(store: SqliteStore) -> int:
    statement = "SELECT count(*) FROM notices"
    (count,) = await on_writer(store, lambda connection: connection.execute(statement).fetchone())
    assert isinstance(count, int)
    return count


async def test_inbox_forgets_what_is_old_in_small_steps(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with await open_quick(tmp_path / "syncline.db") as store:
        await own(store)
        notices = [
            Notice(f"e{number}", "realm-1", "Invoice", "1", "updated", clock.utc())
            for number in range(5000)
        ]
        await store.receive_notices("quickbooks", notices, clock.utc())
        await on_writer(
            store,
            lambda connection: connection.execute(
                "UPDATE notices SET handled_at = received_at WHERE id > 10"
            ),
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(NoticeRetention(store, clock, KEPT_ANSWERED_S).run)
            await anyio.sleep(KEPT_ANSWERED_S - 10)
            assert await kept(store) == 5000
            await anyio.sleep(3700)
            assert await kept(store) == 10
            await anyio.sleep(KEPT_OPEN.total_seconds())
            assert await kept(store) == 0
            tasks.cancel_scope.cancel()
