from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from daemon.sandbox.quickbooks import Fault, FaultKind
from daemon.sandbox.quickbooks.routes import Route
from daemon.sandbox.transport import SandboxTransport
from store.errors import StoreFullError
from support.web_house import Visitor, WebHouse

CONNECT = "/auth/quickbooks/connect"


def grant(web: WebHouse, realm_id: str) -> dict[str, str]:
    return {"authorization_code": web.sandbox.issue_code(realm_id), "realm_id": realm_id}


async def consent(web: WebHouse, address: str, **choice: str) -> str:
    """Consent at the vendor, as the owner's browser does; return the way back."""
    async with httpx.AsyncClient(transport=SandboxTransport(web.sandbox)) as browser:
        reply = await browser.get(httpx.URL(address).copy_merge_params(choice))
    back = urlsplit(reply.headers["Location"])
    assert back.path == "/auth/quickbooks/callback"
    return f"{back.path}?{back.query}"


async def start(visitor: Visitor) -> str:
    reply = await visitor.call("GET", "/auth/quickbooks/start", expect=302)
    return reply.headers["Location"]


async def test_code_connects_a_company_and_its_actor_begins(
    web: WebHouse, visitor: Visitor
) -> None:
    realm_id = web.company(name="Amy's <Café>")
    reply = await visitor.call("POST", CONNECT, expect=201, json=grant(web, realm_id))
    shown = reply.json()
    assert shown["name"] == "Amy's <Café>"
    assert shown["external_account_id"] == realm_id
    assert reply.headers["Location"] == f"/integrations/{shown['id']}"
    assert shown["state"] in {"connecting", "backfilling", "live"}
    assert shown["id"] in web.supervisor.hosted()


async def test_known_company_keeps_its_id_and_history(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    before = await web.store.last_seq()
    again = await visitor.post(CONNECT, grant(web, account.external_account_id), expect=200)
    assert again["id"] == account.id
    assert await web.store.last_seq() == before
    assert (await visitor.get(f"/integrations/{account.id}"))["state"] == "live"


async def test_disconnected_company_can_be_connected_again(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.delete(f"/integrations/{account.id}")
    again = await visitor.post(CONNECT, grant(web, account.external_account_id), expect=200)
    assert (again["id"], again["disconnected_at"]) == (account.id, None)
    assert account.id in web.supervisor.hosted()


async def test_browser_is_sent_to_consent_and_comes_back(web: WebHouse, visitor: Visitor) -> None:
    realm_id = web.company(name="Tom & <b>Sons</b>")
    way_back = await consent(web, await start(visitor))
    async with web.stranger() as browser:
        reply = await browser.get(way_back, headers={"Accept": "text/html,*/*"})
    visitor.description.check(reply)
    assert reply.status_code == 201
    assert "Tom &amp; &lt;b&gt;Sons&lt;/b&gt; is connected" in reply.text
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    (account,) = await web.store.accounts()
    assert account.external_account_id == realm_id


async def test_script_that_comes_back_gets_json(web: WebHouse, visitor: Visitor) -> None:
    web.company()
    way_back = await consent(web, await start(visitor))
    assert (await visitor.get(f"{way_back}&iss=later", expect=201))["vendor"] == "quickbooks"


async def test_way_back_works_once(web: WebHouse, visitor: Visitor) -> None:
    web.company()
    way_back = await consent(web, await start(visitor))
    await visitor.get(way_back, expect=201)
    problem = await visitor.get(way_back, expect=403)
    assert "/auth/quickbooks/start" in problem["detail"]
    assert web.sandbox.statistics().code_exchanges == 1


async def test_forged_state_is_refused_before_the_code_is_spent(
    web: WebHouse, visitor: Visitor
) -> None:
    realm_id = web.company()
    code = web.sandbox.issue_code(realm_id)
    await visitor.get(
        "/auth/quickbooks/callback",
        params={"state": "forged", "code": code, "realmId": realm_id},
        expect=403,
    )
    assert web.sandbox.statistics().calls_to(Route.TOKEN) == 0


async def test_each_start_has_a_state_of_its_own(visitor: Visitor) -> None:
    states = {parse_qs(urlsplit(await start(visitor)).query)["state"][0] for _ in range(3)}
    assert len(states) == 3
    assert all(len(state) >= 43 for state in states)


async def test_owner_who_declines_is_no_error_of_ours(web: WebHouse, visitor: Visitor) -> None:
    web.company()
    way_back = await consent(web, await start(visitor), decision="deny")
    problem = await visitor.get(way_back, expect=403)
    assert "did not consent (access_denied)" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "status", "title"),
    [
        ("state=forged&error=access_denied", 403, "Consent refused"),
        ("state=forged&code=a-code&realmId=1", 403, "Consent refused"),
        ("state=forged", 422, "Invalid input"),
        ("", 422, "Invalid input"),
    ],
)
async def test_browser_that_is_refused_gets_a_page_without_a_way_that_needs_the_token(
    web: WebHouse, visitor: Visitor, query: str, status: int, title: str
) -> None:
    async with web.stranger(headers={"Accept": "text/html,*/*"}) as browser:
        reply = await browser.get(f"/auth/quickbooks/callback?{query}")
    visitor.description.check(reply)
    assert reply.status_code == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert f"<h1>{title}</h1>" in reply.text
    assert "Ask whoever sent you here for a new link" in reply.text
    assert "/auth/" not in reply.text
    assert reply.headers["Referrer-Policy"] == "no-referrer"


async def test_way_back_without_a_code_is_refused(visitor: Visitor) -> None:
    state = parse_qs(urlsplit(await start(visitor)).query)["state"][0]
    await visitor.get(f"/auth/quickbooks/callback?state={state}", expect=422)
    await visitor.get("/auth/quickbooks/callback", expect=422)


async def test_wrong_code_says_what_to_do(web: WebHouse, visitor: Visitor) -> None:
    body = {"authorization_code": "made-up-by-somebody", "realm_id": web.company()}
    problem = await visitor.post(CONNECT, body, expect=422)
    assert problem["type"] == "urn:syncline:problem:code-refused"
    assert "begin again at /auth/quickbooks/start" in problem["detail"]
    assert "made-up-by-somebody" not in str(problem)
    assert await web.store.accounts() == []


async def test_spent_code_is_refused_and_harms_nothing(web: WebHouse, visitor: Visitor) -> None:
    body = grant(web, web.company())
    account = await visitor.post(CONNECT, body, expect=201)
    problem = await visitor.post(CONNECT, body, expect=422)
    assert "used already" in problem["detail"]
    assert web.sandbox.statistics().code_exchanges == 1
    hosted = web.supervisor.hosted()[account["id"]]
    await web.until(lambda: bool((s := hosted.status()) and any(s.cursors["Item"].position)))


@pytest.mark.parametrize("kind", [FaultKind.HTML_503, FaultKind.RESET])
async def test_vendor_down_stores_nothing(web: WebHouse, visitor: Visitor, kind: FaultKind) -> None:
    web.sandbox.inject(Fault(kind, routes=frozenset({Route.TOKEN})))
    problem = await visitor.post(CONNECT, grant(web, web.company()), expect=502)
    assert "nothing was stored" in problem["detail"]
    assert await web.store.accounts() == []


async def test_tokens_of_another_company_are_given_back(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.connect._AGAIN_S", (0.0, 0.0))
    mine, other = web.company(), web.company()
    body = grant(web, mine) | {"realm_id": other}
    problem = await visitor.post(CONNECT, body, expect=422)
    assert problem["type"] == "urn:syncline:problem:wrong-company"
    assert web.sandbox.statistics().calls_to(Route.REVOKE) == 1
    assert await web.store.accounts() == []


async def test_full_disk_is_found_before_the_code_is_spent(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        raise StoreFullError("no space left on the device")

    monkeypatch.setattr(web.store, "check", check)
    body = grant(web, web.company())
    reply = await visitor.call("POST", CONNECT, json=body, expect=503)
    assert "no space left" in reply.json()["detail"]
    assert reply.headers["Retry-After"] == "5"
    assert web.sandbox.statistics().calls_to(Route.TOKEN) == 0
    monkeypatch.undo()
    await visitor.post(CONNECT, body, expect=201)


async def test_app_that_the_vendor_does_not_know_is_told_to_check_its_settings(
    web: WebHouse, visitor: Visitor
) -> None:
    web.sandbox.world.authorization.apps.clear()
    realm_id = web.company()
    body = {"authorization_code": "whatever", "realm_id": realm_id}
    problem = await visitor.post(CONNECT, body, expect=502)
    assert "vendors.quickbooks" in problem["detail"]


async def test_vendor_that_is_not_configured_is_not_found(web: WebHouse, visitor: Visitor) -> None:
    web.vendors.clear()
    body = {"authorization_code": "code", "realm_id": "1"}
    problem = await visitor.post(CONNECT, body, expect=404)
    assert problem["type"] == "urn:syncline:problem:unknown-vendor"
    await visitor.get("/auth/quickbooks/start", expect=404)
    await visitor.get("/auth/sage/start", expect=404)


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (None, ["authorization_code", "realm_id"]),
        ({}, ["authorization_code", "realm_id"]),
        ({"authorization_code": "", "realm_id": "12a"}, ["authorization_code", "realm_id"]),
        ({"authorization_code": 7, "realm_id": 9130}, ["authorization_code", "realm_id"]),
        ({"authorization_code": "c", "realm_id": "1", "realmId": "1"}, ["realmId"]),
        ({"authorization_code": "c", "realm_id": "../1"}, ["realm_id"]),
        ({"authorization_code": None, "realm_id": ["1"]}, ["authorization_code", "realm_id"]),
    ],
)
async def test_bad_body_is_refused_all_at_once(
    visitor: Visitor, body: object, paths: list[str]
) -> None:
    problem = await visitor.post(CONNECT, body, expect=422)
    assert [error["path"] for error in problem["errors"]] == paths


async def test_code_is_not_repeated_even_when_it_is_wrong(visitor: Visitor) -> None:
    problem = await visitor.post(CONNECT, {"authorization_code": 12345678}, expect=422)
    assert "12345678" not in str(problem)


async def test_secrets_are_concealed_before_they_are_used(web: WebHouse, visitor: Visitor) -> None:
    body = grant(web, web.company())
    shown = await visitor.post(CONNECT, body, expect=201)
    sealed = await web.store.credential(shown["id"])
    assert sealed is not None
    tokens = web.sealer.unseal(sealed)
    assert web.concealed == [body["authorization_code"], tokens.access_token, tokens.refresh_token]
    assert tokens.access_token not in str(shown)
