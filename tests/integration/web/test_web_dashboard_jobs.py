"""Routed work on the operator's pages."""

from collections.abc import AsyncIterator

import pytest

from support.dashboard_browser import browser, page, press
from support.dispatch_house import DispatchHouse, dispatching, statuses
from support.web_house import Visitor, WebHouse


@pytest.fixture
async def house(web: WebHouse) -> AsyncIterator[DispatchHouse]:
    async with dispatching(web) as opened:
        yield opened


async def test_what_failed_is_shown_and_tried_again_by_its_button(
    house: DispatchHouse, web: WebHouse, visitor: Visitor
) -> None:
    good, bad = await house.tenant(campaign_id=7), await house.tenant()
    entered = await house.entered(summary="Replace the <b>boiler</b>")
    await house.delivered(entered["id"])
    (way,) = [each for each in entered["routings"] if each["account_id"] == bad["id"]]
    retry = f"/dashboard/routings/{way['id']}/retry"
    async with browser(web) as client:
        shown = await page(client, "/dashboard/jobs", visitor)
        assert "Replace the &lt;b&gt;boiler" in shown
        assert "campaign" in shown
        assert good["name"] in shown
        assert shown.count('action="/dashboard/routings/') == 1
        refused = await client.post(retry)
        assert refused.status_code == 409
        routing = {"campaign_id": 7}
        path = f"/integrations/{bad['id']}"
        await visitor.call("PATCH", path, json={"routing": routing})
        assert await press(client, retry, visitor) == "/dashboard/jobs?said=retry"
        assert statuses(await house.delivered(entered["id"])) == {"synced"}
        shown = await page(client, "/dashboard/jobs?said=retry", visitor)
        assert retry not in shown
        assert "It is tried again." in shown


async def test_without_a_job_the_page_says_how_to_enter_one(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web) as client:
        assert "syncline jobs create" in await page(client, "/dashboard/jobs", visitor)
        assert (await client.post("/dashboard/routings/x/retry")).status_code == 404


async def test_a_delivery_that_was_offered_anew_has_no_button_any_more(
    house: DispatchHouse, web: WebHouse, visitor: Visitor
) -> None:
    company = await house.tenant(campaign_id=7)
    await visitor.post(f"/integrations/{company['id']}/pause")
    entered = await house.entered()
    (way,) = entered["routings"]
    action = way["action_id"]
    await visitor.post(f"/integrations/{company['id']}/actions/{action}/cancel")
    at = f"/dashboard/accounts/{company['id']}"
    async with browser(web) as client:
        assert f"/actions/{action}/retry" in await page(client, at, visitor)
        await visitor.post(f"/integrations/{company['id']}/resume")
        await visitor.post(f"/routings/{way['id']}/retry", expect=202)
        await house.delivered(entered["id"])
        assert f"/actions/{action}/retry" not in await page(client, at, visitor)
