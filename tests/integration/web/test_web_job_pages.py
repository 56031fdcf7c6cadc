"""Pages of jobs, of which each has as many routings as there are companies."""

from collections.abc import AsyncIterator

import pytest

from daemon.web import jobs
from support.dispatch_house import DispatchHouse, dispatching
from support.web_house import Visitor, WebHouse


@pytest.fixture
async def house(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    async with dispatching(web) as opened:
        yield opened


async def test_a_page_ends_where_its_jobs_have_many_routings(
    house: DispatchHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await house.tenant(campaign_id=7)
    entered = [
        (await house.entered(allow_duplicate=True, summary=f"Job {n}"))["id"] for n in range(5)
    ]
    monkeypatch.setattr(jobs, "_READ_AT_ONCE", 2)
    monkeypatch.setattr(jobs, "_MOST_ROUTINGS", 3)
    found, cursor = list[str](), ""
    sizes = []
    while True:
        page = await visitor.get(f"/jobs?limit=4&cursor={cursor}")
        sizes.append(len(page["items"]))
        found += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert found == entered[::-1]
    assert sizes == [2, 2, 1]
