from structlog.testing import capture_logs

from daemon.sandbox.quickbooks.routes import Route
from store.models import HeldDeletes, PageWrite, Via
from support.web_house import Visitor, WebHouse, instant


async def held(web: WebHouse, account_id: str, count: int = 60) -> None:
    """Hold deletes of an account, as its own actor would."""
    now = web.clock.now().utc
    holds = [HeldDeletes("Invoice", count, 70, ("17", "18"), now)]
    epoch = (await web.store.account(account_id)).epoch
    page = PageWrite(account_id, epoch, Via.POLL, now, ("Invoice",), holds=holds)
    await web.store.apply_page(page)


async def test_the_status_shows_what_is_held(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/status"
    assert (await visitor.get(path))["held_deletes"] == []
    await held(web, account.id)
    (shown,) = (await visitor.get(path))["held_deletes"]
    assert (shown["object_type"], shown["count"], shown["live"]) == ("Invoice", 60, 70)
    assert (shown["sample"], shown["confirmed_at"]) == (["17", "18"], None)


async def test_what_is_confirmed_is_stored_logged_and_looked_at_now(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    await held(web, account.id)
    before = web.sandbox.statistics().calls_to(Route.CDC)
    body = {"object_types": ["Invoice"], "counts": {"Invoice": 60}}
    with capture_logs() as lines:
        reply = await visitor.post(f"/integrations/{account.id}/deletes/confirm", body)
        (done,) = reply["confirmed"]
    assert done["confirmed_count"] == 60
    assert instant(done["confirmed_at"]) is not None
    assert [line["count"] for line in lines if line["event"] == "deletes_confirmed"] == [60]
    await web.until(lambda: web.sandbox.statistics().calls_to(Route.CDC) > before)


async def test_without_names_all_that_is_held_is_confirmed(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/deletes/confirm"
    assert (await visitor.post(path))["confirmed"] == []
    await held(web, account.id)
    (done,) = (await visitor.post(path, {}))["confirmed"]
    assert done["object_type"] == "Invoice"


async def test_more_than_the_person_was_told_is_not_confirmed(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    await held(web, account.id, 61)
    path = f"/integrations/{account.id}/deletes/confirm"
    problem = await visitor.post(path, {"counts": {"Invoice": 60}}, expect=409)
    assert "61 would go by now" in problem["detail"]
    (still,) = await web.store.held_deletes(account.id)
    assert still.confirmed_at is None
    assert await web.store.confirm_deletes(account.id, {"Invoice": 60}, still.noticed_at) == []


async def test_what_is_not_held_cannot_be_confirmed(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    path = f"/integrations/{account.id}/deletes/confirm"
    await visitor.post(path, {"object_types": ["Invoice"]}, expect=409)
    await visitor.post(path, {"object_type": "Invoice"}, expect=422)
    await visitor.post("/integrations/nobody/deletes/confirm", {}, expect=404)
