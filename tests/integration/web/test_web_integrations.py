from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from actors.credential import Sealer
from daemon.sandbox.quickbooks import Fault, FaultKind
from daemon.sandbox.quickbooks.routes import Route
from store.errors import UnknownAccountError
from support.web_house import Visitor, WebHouse


async def test_live_account_is_shown_as_live(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    shown = await visitor.get(f"/integrations/{account.id}")
    assert shown["state"] == "live"
    assert shown["reasons"] == []
    assert shown["vendor"] == "quickbooks"
    assert shown["external_account_id"] == account.external_account_id
    assert shown["name"] == account.name
    assert shown["exact_as_of"] is not None
    assert shown["disconnected_at"] is None


async def test_unknown_account_is_not_found(visitor: Visitor) -> None:
    for path in ("", "/status", "/objects/Invoice", "/objects/Invoice/1"):
        problem = await visitor.get(f"/integrations/no-such-id{path}", expect=404)
        assert problem["type"] == "urn:syncline:problem:not-found"
        assert "no such account" in problem["detail"]
    await visitor.delete("/integrations/no-such-id", expect=404)
    for what in ("sync", "pause", "resume"):
        await visitor.post(f"/integrations/no-such-id/{what}", expect=404)


async def test_list_is_empty_at_first(visitor: Visitor) -> None:
    assert await visitor.get("/integrations") == {"items": [], "next": None}


async def test_list_goes_page_by_page_through_all(web: WebHouse, visitor: Visitor) -> None:
    connected = [(await web.connected()).id for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    for size in (2, 2, 1):
        page = await visitor.get("/integrations", params={"limit": 2, "cursor": cursor})
        assert len(page["items"]) == size
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == connected


async def test_page_cursor_survives_the_purge_of_its_account(
    web: WebHouse, visitor: Visitor
) -> None:
    first, second = await web.connected(), await web.connected()
    page = await visitor.get("/integrations?limit=1")
    await visitor.delete(f"/integrations/{first.id}?purge=true")
    rest = await visitor.get("/integrations", params={"cursor": page["next"]})
    assert [item["id"] for item in rest["items"]] == [second.id]


async def test_status_has_a_cursor_for_every_type(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    status = await visitor.get(f"/integrations/{account.id}/status")
    by_type = {cursor["object_type"]: cursor for cursor in status["cursors"]}
    truth = web.sandbox.truth(account.external_account_id)
    assert {name: by_type[name]["records"] for name in by_type} == {
        name: len(truth[name]) for name in ("Customer", "Invoice", "Item")
    }
    assert all(cursor["complete"] and cursor["cursor"] for cursor in status["cursors"])
    assert status["breaker"] == {"state": "closed", "failures": 0}
    assert status["bucket"]["in_flight"] == 0
    assert status["token"]["access_expires_at"] > status["token"]["obtained_at"]


async def test_status_tells_the_last_error_of_a_type(web: WebHouse, visitor: Visitor) -> None:
    web.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.QUERY})))
    account = await web.connected()
    hosted = web.supervisor.hosted()[account.id]
    await web.until(lambda: bool((status := hosted.status()) and status.failures))
    status = await visitor.get(f"/integrations/{account.id}/status")
    assert any("503" in (cursor["last_error"] or "") for cursor in status["cursors"])


async def test_failing_feed_is_the_last_error_of_all_types(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    web.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.CDC})))
    await visitor.post(f"/integrations/{account.id}/sync", expect=202)
    hosted = web.supervisor.hosted()[account.id]
    await web.until(lambda: bool((status := hosted.status()) and status.failures))
    status = await visitor.get(f"/integrations/{account.id}/status")
    assert all("503" in cursor["last_error"] for cursor in status["cursors"])


async def test_disconnect_revokes_and_keeps_the_data(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    removal = await visitor.delete(f"/integrations/{account.id}")
    assert removal == {
        "id": account.id,
        "state": "disconnected",
        "purged": False,
        "revoked": True,
        "detail": "",
    }
    assert web.sandbox.statistics().calls_to(Route.REVOKE) == 1
    assert account.id not in web.supervisor.hosted()
    shown = await visitor.get(f"/integrations/{account.id}/status")
    assert shown["state"] == "disconnected"
    assert shown["token"] is None
    assert sum(cursor["records"] for cursor in shown["cursors"]) > 0
    page = await visitor.get(f"/integrations/{account.id}/objects/Invoice")
    assert page["items"]


async def test_disconnect_twice_says_so(web: WebHouse, visitor: Visitor) -> None:
    account = await web.connected()
    await visitor.delete(f"/integrations/{account.id}")
    again = await visitor.delete(f"/integrations/{account.id}")
    assert not again["revoked"]
    assert "before" in again["detail"]


async def test_purge_forgets_account_and_data(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    removal = await visitor.delete(f"/integrations/{account.id}?purge=true")
    assert removal["purged"]
    await visitor.get(f"/integrations/{account.id}", expect=404)
    with pytest.raises(UnknownAccountError):
        await web.store.account(account.id)


async def test_vendor_that_is_down_does_not_prevent_the_disconnect(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.connected()
    web.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.REVOKE})))
    removal = await visitor.delete(f"/integrations/{account.id}")
    assert not removal["revoked"]
    assert "not revoked" in removal["detail"]
    assert (await web.store.account(account.id)).disconnected_at is not None


async def test_tokens_under_a_lost_key_do_not_prevent_the_disconnect(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.connected()
    sealed = await web.store.credential(account.id)
    assert sealed is not None
    other = Sealer([Fernet.generate_key().decode()])
    stranger = other.seal(web.sealer.unseal(sealed))
    await web.supervisor.stop_account(account.id)
    await web.store.connect(
        "quickbooks",
        account.external_account_id,
        account.name,
        replace(stranger, obtained_at=sealed.obtained_at),
        sealed.obtained_at,
        "unused",
    )
    removal = await visitor.delete(f"/integrations/{account.id}")
    assert not removal["revoked"]
    assert "sealed with a key" in removal["detail"]
