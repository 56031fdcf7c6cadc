from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from actors import events
from actors.breaker import BreakerState
from daemon.account_events import telling
from daemon.account_events.keeper import EventKeeper
from store.errors import StoreUnavailableError
from store.models import Via
from store.watch_models import AccountEvent, AccountEventFilter
from support.ready_store import open_ready
from support.store_fixtures import own
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = events.PageStored("a", "quickbooks", "Invoice", Via.BACKFILL, 1000, 990, 0, 1.5, None)


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


def test_every_event_about_an_account_is_told() -> None:
    quiet = {"CallMade", "WebhookDelivered", "ReadsForecast", "ReadsUsedUp", "ReadsResumed"}
    quiet |= {"ReadersTold", "ReadThroughEnded"}  # somebody reads: nothing that the account does
    quiet |= {"ActionSettled"}  # its end, which is told, says the same
    told = {kind.__name__ for kind in telling._told.registry} - {"object"}  # noqa: SLF001
    assert {kind.__name__ for kind in get_args(events.Event)} == told | quiet


def test_poll_that_found_nothing_is_idle() -> None:
    poll = replace(PAGE, via=Via.POLL, upserts=0)
    assert telling.is_idle(poll)
    assert not telling.is_idle(replace(poll, missed=1))
    assert not telling.is_idle(replace(poll, upserts=1))
    assert not telling.is_idle(replace(poll, via=Via.VERIFY))


def test_kind_and_level() -> None:
    opened = events.BreakerChanged("a", "quickbooks", BreakerState.OPEN)
    found = telling.account_event(opened, AT)
    assert found is not None
    assert (found.kind, found.level, found.at) == ("breaker_opened", "warning", AT)
    used_up = events.ReadsResumed("quickbooks", "2026-03")
    assert telling.account_event(used_up, AT) is None


async def test_pages_of_one_look_are_one_row_and_nothing_is_written_with_a_page(
    tmp_path: Path,
) -> None:
    async with await open_ready(tmp_path / "s.db") as store:
        account_id = (await own(store)).account_id
        keeper = EventKeeper(store, VirtualClock())
        for _ in range(5):
            keeper.listen(replace(PAGE, account_id=account_id))
        wanted = AccountEventFilter(account_id)
        assert await store.account_events(wanted) == []
        (event,) = await keeper.page(wanted)
        assert event.times == 5
        assert event.text == "Invoice: 5000 objects read in 5 pages, 4950 stored"
        assert event.detail["duration_s"] == 7.5


async def test_idle_days_are_a_row_a_day(tmp_path: Path) -> None:
    async with await open_ready(tmp_path / "s.db") as store:
        account_id = (await own(store)).account_id
        keeper = EventKeeper(store, VirtualClock())
        poll = replace(PAGE, account_id=account_id, via=Via.POLL, upserts=0)
        for _ in range(3 * 288 + 1):
            keeper.listen(poll)
        await keeper.write()
        wanted = AccountEventFilter(account_id)
        assert [event.times for event in await store.account_events(wanted)] == [288] * 3
        await keeper.close()
        assert [event.times for event in await store.account_events(wanted)] == [1, 288, 288, 288]


async def test_what_cannot_be_written_waits_and_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await open_ready(tmp_path / "s.db") as store:
        account_id = (await own(store)).account_id
        keeper = EventKeeper(store, VirtualClock())

        async def refuse(_: object, events: object) -> None:
            raise StoreUnavailableError("no space left")

        with monkeypatch.context() as patched:
            patched.setattr(type(store), "add_account_events", refuse)
            for number in range(12_000):
                keeper.add(AccountEvent(account_id, AT, "crashed", "error", str(number)))
            with pytest.raises(StoreUnavailableError):
                await keeper.write()
        newest = await keeper.page(AccountEventFilter(account_id, limit=1))
        assert newest[0].text == "9999"


async def test_long_texts_are_cut(tmp_path: Path) -> None:
    async with await open_ready(tmp_path / "s.db") as store:
        account_id = (await own(store)).account_id
        keeper = EventKeeper(store, VirtualClock())
        keeper.note(account_id, "recovery", "x" * 10_000)
        (event,) = await keeper.page(AccountEventFilter(account_id))
        assert len(event.text) == 500
