from collections.abc import AsyncIterator
from datetime import UTC, time, timedelta
from pathlib import Path

import pytest

from daemon.jobs.archiving import Archiving
from support.jobs import enter, refuse
from support.store_fixtures import own
from support.web_house import House, house, serving

DAY_S = 86_400.0


@pytest.fixture
async def within(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


@pytest.fixture
async def archiving(within: House) -> Archiving:
    company = await own(within.store, "realm-of-jobs")
    for job_id in ("one", "two"):
        await enter(within.store, [company], job_id, seconds=-400 * DAY_S)
        await refuse(within.store, company, job_id)
    return Archiving(within.store, within.clock, 1.0, time(2), UTC)


async def test_what_is_due_is_counted_then_put_away(within: House, archiving: Archiving) -> None:
    later = within.clock.now().utc + timedelta(days=4_000)
    async with serving(within, archiving=archiving) as web:
        visitor = web.visitor
        told = await visitor.post("/jobs/archive", {"dry_run": True})
        due = await within.store.archivable(within.clock.now().utc - timedelta(seconds=1))
        assert (told["jobs"], told["dry_run"]) == (due, True)
        assert await within.store.archivable(later) == 2
        told = await visitor.post("/jobs/archive")
        assert (told["jobs"], told["dry_run"]) == (due, False)
        assert await within.store.archivable(later) == 2 - due


async def test_where_none_is_ever_put_away_it_says_so(within: House) -> None:
    off = Archiving(within.store, within.clock, None, time(2), UTC)
    async with serving(within, archiving=off) as web:
        told = await web.visitor.post("/jobs/archive", expect=409)
        assert told["type"].endswith("archiving-off")
