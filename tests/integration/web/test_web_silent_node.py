"""An account is shown though the node that looks after it does not answer."""

import pytest

from daemon.cluster.far_account import FarAccount, read_told, told
from support.dashboard_browser import browser, page
from support.web_house import Visitor, WebHouse


@pytest.fixture
def looks(web: WebHouse, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have every account be another node's that does not answer; collect who wanted it to store."""
    asked: list[bool] = []

    async def seen(account_id: str, *, stored: bool = False) -> FarAccount:
        asked.append(stored)
        hosted = web.supervisor.hosted()[account_id]
        return FarAccount(account_id, "silent", read_told(told(hosted)))

    monkeypatch.setattr(web.supervisor, "seen", seen)
    return asked


async def test_page_says_what_is_not_known(
    web: WebHouse, visitor: Visitor, looks: list[bool]
) -> None:
    account = await web.live()
    async with browser(web) as client:
        shown = await page(client, f"/dashboard/accounts/{account.id}", visitor)
    facts = dict(
        part.split("</dt><dd>")
        for part in shown.replace("</dd>", "<dt>").split("<dt>")
        if "</dt><dd>" in part
    )
    assert facts["Being read"] == "not known: its node does not answer"
    assert facts["Calls under way"] == "not known: its node does not answer"
    assert facts["Circuit breaker"] == "closed"
    assert looks == [True]


async def test_health_leaves_out_what_is_not_known(
    web: WebHouse, visitor: Visitor, looks: list[bool]
) -> None:
    account = await web.live()
    shown = await visitor.get(f"/health/accounts/{account.id}")
    assert (shown["bucket"], shown["next_look_in_s"], shown["response"]) == (None, None, None)
    assert (shown["looks"], shown["breaker"]["state"]) == ([], "closed")
    assert looks == [False]


async def test_only_the_first_page_of_a_timeline_asks_the_node(
    web: WebHouse, visitor: Visitor, looks: list[bool]
) -> None:
    account = await web.live()
    web.watching.events.note(account.id, "paused", "it was paused")
    web.watching.events.note(account.id, "resumed", "it was resumed")
    at = f"/integrations/{account.id}/events?limit=1"
    first = await visitor.get(at)
    await visitor.get(f"{at}&cursor={first['next']}")
    assert looks == [True]
    await visitor.get(f"{at}&after=0")
    assert looks == [True, True]
