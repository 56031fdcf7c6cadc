"""What clients see, and what they must not."""

from collections.abc import Mapping

import httpx
import pytest

from daemon.status_key import open_status_links
from daemon.web.pages.rendering import Pages
from support.web_house import Visitor, WebHouse


async def text_of(client: httpx.AsyncClient, path: str, visitor: Visitor, expect: int = 200) -> str:
    reply = await client.get(path)
    visitor.description.check(reply)
    assert reply.status_code == expect
    return reply.text


async def test_everybody_may_see_how_the_service_does_and_nothing_of_any_company(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    await web.context.service_history.look()
    async with web.stranger() as client:
        shown = await text_of(client, "/status", visitor)
    assert "The service works." in shown
    assert "No incidents" in shown
    for hidden in ("Cool Cars", account.id, account.external_account_id, "quickbooks"):
        assert hidden not in shown


async def test_a_companys_own_people_see_how_it_does_and_nothing_of_others(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    await web.live(web.company(name="Amy's Birds"))
    path = f"/status/{web.context.status_links.token_of(account.id)}"
    async with web.stranger() as client:
        shown = await text_of(client, path, visitor)
        assert "Cool Cars" in shown
        assert "kept up to date" in shown
        assert "Amy" not in shown
        await web.store.set_paused(account.id, paused=True)
        assert "It was paused" in await text_of(client, path, visitor)
        await web.connector.disconnect(account.id, purge=True)
        assert "leads nowhere" in await text_of(client, path, visitor, expect=404)


async def test_a_guessed_link_leads_nowhere(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    async with web.stranger() as client:
        for token in (account.id, "x" * 43, "%00"):
            await text_of(client, f"/status/{token}", visitor, expect=404)
            await text_of(client, f"/status/{token}/live", visitor, expect=404)


async def test_an_open_status_page_is_kept_up_to_date(web: WebHouse) -> None:
    account = await web.live(web.company(name="Cool Cars"))
    token = web.context.status_links.token_of(account.id)
    for path, wanted in (("/status/live", "The service works"), (f"/status/{token}/live", "Cool")):
        async with web.stranger() as client, client.stream("GET", path) as reply:
            async for line in reply.aiter_lines():
                if wanted in line:
                    break


async def test_links_stay_the_same_after_a_restart(web: WebHouse) -> None:

    account = await web.live()
    again = await open_status_links(web.store)
    assert again.account_of(web.context.status_links.token_of(account.id)) == account.id


async def test_the_day_outlives_the_process(web: WebHouse) -> None:
    history = web.context.service_history
    await history.look()
    seen = history.day
    history.day = type(seen)()
    await history.load()
    assert history.day == seen


async def test_all_who_look_are_shown_what_was_made_once(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await web.live(web.company(name="Cool <b>Cars</b>"))
    await web.context.service_history.look()
    pages, made = web.context.pages, list[str]()

    def render(template: str, values: Mapping[str, object]) -> str:
        made.append(template)
        return Pages.render(pages, template, values)

    monkeypatch.setattr(pages, "render", render)
    token = web.context.status_links.token_of(account.id)
    async with web.stranger() as client:
        for path in ("/status", f"/status/{token}", "/status"):
            assert "The service works" in await text_of(client, path, visitor)
        assert "<b>Cars" not in await text_of(client, f"/status/{token}", visitor)
        assert (made.count("status/day.html"), made.count("status/company.html")) == (1, 2)
        await web.context.service_history.look()
        await text_of(client, "/status", visitor)
    assert made.count("status/day.html") == 2
