"""A node judges the accounts that it looks after, those too that come with an open alert; no others."""

import anyio
import pytest

from daemon.alerts import condition as alerts
from daemon.alerts.kinds import ACCOUNT_FAILING
from daemon.health import readings
from daemon.health.readings import Remarks
from daemon.hosted import Condition
from daemon.supervisor import Supervisor
from support.company_house import CompanyHouse
from support.watched_house import watched


async def test_what_another_node_has_open_is_left_alone_until_the_account_comes(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = await house.connect(Customer=3, Invoice=4)
    theirs = await house.connect(Customer=3, Invoice=4)
    elsewhere = {theirs}
    monkeypatch.setattr(Supervisor, "is_here", lambda _, account_id: account_id not in elsewhere)
    async with watched(house) as run:
        await anyio.sleep(100)
        for account_id in (mine, theirs):
            run.watching.desk.hold(
                alerts.Condition(ACCOUNT_FAILING, account_id, "HTTP 503", "quickbooks", account_id)
            )
        await anyio.sleep(400)
        assert run.open() == [("account_failing", theirs)]
        assert len(await run.watching.monitor.samples(mine)) > 0
        assert await run.watching.monitor.samples(theirs) == []
        elsewhere.clear()
        await anyio.sleep(100)
        assert run.open() == []


async def test_account_that_goes_is_judged_no_more(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect(Customer=3, Invoice=4)
    elsewhere: set[str] = set()
    monkeypatch.setattr(Supervisor, "is_here", lambda _, each: each not in elsewhere)
    async with watched(house) as run:
        await anyio.sleep(100)
        run.watching.desk.hold(
            alerts.Condition(ACCOUNT_FAILING, account_id, "HTTP 503", "quickbooks", account_id)
        )
        elsewhere.add(account_id)
        await anyio.sleep(400)
        assert run.open() == [("account_failing", account_id)]


async def test_account_without_an_actor_is_told_of_unless_it_only_moves(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect(Customer=3, Invoice=4)
    elsewhere: set[str] = set()
    monkeypatch.setattr(Supervisor, "is_here", lambda _, each: each not in elsewhere)
    async with watched(house) as run:
        await anyio.sleep(100)
        mine = house.hosted(account_id)
        for _ in range(3):
            mine.condition = Condition.STOPPED  # as while its shard is let go of, or taken
            await anyio.sleep(20)
            elsewhere.add(account_id)
            await anyio.sleep(60)
            elsewhere.clear()
            await anyio.sleep(20)
            mine.condition = Condition.RUNNING
            await anyio.sleep(30)
        assert await run.alerts() == []
        mine.condition = Condition.STOPPED
        assert await run.until_open("account_not_running", within_s=90) >= 60
        mine.condition = Condition.RUNNING
        await anyio.sleep(400)
        assert run.open() == []


async def test_nothing_is_kept_of_accounts_that_left_while_they_were_in_trouble(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, forgotten = [await house.connect(Customer=3, Invoice=4) for _ in range(2)]
    elsewhere, remarks = set[str](), Remarks()
    monkeypatch.setattr(Supervisor, "is_here", lambda _, each: each not in elsewhere)
    monkeypatch.setattr(readings, "Remarks", lambda: remarks)
    async with watched(house) as run:
        await anyio.sleep(100)
        for account_id in (moved, forgotten):
            house.hosted(account_id).condition = Condition.STOPPED
            remarks.open_since_s[account_id] = house.now_s()
        await anyio.sleep(30)
        assert set(remarks.not_run_s) == {moved, forgotten}
        elsewhere.add(moved)
        run.metrics.census.leave_out(forgotten)
        await anyio.sleep(30)
        assert (remarks.not_run_s, remarks.open_since_s) == ({}, {})
