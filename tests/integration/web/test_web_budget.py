"""The month's reads, a sync's price, the tokens' ends and the heartbeat, as HTTP shows them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from actors.errors import AllowanceUsedUpError
from actors.vendors.base import Priority
from daemon.heartbeat import Heartbeat
from support.counted_reads import counted_by
from support.web_house import Visitor, WebHouse, house, instant, serving


async def test_status_shows_the_budget(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await web.reads.write()
    web.reads.replan(1, 1)
    budget = (await visitor.get(f"/integrations/{account.id}/status"))["budget"]
    assert budget["allowance"] == 500_000
    assert budget["used"] >= budget["account_used"] > 0
    # Asking for the company's name, when it was connected, was no account's.
    assert budget["used"] == budget["account_used"] + 1
    assert budget["forecast"] >= budget["used"]
    assert (budget["stretch"], budget["resting"], budget["reason"]) == (1.0, [], None)
    assert instant(budget["until"]) > web.clock.now().utc


async def test_a_rest_says_why_and_until_when(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    ticket = await web.reads.admit(account.id, "query", Priority.POLL)
    assert ticket is not None
    web.reads.ended(ticket, AllowanceUsedUpError("used up", retry_after_s=60.0, status=429))
    status = await visitor.get(f"/integrations/{account.id}/status")
    assert status["state"] == "degraded"
    assert status["budget"]["resting"] == [
        *("read", "delivery", "fresh", "poll", "backfill", "verify")
    ]
    assert status["budget"]["refused_by_vendor"]
    assert status["budget"]["reason"] in status["reasons"]
    until = instant(status["budget"]["until"])
    assert f"they rest until {until:%Y-%m-%dT%H:%M:%SZ}" in status["budget"]["reason"]
    refused = await visitor.call(
        "POST", f"/integrations/{account.id}/sync", expect=409, json={"object_types": []}
    )
    assert status["budget"]["reason"] in refused.json()["detail"]
    refused = await visitor.call("POST", f"/integrations/{account.id}/verify", expect=409)
    assert status["budget"]["reason"] in refused.json()["detail"]


async def test_what_a_person_asks_for_is_made_of_what_is_kept_for_users(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    counted_by(web.reads).used = 495_000
    status = await visitor.get(f"/integrations/{account.id}/status")
    assert "kept for users" in status["budget"]["reason"]
    web.sandbox.create(account.external_account_id, "Customer", {"DisplayName": "Asked for"})
    path = f"/integrations/{account.id}"
    seq = await web.store.last_seq()
    await visitor.call("POST", f"{path}/sync", expect=202, json={})
    with anyio.fail_after(5.0):
        await web.store.changed(seq)
    found = await visitor.post(f"{path}/verify")
    assert (found["exact"], found["complete"]) == (True, True)


async def test_metrics_show_the_budget(tmp_path: Path) -> None:
    async with house(tmp_path, reads_per_month=1000) as within, serving(within) as web:
        await web.live()
        shown = (await web.visitor.call("GET", "/metrics")).text
        used = within.reads.state().used
        assert f'syncline_metered_reads{{vendor="quickbooks"}} {used}.0' in shown
        assert 'syncline_metered_reads_allowance{vendor="quickbooks"} 1000.0' in shown
        assert 'syncline_metered_reads_resting{vendor="quickbooks"} 0.0' in shown
        assert 'syncline_poll_stretch{vendor="quickbooks"} 1.0' in shown


async def test_a_dry_run_costs_nothing_and_tells_the_price(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    used, calls = web.reads.state().used, len(web.heard)
    path = f"/integrations/{account.id}/sync"
    price = await visitor.post(path, {"full": True, "dry_run": True})
    assert {each["object_type"]: (each["records"], each["calls"]) for each in price["types"]} == {
        "Customer": (3, 1),
        "Invoice": (7, 1),
        "Item": (2, 1),
    }
    assert (price["calls"], price["share"]) == (3, 3 / 500_000)
    assert 0 < price["minutes"] < 0.1
    assert price["used"] == used
    assert (web.reads.state().used, len(web.heard)) == (used, calls)


async def test_a_dry_run_of_some_types_and_of_a_plain_look(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/sync"
    some = await visitor.post(path, {"full": True, "dry_run": True, "object_types": ["Item"]})
    assert [each["object_type"] for each in some["types"]] == ["Item"]
    plain = await visitor.post(path, {"dry_run": True})
    assert (plain["calls"], plain["types"]) == (1, [])
    problem = await visitor.post(path, {"dry_run": True, "object_types": ["Moon"]}, expect=422)
    assert problem["errors"][0]["path"] == "object_types[0]"


async def test_a_price_is_told_of_a_paused_account_too(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.post(f"/integrations/{account.id}/pause")
    path = f"/integrations/{account.id}/sync"
    assert (await visitor.post(path, {"full": True, "dry_run": True}))["calls"] == 3


@pytest.mark.parametrize(("days", "within"), [(60, None), (20, 30), (0.5, 1)])
async def test_status_shows_when_the_tokens_end(
    web: WebHouse, visitor: Visitor, days: float, within: int | None
) -> None:
    account = await web.live()
    await web.supervisor.stop_account(account.id)
    credential = await web.store.credential(account.id)
    assert credential is not None
    epoch = (await web.store.claim(account.id)).account.epoch
    now = web.clock.now().utc
    ending = replace(credential, refresh_expires_at=now + timedelta(days=days))
    await web.store.finish_refresh(account.id, epoch, "spent", ending, now)
    token = (await visitor.get(f"/integrations/{account.id}/status"))["token"]
    assert (token["ends_by"], token["ends_within_days"]) == ("idle", within)
    assert (token["advice"] is None) == (within is None)


async def test_a_silent_heartbeat_is_a_reason(web: WebHouse, visitor: Visitor) -> None:
    assert (await visitor.get("/health/supervisor"))["running"]
    web.heartbeat.beats = {"quickbooks": Heartbeat(0.0, 300.0, "no page was stored")}
    problem = await visitor.get("/health/supervisor", expect=503)
    assert problem["reasons"] == ["nothing comes through from quickbooks: no page was stored"]
