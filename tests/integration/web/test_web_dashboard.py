"""The operator's pages, as a browser asks for them. `tests/e2e` looks at them in a real one."""

import json
import re
from collections.abc import AsyncIterator

import anyio
import httpx
import pytest

from actors.status import AccountState
from daemon.config import ServerConfig
from daemon.standing import standing
from support.dashboard_browser import browser, page, press
from support.web_house import TOKEN, Visitor, WebHouse, serving


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/live", "/dashboard/accounts/x?said=a"])
async def test_who_is_not_signed_in_is_led_to_the_way_in_and_back(
    web: WebHouse, visitor: Visitor, path: str
) -> None:
    async with browser(web, signed_in=False) as client:
        reply = await client.get(path)
        visitor.description.check(reply)
        assert reply.status_code == 303
        way_in = await page(client, reply.headers["Location"], visitor)
    assert f'name="next" value="{path}"' in way_in


async def test_the_token_opens_the_dashboard_and_is_not_kept_by_the_browser(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web, signed_in=False) as client:
        form = {"token": f" {TOKEN} ", "next": "/dashboard/accounts/7"}
        reply = await client.post("/dashboard/login", data=form)
        visitor.description.check(reply)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/dashboard/accounts/7")
    cookie = reply.headers["Set-Cookie"]
    assert TOKEN not in cookie
    for part in ("HttpOnly", "SameSite=Strict", "Path=/dashboard", "Secure"):
        assert part in cookie


async def test_on_plain_http_the_cookie_is_not_kept_for_https(web: WebHouse) -> None:
    config = ServerConfig(public_url="http://localhost:1")
    async with serving(web, config) as plain, browser(plain, signed_in=False) as client:
        reply = await client.post("/dashboard/login", data={"token": TOKEN})
    assert "Secure" not in reply.headers["Set-Cookie"]


async def test_another_token_opens_nothing(web: WebHouse, visitor: Visitor) -> None:
    async with browser(web, signed_in=False) as client:
        reply = await client.post("/dashboard/login", data={"token": "another"})
        visitor.description.check(reply)
    assert reply.status_code == 403
    assert "Set-Cookie" not in reply.headers
    assert "That is not the admin token" in reply.text


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/dashboard", "//evil.example", "/dashboardx", "\\\\e", "/status"],
)
async def test_the_way_in_leads_nowhere_else(web: WebHouse, wanted: str) -> None:
    async with browser(web, signed_in=False) as client:
        reply = await client.post("/dashboard/login", data={"token": TOKEN, "next": wanted})
    assert reply.headers["Location"] == "/dashboard"


async def test_a_page_elsewhere_can_press_no_button(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    async with browser(web) as client:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            reply = await client.post(f"/dashboard/accounts/{account.id}/pause", headers=headers)
            visitor.description.check(reply)
            assert reply.status_code == 403
    assert not (await web.store.account(account.id)).paused


async def test_signing_out_takes_the_cookie_away(web: WebHouse, visitor: Visitor) -> None:
    async with browser(web) as client:
        reply = await client.post("/dashboard/logout")
        visitor.description.check(reply)
    assert 'syncline_session=""' in reply.headers["Set-Cookie"]


async def test_signing_out_ends_the_session_wherever_it_is_shown(web: WebHouse) -> None:
    async with browser(web) as client, browser(web) as other:
        seen = 0
        with anyio.fail_after(15):
            async for part in parts_of(client, "/dashboard/live"):
                seen += 1
                if part["id"] == "accounts":
                    await client.post("/dashboard/logout")
        assert seen >= 1
        assert (await client.get("/dashboard")).status_code == 303
        assert (await other.get("/dashboard")).status_code == 200


async def test_a_link_from_elsewhere_is_led_on_so_that_the_cookie_comes_along(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web, signed_in=False) as client:
        client.headers["Sec-Fetch-Site"] = "cross-site"
        again = await page(client, "/dashboard?state=live", visitor)
    assert 'http-equiv="refresh" content="0; url=/dashboard?state=live"' in again


async def test_all_accounts_are_shown_and_found(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live(web.company(name="Amy's <b>Birds</b>"))
    other = await web.live(web.company(name="Cool Cars"))
    async with browser(web) as client:
        shown = await page(client, "/dashboard", visitor)
        assert "Amy&#39;s &lt;b&gt;Birds" in shown
        assert f'href="/dashboard/accounts/{other.id}"' in shown
        found = await page(client, "/dashboard?q=amy&state=live", visitor)
        assert account.id in found
        assert other.id not in found
        assert "No account is like that" in await page(client, "/dashboard?state=paused", visitor)
        assert account.id in await page(client, "/dashboard?state=nonsense&page=77", visitor)


async def test_before_the_first_company_it_says_how_to_connect_one(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web) as client:
        assert "syncline connect VENDOR" in await page(client, "/dashboard", visitor)


async def test_one_account_is_shown_with_all_its_types(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    async with browser(web) as client:
        shown = await page(client, f"/dashboard/accounts/{account.id}", visitor)
    for text in ("Cool Cars", "Customer", "Invoice", "Item", "Never yet", "closed", "backfill"):
        assert text in shown


async def test_writes_are_shown_with_their_attempts(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    payload = {"CustomerRef": {"value": "987654"}, "TotalAmt": 1}
    wish = {"type": "payment.create", "payload": payload}
    action = await visitor.post(f"/integrations/{account.id}/actions?wait=5", wish)
    assert action["state"] == "failed"
    async with browser(web) as client:
        shown = await page(client, f"/dashboard/accounts/{account.id}", visitor)
    for text in ("payment.create", "failed", "Try again", "HTTP 400"):
        assert text in shown


async def test_an_account_that_is_not_there_is_told_on_a_page(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web) as client:
        shown = await page(client, "/dashboard/accounts/nobody", visitor, expect=404)
    assert "there is no such account" in shown
    assert "<h1>" in shown


async def test_buttons_do_what_they_say(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    at = f"/dashboard/accounts/{account.id}"
    async with browser(web) as client:
        assert await press(client, f"{at}/pause", visitor) == f"{at}?said=pause"
        assert (await web.store.account(account.id)).paused
        assert "It rests until" in await page(client, f"{at}?said=pause", visitor)
        await press(client, f"{at}/resume", visitor)
        assert not (await web.store.account(account.id)).paused
        await press(client, f"{at}/sync", visitor)
        await press(client, f"{at}/sync-full", visitor)
        await press(client, f"{at}/verify", visitor)
        with anyio.fail_after(10):
            while (certificate := await web.store.certificate(account.id)) is None:
                await anyio.lowlevel.checkpoint()
        assert certificate.exact
        await press(client, f"{at}/disconnect", visitor)
    state = standing(await web.store.account(account.id), None).state
    assert state is AccountState.DISCONNECTED


async def test_what_cannot_be_done_is_told_on_a_page_with_what_to_do(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    async with browser(web) as client:
        at = f"/dashboard/accounts/{account.id}"
        unknown = await client.post(f"{at}/actions/nothing/retry")
        visitor.description.check(unknown)
        assert unknown.status_code == 404
        await press(client, f"{at}/pause", visitor)
        reply = await client.post(f"{at}/sync")
        visitor.description.check(reply)
        assert reply.status_code == 409
        assert "it is paused; resume it first" in reply.text
        refused = await client.post(f"{at}/confirm-deletes", data={"object_type": "Invoice"})
        visitor.description.check(refused)
        assert refused.status_code == 422


async def parts_of(client: httpx.AsyncClient, path: str) -> AsyncIterator[dict[str, str]]:
    async with client.stream("GET", path) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        async for line in reply.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


async def test_an_open_page_is_sent_what_changes(web: WebHouse) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    async with browser(web) as client, browser(web) as other:
        with anyio.fail_after(15):
            at = f"/dashboard/accounts/{account.id}"
            async for part in parts_of(client, f"{at}/live"):
                if part["id"] == "standing" and "paused" in part["html"]:
                    break
                if part["id"] == "changes":
                    await other.post(f"{at}/pause")


async def test_the_first_page_is_sent_what_changes_too(web: WebHouse) -> None:
    async with browser(web) as client:
        seen: set[str] = set()
        with anyio.fail_after(15):
            async for part in parts_of(client, "/dashboard/live"):
                seen.add(part["id"])
                if part["id"] == "accounts" and "Cool Cars" in part["html"]:
                    break
                if part["id"] == "accounts":
                    await web.live(web.company(name="Cool Cars"))
    assert {"states", "ages", "throughput", "budgets"} <= seen


async def test_streams_end_when_the_server_stops(web: WebHouse) -> None:
    async with browser(web) as client:
        with anyio.fail_after(15):
            async for part in parts_of(client, "/dashboard/live"):
                if part["id"] == "accounts":
                    web.server.stop()


async def test_pages_allow_nothing_from_elsewhere_and_no_script_in_them(
    web: WebHouse, visitor: Visitor
) -> None:
    async with browser(web) as client, web.stranger() as anybody:
        reply = await client.get("/dashboard")
        addresses = re.findall(r'(?:src|href)="(/assets/[^"]+)"', reply.text)
        files = [await anybody.get(address) for address in addresses]
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=", reply.text)
    assert len(files) >= 3
    for file in files:
        visitor.description.check(file)
        assert file.status_code == 200
        assert "immutable" in file.headers["Cache-Control"]


async def test_an_old_assets_address_leads_nowhere(web: WebHouse, visitor: Visitor) -> None:
    async with web.stranger() as client:
        reply = await client.get("/assets/0000000000000000/live.js")
        visitor.description.check(reply)
    assert reply.status_code == 404


async def test_a_session_outlives_the_process(web: WebHouse) -> None:
    async with browser(web) as client:
        session = {"syncline_session": client.cookies["syncline_session"]}
    async with serving(web) as again, again.stranger(cookies=session) as client:
        assert (await client.get("/dashboard")).status_code == 200


async def test_open_alerts_are_shown_and_looked_after(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(web.watching.run)
        web.sandbox.disconnect(account.external_account_id)
        await visitor.post(f"/integrations/{account.id}/sync", {}, expect=202)
        async with browser(web) as client:
            with anyio.fail_after(10):
                while not (alerts := web.watching.desk.book.open_alerts()) or not alerts[0].id:
                    await anyio.lowlevel.checkpoint()
            for path in ("/dashboard", f"/dashboard/accounts/{account.id}"):
                shown = await page(client, path, visitor)
                assert "connect it again" in shown
                assert f'action="/dashboard/alerts/{alerts[0].id}/ack"' in shown
            at = f"/dashboard/accounts/{account.id}"
            ack = f"/dashboard/alerts/{alerts[0].id}/ack"
            assert await press(client, ack, visitor, next=at) == f"{at}?said=ack"
            assert "looks after it" in await page(client, at, visitor)
            gone = await client.post("/dashboard/alerts/999/ack")
            visitor.description.check(gone)
            assert gone.status_code == 404
        tasks.cancel_scope.cancel()


async def test_what_happened_is_told(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await web.watching.events.close()
    async with browser(web) as client:
        shown = await page(client, f"/dashboard/accounts/{account.id}", visitor)
    assert "first copy complete" in shown
