"""From a fault to its alert within a minute, once; and over when it is over."""

from collections.abc import Callable

import anyio
import pytest

from actors import events
from actors.status import AccountState
from daemon.sandbox.quickbooks import Fault, FaultKind
from store.action_models import NewAction
from store.errors import StoreFullError
from store.watch_models import AccountEventFilter
from support.actor_house import no_trouble
from support.company_house import CompanyHouse
from support.watched_house import watched


async def connect(house: CompanyHouse) -> str:
    return await house.connect(Customer=3, Invoice=4)


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - what it waits for has no event
        await anyio.sleep(0.5)


async def test_nothing_is_told_of_accounts_in_good_health(house: CompanyHouse) -> None:
    accounts = [await connect(house) for _ in range(3)]
    async with watched(house) as run:
        await anyio.sleep(4000)
        assert await run.alerts() == []
        for account_id in accounts:
            samples = await run.watching.monitor.samples(account_id)
            assert 12 <= len(samples) <= 14
            assert {sample.state for sample in samples[1:]} == {AccountState.LIVE}
            assert all(not sample.levels for sample in samples[1:])
            assert all(0 < sample.response_s < 1 for sample in samples[1:])


async def test_lost_grant_is_one_alert_with_its_cause_until_it_is_connected_again(
    house: CompanyHouse,
) -> None:
    """F3: and a restart neither tells it again nor forgets it."""
    account_id = await connect(house)
    async with watched(house) as run:
        await anyio.sleep(100)
        house.sandbox.disconnect(house.realms[account_id])
        await until(lambda: bool(house.told(events.OwnerNeeded)))
        assert await run.until_open("owner_needed", within_s=60) < 5
        (alert,) = await run.alerts()
        assert alert.cause == house.told(events.OwnerNeeded)[0].cause
        assert (alert.account_id, alert.severity) == (account_id, "critical")
        await anyio.sleep(1000)
    async with watched(house) as run:
        await anyio.sleep(1000)
        assert [each.id for each in await run.alerts()] == [alert.id]
        assert run.open() == [("owner_needed", account_id)]
    await house.connect_again(account_id, house.realms[account_id])
    async with watched(house) as run:
        await anyio.sleep(60)
        assert run.open() == []
        assert len(await run.alerts()) == 1


async def test_one_failing_account_among_many_is_its_own_alert(house: CompanyHouse) -> None:
    accounts = [await connect(house) for _ in range(6)]
    bad = accounts[2]
    async with watched(house) as run:
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.EMPTY_502, realm_id=house.realms[bad]))
        await until(lambda: any(each.attempt >= 4 for each in house.told(events.LookAbandoned)))
        assert await run.until_open("account_failing", within_s=60) < 5
        assert run.open() == [("account_failing", bad)]
        await anyio.sleep(1500)
        assert set(run.open()) == {("account_failing", bad), ("account_stale", bad)}
        house.sandbox.clear_faults()
        await anyio.sleep(1500)
        assert run.open() == []
        kinds = [alert.kind for alert in await run.alerts()]
        assert sorted(kinds) == ["account_failing", "account_stale"]
        page = await run.watching.events.page(AccountEventFilter(bad, limit=500))
        told = {event.kind for event in page}
        assert {"look_failed", "breaker_opened", "breaker_probing", "breaker_closed"} <= told


async def test_outage_of_a_vendor_is_one_incident_and_only_a_few_go_on(
    house: CompanyHouse,
) -> None:
    house.configure(poll_interval_s=60.0)
    accounts = [await connect(house) for _ in range(30)]
    async with watched(house) as run:
        await anyio.sleep(200)
        house.sandbox.outage()
        assert await run.until_open("vendor_incident", within_s=60) < 60
        await anyio.sleep(300)
        made = len(house.heard)
        await anyio.sleep(600)
        tried = {
            event.account_id
            for event in house.heard[made:]
            if isinstance(event, events.LookAbandoned)
        }
        assert len(tried) == 5
        assert house.outage is not None
        assert tried == set(house.outage.probers or ())
        assert {kind for kind, _ in run.open()} <= {"vendor_incident", "heartbeat_silent"}
        assert run.watching.monitor.incidents() == ["quickbooks"]
        one = next(each for each in accounts if each not in tried)
        assert await house.state(one) is AccountState.DEGRADED
        house.sandbox.end_outage()
        for account_id in accounts:
            house.sandbox.churn(house.realms[account_id], 3)
        await anyio.sleep(900)
        assert run.open() == []
        for account_id in accounts:
            assert await house.is_exact(account_id)
        kinds = [alert.kind for alert in await run.alerts()]
        assert kinds.count("vendor_incident") == 1
        assert kinds.count("account_failing") <= 3  # those that failed before it was one
        assert "account_stale" not in kinds
        page = await run.watching.events.page(AccountEventFilter(min(tried), limit=500))
        assert any(event.kind == "recovery" and "probe" in event.text for event in page)


async def test_start_after_a_long_stop_is_no_alert_unless_it_was_one(house: CompanyHouse) -> None:
    for _ in range(3):
        await connect(house)
    async with watched(house):
        await anyio.sleep(400)
    await anyio.sleep(7200)
    async with watched(house) as run:
        await anyio.sleep(2000)
        assert await run.alerts() == []


async def test_pages_that_stay_away_are_told_by_the_heartbeat(house: CompanyHouse) -> None:
    """F31: the alert comes within a minute of the heartbeat's two intervals."""
    house.configure(poll_interval_s=60.0)
    await connect(house)
    async with watched(house) as run:
        await anyio.sleep(200)
        house.store.trouble = _full
        await run.until_open("heartbeat_silent", within_s=2 * 60 + 60)
        house.store.trouble = no_trouble
        await anyio.sleep(200)
        assert ("heartbeat_silent", "quickbooks") not in run.open()


async def test_part_that_fails_again_and_again_is_told_and_the_others_go_on(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F25: a row that nobody foresaw ends no process."""
    bad = await connect(house)

    async def poisoned(_since: object) -> None:
        raise ZeroDivisionError("a poisonous row")

    async with watched(house) as run:
        await anyio.sleep(100)
        monkeypatch.setattr(house.real_store, "failed_routings", poisoned)
        await run.until_open("part_failing", within_s=100)
        (alert,) = await run.alerts()
        assert (alert.subject, alert.severity) == ("routing_watch", "critical")
        assert "ZeroDivisionError: a poisonous row" in alert.cause
        house.sandbox.disconnect(house.realms[bad])
        await run.until_open("owner_needed", within_s=4000)
        monkeypatch.undo()
        await anyio.sleep(300 + 600 + 10)
        assert run.open() == [("owner_needed", bad)]
        labels = {"part": "routing_watch"}
        counted = run.metrics.registry.get_sample_value("syncline_part_failures_total", labels)
        assert counted is not None
        assert counted >= 3


def _full(method: str) -> None:
    if method == "apply_page":
        raise StoreFullError("no space left on the disk")


async def test_token_calendar_is_an_alert(house: CompanyHouse) -> None:
    """F19: the end of a paused account's grant is told 30, 7 and 1 days ahead, as one alert."""
    account_id = await connect(house)
    await house.real_store.set_paused(account_id, paused=True)
    async with watched(house) as run:
        counted = run.metrics.census.counted(account_id)
        assert counted is not None
        counted.hard_end_s = house.clock.utc().timestamp() + 30 * 86_400 + 900
        await anyio.sleep(600)
        assert run.open() == []
        await anyio.sleep(900)
        assert run.open() == [("token_ending", account_id)]
        (alert,) = await run.alerts()
        assert alert.severity == "warning" or alert.escalations
        assert "have its owner connect it again" in alert.cause


async def test_stuck_actor_is_started_afresh_and_told(house: CompanyHouse) -> None:
    account_id, other = await connect(house), await connect(house)
    async with watched(house) as run:
        await anyio.sleep(400)
        stuck = house.hosted(account_id).actor
        assert stuck is not None
        stuck._wake_at_s = house.now_s() - 100  # noqa: SLF001 - as one that hangs
        assert await run.until_open("account_stuck", within_s=60) < 15
        await anyio.sleep(60)
        assert house.hosted(account_id).actor is not stuck
        assert house.hosted(other).restarts == 0
        await anyio.sleep(120)
        assert run.open() == []
        page = await run.watching.events.page(AccountEventFilter(account_id, limit=100))
        assert any(event.kind == "recovery" and "restart" in event.text for event in page)


async def test_idle_polls_are_counted_and_not_told_one_by_one(house: CompanyHouse) -> None:
    account_id = await connect(house)
    async with watched(house) as run:
        await anyio.sleep(6 * 3600)
        page = await run.watching.events.page(AccountEventFilter(account_id, limit=100))
        idle = [event for event in page if event.kind == "idle"]
        assert len(page) < 15
        assert sum(int(event.detail["polls"] or 0) for event in idle) == pytest.approx(72, abs=3)
        assert sum(int(event.detail["token_refreshes"] or 0) for event in idle) >= 5


async def test_crash_of_a_write_that_needs_a_person_loses_no_alert(house: CompanyHouse) -> None:
    account_id = await connect(house)
    new = NewAction("one", account_id, "payment.create", b"{}", "f", None, house.clock.utc())
    await house.real_store.accept_action(new)
    await _park(house, account_id, new.id)
    async with watched(house) as run:
        await run.until_open("action_needs_person", within_s=60)
        assert run.open() == [("action_needs_person", f"{account_id}/one")]


async def _park(house: CompanyHouse, account_id: str, action_id: str) -> None:
    def park(connection: object) -> None:
        connection.execute(  # type: ignore[attr-defined]
            "UPDATE actions SET parked = 1, state = 'unknown' WHERE account_id = ? AND id = ?",
            (account_id, action_id),
        )

    await house.real_store._writer.submit(park)  # noqa: SLF001 - what a crash left


async def test_crash_is_in_the_timeline_and_no_alert_when_a_fresh_start_helps(
    house: CompanyHouse,
) -> None:
    account_id = await connect(house)
    async with watched(house) as run:
        await anyio.sleep(400)
        house.store.trouble = _broken
        await until(lambda: house.hosted(account_id).restarts > 0)
        house.store.trouble = no_trouble
        await anyio.sleep(30)
        page = await run.watching.events.page(AccountEventFilter(account_id, limit=100))
        (crash,) = [event for event in page if event.kind == "crashed"]
        assert crash.text == "its actor crashed: KeyError: 'a defect'"
        assert await run.alerts() == []


def _broken(method: str) -> None:
    if method == "apply_page":
        raise KeyError("a defect")
