"""Simulator point 1: consent, codes and discovery."""

from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.sandbox.quickbooks import App, Environment, SandboxReply
from daemon.sandbox.quickbooks.json_text import decode
from unit.daemon.sandbox.caller import APP, CALLBACK, Caller, ok

ASKED = {
    "client_id": "client",
    "scope": "com.intuit.quickbooks.accounting",
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "state": "xyz",
}


def redirect_of(reply: SandboxReply) -> dict[str, str]:
    assert reply.status == 302
    location = reply.header("location") or ""
    assert location.startswith(CALLBACK + "?")
    return {key: values[0] for key, values in parse_qs(urlsplit(location).query).items()}


def test_consent_redirects_with_code_state_and_realm() -> None:
    caller = Caller()
    realm = caller.sandbox.add_company()
    answer = redirect_of(caller.send("GET", "/connect/oauth2", ASKED))
    assert (answer["state"], answer["realmId"]) == ("xyz", realm)
    assert "realmId" not in ok(caller.exchange(answer["code"]))


def test_declined_consent_redirects_with_access_denied() -> None:
    caller = Caller()
    caller.sandbox.add_company()
    answer = redirect_of(caller.send("GET", "/connect/oauth2", ASKED | {"decision": "deny"}))
    assert answer == {"error": "access_denied", "state": "xyz"}


def test_several_companies_show_a_page_to_pick_one() -> None:
    caller = Caller()
    first = caller.sandbox.add_company(name="Amy's <Café>")
    second = caller.sandbox.add_company()
    page = caller.send("GET", "/connect/oauth2", ASKED)
    assert page.status == 200
    assert b"Amy&#x27;s &lt;Caf" in page.body
    assert first.encode() in page.body
    picked = redirect_of(caller.send("GET", "/connect/oauth2", ASKED | {"realmId": second}))
    assert picked["realmId"] == second


def test_only_companies_of_the_keys_environment_can_be_picked() -> None:
    caller = Caller()
    sandbox_realm = caller.sandbox.add_company()
    caller.sandbox.add_company(environment=Environment.PRODUCTION)
    answer = redirect_of(caller.send("GET", "/connect/oauth2", ASKED))
    assert answer["realmId"] == sandbox_realm


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": CALLBACK + "/"},
        {"response_type": "token"},
        {"state": ""},
        {"scope": "com.intuit.quickbooks.everything"},
        {"scope": ""},
    ],
)
def test_a_wrong_consent_request_shows_an_error_and_never_redirects(wrong: dict[str, str]) -> None:
    caller = Caller()
    caller.sandbox.add_company()
    reply = caller.send("GET", "/connect/oauth2", ASKED | wrong)
    assert reply.status == 400
    assert reply.header("location") is None


def test_a_code_works_once() -> None:
    caller = Caller()
    code = caller.sandbox.issue_code(caller.sandbox.add_company())
    assert caller.exchange(code).status == 200
    again = caller.exchange(code)
    assert (again.status, again.body) == (400, b'{"error":"invalid_grant"}')


def test_a_code_used_twice_also_costs_the_tokens_of_the_first_use() -> None:
    caller = Caller()
    code = caller.sandbox.issue_code(caller.sandbox.add_company())
    tokens = ok(caller.exchange(code))
    caller.exchange(code)
    caller.clock.advance(seconds=5)
    assert caller.refresh(tokens["refresh_token"]).status == 400
    assert caller.sandbox.statistics().refresh_traps == 1


def test_a_code_expires() -> None:
    caller = Caller()
    code = caller.sandbox.issue_code(caller.sandbox.add_company())
    caller.clock.advance(minutes=5)
    assert caller.exchange(code).status == 400


@pytest.mark.parametrize("redirect_uri", ["http://localhost:8321/other", ""])
def test_a_code_needs_the_redirect_uri_that_it_was_issued_for(redirect_uri: str) -> None:
    caller = Caller()
    code = caller.sandbox.issue_code(caller.sandbox.add_company(), redirect_uri=CALLBACK)
    assert caller.exchange(code, redirect_uri).status == 400
    assert caller.exchange(code).status == 200


def test_a_code_is_no_use_to_another_app() -> None:
    other = App("other", "secret", (CALLBACK,))
    caller = Caller(apps=(APP, other))
    code = caller.sandbox.issue_code(caller.sandbox.add_company(), client_id="other")
    assert caller.exchange(code).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid_configuration",
        "/.well-known/openid_sandbox_configuration/",
        "/.well-known/openid-sandbox-configuration",
    ],
)
def test_discovery_names_the_endpoints_and_not_the_data_scopes(path: str) -> None:
    document = decode(Caller().send("GET", path).body)
    assert document["token_endpoint"] == "http://localhost/oauth2/v1/tokens/bearer"
    assert document["scopes_supported"] == ["openid", "email", "profile", "address", "phone"]
    assert "realmid" in document["claims_supported"]


def test_user_information_is_camel_case_and_follows_the_scopes() -> None:
    caller = Caller()
    realm = caller.sandbox.add_company()
    scopes = frozenset({"openid", "email"})
    tokens = ok(caller.exchange(caller.sandbox.issue_code(realm, scopes=scopes)))
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    document = ok(caller.send("GET", "/v1/openid_connect/userinfo", headers=bearer))
    assert document["emailVerified"] is True
    assert "givenName" not in document


def test_user_information_needs_a_living_token() -> None:
    caller = Caller()
    bearer = {"authorization": "Bearer nonsense"}
    assert caller.send("GET", "/v1/openid_connect/userinfo", headers=bearer).status == 401
    assert decode(caller.send("GET", "/op/v1/jwks").body) == {"keys": []}


def test_user_information_holds_the_profile_and_the_phone_when_consented() -> None:
    caller = Caller()
    scopes = frozenset({"openid", "profile", "phone"})
    realm = caller.sandbox.add_company()
    tokens = ok(caller.exchange(caller.sandbox.issue_code(realm, scopes=scopes)))
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    document = ok(caller.send("GET", "/v1/openid_connect/userinfo", headers=bearer))
    assert {"givenName", "familyName", "phoneNumber"} <= set(document)
    assert "email" not in document
