"""The meter over a real store: what it counts, keeps back and tells, and what a crash does to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import pytest

from actors.errors import AllowanceUsedUpError, ThrottledError
from actors.events import Event, ReadsForecast, ReadsResumed, ReadsUsedUp
from actors.metering import Metering
from actors.read_meter import ReadMeter
from actors.vendors.base import Priority
from store.errors import StoreFullError
from store.sqlite import SqliteStore
from support.counted_reads import counted_by
from support.ready_store import open_ready
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

METERING = Metering(frozenset({"query"}), ZoneInfo("America/Los_Angeles"))
NEAR_THE_END = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
"""A day before the month turns in Pacific time."""
TURN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
DAY_S = 86_400.0


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@dataclass
class Desk:
    """A meter, its store, and what it told."""

    store: SqliteStore
    clock: VirtualClock
    allowance: int | None = 100_000
    heard: list[Event] = field(default_factory=list)

    def meter(self) -> ReadMeter:
        return ReadMeter(
            "quickbooks",
            METERING,
            self.allowance,
            300.0,
            self.store,
            self.clock,
            self.heard.append,
        )

    async def noted(self, month: str = "2026-11") -> int:
        return await self.store.noted_reads("quickbooks", month)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with await open_ready(tmp_path / "syncline.db") as store:
        yield Desk(store, VirtualClock(NEAR_THE_END))


async def read(
    meter: ReadMeter,
    count: int = 1,
    *,
    account: str = "one",
    priority: Priority = Priority.POLL,
    ends: Exception | None = None,
) -> None:
    for _ in range(count):
        ticket = await meter.admit(account, "query", priority)
        assert ticket is not None
        meter.ended(ticket, ends)


async def test_a_crash_counts_a_few_too_many_and_never_one_too_few(desk: Desk) -> None:
    made = 0
    for count in (1, 99, 250):
        meter = desk.meter()
        await meter.load()
        await read(meter, count)
        made += count
        assert made <= meter.state().used <= await desk.noted() <= made + 300
        # It is forgotten here, as by a crash.


async def test_an_orderly_end_gives_back_what_was_not_used(desk: Desk) -> None:
    meter = desk.meter()
    await meter.load()
    await read(meter, 130)
    await read(meter, 7, account="two", priority=Priority.BACKFILL)
    await meter.close()
    assert await desk.noted() == 137
    assert await desk.store.account_reads("quickbooks", "2026-11", "one") == 130
    assert await desk.store.account_reads("quickbooks", "2026-11", "two") == 7


async def test_counting_writes_once_in_a_hundred_calls(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0
    note = desk.store.note_reads

    async def counted(vendor: str, month: str, count: int) -> int:
        nonlocal writes
        writes += 1
        return await note(vendor, month, count)

    monkeypatch.setattr(desk.store, "note_reads", counted)
    await read(desk.meter(), 1000)
    assert writes == 10


async def test_calls_that_are_not_metered_are_not_counted(desk: Desk) -> None:
    meter = desk.meter()
    assert await meter.admit("one", "token_refresh", Priority.USER) is None
    assert await desk.noted() == 0


async def test_many_calls_at_once_are_all_counted(desk: Desk) -> None:
    meter = desk.meter()
    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(read, meter)
    assert meter.state().used == 500
    assert await desk.noted() == 500


async def test_failed_calls_count(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, ends=ThrottledError("slow down", retry_after_s=60.0, status=429))
    assert meter.state().used == 1


async def test_the_last_reads_are_kept_for_users(desk: Desk) -> None:
    desk.allowance = 1000
    meter = desk.meter()
    with pytest.raises(AllowanceUsedUpError):
        await read(meter, 1000)
    assert meter.state().used == 980
    await read(meter, 20, priority=Priority.USER)
    assert meter.state().used == 1000
    assert "kept for users; polls rest until 2026-12-01T08:00:00Z" in str(meter.why_resting())
    [told] = [each for each in desk.heard if isinstance(each, ReadsUsedUp)]
    assert (told.until, told.told_by_vendor) == (TURN, False)


async def test_polls_go_on_when_the_month_turns(desk: Desk) -> None:
    desk.allowance = 1000
    meter = desk.meter()
    with pytest.raises(AllowanceUsedUpError):
        await read(meter, 1000)
    await anyio.sleep(DAY_S - 1)
    assert meter.pace("one", desk.clock.now()).rest_s(Priority.POLL, 0.0) == 1.0
    await anyio.sleep(1)
    assert meter.pace("one", desk.clock.now()).rest_s(Priority.POLL, 0.0) == 0.0
    await read(meter)
    assert (meter.state().month, meter.state().used) == ("2026-12", 1)
    assert [type(each) for each in desk.heard] == [ReadsUsedUp, ReadsResumed]


async def test_reads_of_the_old_month_stay_the_old_months(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, 5)
    await anyio.sleep(DAY_S)
    await read(meter, 3)
    await meter.close()
    for month, count in (("2026-11", 5), ("2026-12", 3)):
        assert await desk.store.account_reads("quickbooks", month, "one") == count


USED_UP = AllowanceUsedUpError("used up", retry_after_s=60.0, status=429)


async def test_when_the_vendor_says_so_all_rest_but_users(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, ends=USED_UP)
    for priority in set(Priority) - {Priority.USER}:
        with pytest.raises(AllowanceUsedUpError) as refused:
            await read(meter, priority=priority)
        assert refused.value.status is None
    await read(meter, priority=Priority.USER, ends=USED_UP)
    assert "says that the month's reads are used up" in str(meter.why_resting())


async def test_what_readers_wait_for_is_counted_and_makes_nobody_slow(desk: Desk) -> None:
    meter = desk.meter()
    before = meter.state().used
    await read(meter, 50, priority=Priority.READ)
    assert meter.state().used == before + 50
    await anyio.sleep(3600.0)
    await meter.write()
    meter.replan(1, 1)
    assert meter.stretch_of("one") == 1.0
    month = meter.state().month
    assert await desk.store.account_reads("quickbooks", month, "one") == 50


async def test_one_call_tries_again_ever_more_seldom(desk: Desk) -> None:
    desk.clock.epoch = datetime(2026, 11, 10, tzinfo=UTC)
    meter = desk.meter()
    await read(meter, ends=USED_UP)
    probes: list[float] = []
    for _ in range(3 * 24 * 60):
        await anyio.sleep(60.0)
        try:
            await read(meter, ends=USED_UP)
        except AllowanceUsedUpError:
            continue
        probes.append(desk.clock.now().monotonic_s)
    gaps = [later - earlier for earlier, later in pairwise(probes)]
    assert probes[0] == 900.0
    assert gaps[:4] == [1800.0, 3600.0, 7200.0, 14_400.0]
    assert set(gaps[5:]) == {21_600.0}


async def test_a_probe_that_succeeds_ends_the_rest(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, ends=USED_UP)
    await anyio.sleep(900.0)
    await read(meter)
    assert meter.why_resting() is None
    await read(meter, 10)
    assert [type(each) for each in desk.heard] == [ReadsUsedUp, ReadsResumed]


async def test_a_call_from_before_the_refusal_proves_nothing(desk: Desk) -> None:
    meter = desk.meter()
    early = await meter.admit("one", "query", Priority.POLL)
    await anyio.sleep(1.0)
    await read(meter, ends=USED_UP)
    assert early is not None
    meter.ended(early, None)
    assert meter.why_resting() is not None


async def test_a_store_that_takes_no_writes_holds_reads_back_but_not_users(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> int:
        raise StoreFullError("no space left")

    meter = desk.meter()
    monkeypatch.setattr(desk.store, "note_reads", refuse)
    with pytest.raises(StoreFullError):
        await read(meter)
    await read(meter, 3, priority=Priority.USER)
    monkeypatch.undo()
    await read(meter)
    assert meter.state().used == 4


async def test_nothing_is_forecast_before_an_account_polls(desk: Desk) -> None:
    meter = desk.meter()
    await meter.load()
    meter.replan(0, 1)
    assert meter.state().forecast is None
    meter.replan(1, 1)
    assert meter.state().forecast == 288


async def test_the_forecast_is_told_once_a_month(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, 50_000)
    for _ in range(3):
        meter.replan(1000, 1)
    [told] = desk.heard
    assert isinstance(told, ReadsForecast)
    assert told.forecast == 50_000 + 1000 * 288
    assert told.stretch > 5
    assert meter.pace("one", desk.clock.now()).stretch == pytest.approx(told.stretch, abs=0.01)


async def test_the_clock_may_strobe_around_the_turn(desk: Desk) -> None:
    meter = desk.meter()
    await read(meter, 5)
    for days in (2, -1, 2, -1):
        desk.clock.epoch = datetime(2026, 11, 30 + min(0, days), 8, tzinfo=UTC)
        await anyio.sleep(DAY_S * max(0, days))
        await read(meter, 5)
    assert await desk.noted("2026-11") >= 5
    assert await desk.noted("2026-11") + await desk.noted("2026-12") >= 25


async def test_unmetered_apps_never_rest_by_themselves(desk: Desk) -> None:
    desk.allowance = None
    meter = desk.meter()
    await read(meter, 500)
    meter.replan(10_000, 5)
    assert (meter.why_resting(), meter.state().stretch, meter.state().used) == (None, 1.0, 500)


async def test_writing_that_fails_forgets_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreFullError("no space left")

    meter = desk.meter()
    await read(meter, 5)
    with monkeypatch.context() as patch:
        patch.setattr(desk.store, "add_reads", refuse)
        with pytest.raises(StoreFullError):
            await meter.write()
    await read(meter, 2)
    await meter.write()
    assert await desk.store.account_reads("quickbooks", "2026-11", "one") == 7


async def test_polls_that_webhooks_make_rare_are_forecast_as_such(desk: Desk) -> None:
    meter = desk.meter()
    meter.replan(400, 1, 7200.0)
    assert (meter.state().forecast, meter.state().stretch) == (400 * 12, 1.0)
    assert meter.pace("one", desk.clock.now()).stretch == 1.0
    assert desk.heard == []


async def test_polls_that_webhooks_make_rare_are_stretched_beyond_that(desk: Desk) -> None:
    meter = desk.meter()
    meter.replan(20_000, 1, 7200.0)
    assert meter.state().stretch == pytest.approx(2.45, abs=0.05)
    assert meter.pace("one", desk.clock.now()).stretch == meter.state().stretch * 24


async def test_verifications_are_forecast_and_leave_polls_their_share(desk: Desk) -> None:
    """A thousand accounts, each verified once a week while the month is short."""
    desk.allowance, desk.clock.epoch = 500_000, datetime(2026, 11, 1, 8, tzinfo=UTC)
    meter = desk.meter()
    used = {Priority.POLL: 0.0, Priority.VERIFY: 0.0}
    stretches = []
    for _ in range(29 * 24):
        meter.replan(1000, 1, verify_interval_s=DAY_S, types=9)
        pace = meter.pace("one", desk.clock.now())
        stretches.append(pace.stretch)
        assert pace.is_short
        assert pace.rest_s(Priority.POLL, 0.0) == 0.0
        polls, verifies = round(1000 * 12 / pace.stretch), 9_000 / (7 * 24)
        used[Priority.POLL] += polls
        used[Priority.VERIFY] += verifies
        counted_by(meter).used += round(polls + verifies)
        await anyio.sleep(3600.0)
    assert used[Priority.POLL] > 370_000
    assert max(stretches) < 1.05 * stretches[0]
    assert meter.why_resting() is None


async def test_a_person_s_wish_waits_only_while_the_vendor_itself_refuses(desk: Desk) -> None:
    desk.allowance = 1000
    meter = desk.meter()
    counted_by(meter).used = 995
    now = desk.clock.now()
    assert meter.why_resting() is not None
    assert (meter.why_refused(), meter.pace("one", now).refused_s) == (None, 0.0)
    ticket = await meter.admit("one", "query", Priority.USER)
    assert ticket is not None
    meter.ended(ticket, AllowanceUsedUpError("used up", retry_after_s=60.0, status=429))
    refused_s = meter.pace("one", desk.clock.now()).refused_s
    assert refused_s == 900.0
    assert meter.why_refused() == meter.why_resting()
    await anyio.sleep(refused_s)
    assert meter.why_refused() is None


async def test_verifications_go_on_when_the_month_is_long_enough(desk: Desk) -> None:
    meter = desk.meter()
    meter.replan(5, 1, verify_interval_s=DAY_S, types=9)
    assert meter.state().forecast == 5 * (288 + 9)
    assert Priority.VERIFY not in meter.state().resting
    meter.replan(340, 1, verify_interval_s=DAY_S, types=9)
    assert meter.state().resting == (Priority.VERIFY,)
