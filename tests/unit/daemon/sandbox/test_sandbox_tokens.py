"""Simulator points 2 to 7: tokens, rotation, traps and revocation."""

from urllib.parse import urlencode

import pytest

from daemon.sandbox.quickbooks import Behaviour, Disconnect, Fault, FaultKind, Route
from daemon.sandbox.quickbooks.json_text import decode, encode
from unit.daemon.sandbox.caller import Caller, ok

DEAD = b'{"error":"invalid_grant"}'


def connected(**switches: object) -> Caller:
    caller = Caller(behaviour=Behaviour(**switches))  # type: ignore[arg-type]
    caller.connect()
    return caller


def test_tokens_carry_their_lives_and_shapes(caller: Caller) -> None:
    tokens = caller.tokens
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 3600
    assert tokens["x_refresh_token_expires_in"] == 8_726_400
    assert tokens["access_token"].startswith("eyJlbmMi")
    assert tokens["refresh_token"].startswith("RT1-")
    assert "x_refresh_token_hard_expires_in" not in tokens


def test_the_hard_expiry_is_told_on_request_and_only_counts_down(caller: Caller) -> None:
    opt_in = {"x_include_refresh_token_hard_expires_in": "true"}
    first = ok(caller.refresh(**opt_in))["x_refresh_token_hard_expires_in"]
    caller.clock.advance(days=10)
    second = ok(caller.refresh(**opt_in))["x_refresh_token_hard_expires_in"]
    assert first == 157_680_000 - 1
    assert second == first - 10 * 86_400


def test_an_access_token_dies_after_an_hour(caller: Caller) -> None:
    caller.clock.advance(seconds=3598)
    assert caller.api("GET", "query", {"query": "select * from Item"}).status == 200
    caller.clock.advance(seconds=1)
    assert caller.api("GET", "query", {"query": "select * from Item"}).status == 401


def test_a_refresh_within_24_hours_returns_the_same_refresh_value(caller: Caller) -> None:
    caller.clock.advance(hours=23, minutes=59)
    renewed = ok(caller.refresh())
    assert renewed["refresh_token"] == caller.tokens["refresh_token"]
    assert renewed["access_token"] != caller.tokens["access_token"]


def test_the_first_refresh_after_24_hours_replaces_the_refresh_value(caller: Caller) -> None:
    caller.clock.advance(hours=24)
    renewed = ok(caller.refresh())
    assert renewed["refresh_token"] != caller.tokens["refresh_token"]
    caller.clock.advance(hours=1)
    assert ok(caller.refresh(renewed["refresh_token"]))["refresh_token"] == renewed["refresh_token"]


def test_a_replaced_value_is_dead_at_once_without_grace(caller: Caller) -> None:
    caller.clock.advance(hours=25)
    ok(caller.refresh())
    caller.clock.advance(seconds=1)
    again = caller.refresh()
    assert (again.status, again.body) == (400, DEAD)
    assert len(again.body) == 25


def test_a_replaced_value_works_for_a_day_with_grace() -> None:
    caller = connected(rotation_grace_s=86_400)
    caller.clock.advance(hours=25)
    renewed = ok(caller.refresh())
    caller.clock.advance(hours=23)
    assert ok(caller.refresh())["refresh_token"] == renewed["refresh_token"]
    caller.clock.advance(hours=2)
    assert caller.refresh().status == 400


def test_every_refresh_replaces_the_value_when_it_is_set_so() -> None:
    caller = connected(rotate_after_s=0)
    first = ok(caller.refresh())["refresh_token"]
    caller.clock.advance(seconds=1)
    assert ok(caller.refresh(first))["refresh_token"] != first


def test_a_refresh_value_dies_of_disuse_and_a_used_one_lives_on(caller: Caller) -> None:
    for _ in range(3):
        caller.clock.advance(days=100)
        caller.tokens = ok(caller.refresh())
    caller.clock.advance(days=101)
    assert caller.refresh().body == DEAD


def test_a_grant_ends_five_years_after_consent_however_much_it_is_used(caller: Caller) -> None:
    for _ in range(18):
        caller.clock.advance(days=100)
        caller.tokens = ok(caller.refresh())
    caller.clock.advance(days=26)
    assert caller.refresh().body == DEAD


def test_an_unknown_refresh_value_is_invalid_grant_with_a_description_when_set() -> None:
    caller = connected(describe_invalid_grant=True)
    reply = caller.refresh("RT1-none")
    assert reply.status == 400
    assert decode(reply.body) == {
        "error_description": "Incorrect or invalid refresh token",
        "error": "invalid_grant",
    }


@pytest.mark.parametrize("status", [401, 400])
def test_wrong_client_credentials_are_invalid_client_under_either_status(status: int) -> None:
    caller = connected(invalid_client_status=status)
    form = {"grant_type": "refresh_token", "refresh_token": caller.tokens["refresh_token"]}
    reply = caller.token(form, secret="wrong")
    assert (reply.status, reply.body) == (status, b'{"error":"invalid_client"}')


def test_client_credentials_may_come_in_the_form_instead_of_the_header(caller: Caller) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": caller.tokens["refresh_token"],
        "client_id": "client",
        "client_secret": "secret",
    }
    path, body = "/oauth2/v1/tokens/bearer", urlencode(form).encode()
    assert caller.send("POST", path, body=body).status == 200
    garbled = {"authorization": "Basic ***"}
    assert caller.send("POST", path, headers=garbled).body == b'{"error":"invalid_client"}'


@pytest.mark.parametrize(
    ("form", "error"),
    [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")],
)
def test_other_grants_are_refused(caller: Caller, form: dict[str, str], error: str) -> None:
    reply = caller.token(form)
    assert (reply.status, decode(reply.body)["error"]) == (400, error)


def test_an_overlapping_refresh_fails_and_costs_the_winner_its_tokens(caller: Caller) -> None:
    winner = caller.refresh()
    loser = caller.refresh()
    assert winner.status == 200
    assert winner.delay_s > 0
    assert loser.body == DEAD
    won = decode(winner.body)
    caller.clock.advance(seconds=5)
    assert caller.api("GET", "item/1", bearer=won["access_token"]).status == 401
    assert caller.refresh(won["refresh_token"]).body == DEAD
    assert caller.sandbox.statistics().refresh_traps == 1


def test_an_overlapping_refresh_only_fails_itself_when_not_strict() -> None:
    caller = connected(strict_refresh=False)
    won = ok(caller.refresh())
    assert caller.refresh().body == DEAD
    caller.clock.advance(seconds=5)
    assert caller.api("GET", "item/1", bearer=won["access_token"]).status == 200
    assert caller.refresh(won["refresh_token"]).status == 200


def test_refreshes_one_after_the_other_are_no_trap(caller: Caller) -> None:
    for _ in range(3):
        caller.tokens = ok(caller.refresh())
        caller.clock.advance(seconds=1)
    assert caller.sandbox.statistics().refresh_traps == 0
    assert caller.sandbox.statistics().refreshes == 3


def test_a_lost_answer_after_rotation_leaves_the_client_with_a_dead_token(caller: Caller) -> None:
    lost = Fault(FaultKind.RESET, routes=frozenset({Route.TOKEN}), executed=True, count=1)
    caller.sandbox.inject(lost)
    caller.clock.advance(hours=25)
    assert caller.refresh().disconnect is Disconnect.BEFORE_REPLY
    caller.clock.advance(seconds=5)
    assert caller.refresh().body == DEAD


def test_a_refusal_of_the_token_host_before_it_acts_leaves_the_token_alive(caller: Caller) -> None:
    caller.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.TOKEN}), count=1))
    caller.clock.advance(hours=25)
    assert caller.refresh().status == 503
    assert caller.refresh().status == 200


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_revoking_either_token_ends_the_whole_grant(caller: Caller, which: str) -> None:
    headers = {"authorization": "Basic Y2xpZW50OnNlY3JldA==", "content-type": "application/json"}
    body = encode({"token": caller.tokens[which]})
    path = "/v2/oauth2/tokens/revoke"
    assert caller.send("POST", path, body=body, headers=headers).status == 200
    assert caller.api("GET", "item/1").status == 401
    assert caller.refresh().body == DEAD
    assert caller.send("POST", path, body=body, headers=headers).status == 400


def test_revoking_needs_the_apps_own_credentials(caller: Caller) -> None:
    body = encode({"token": caller.tokens["refresh_token"]})
    reply = caller.send("POST", "/v2/oauth2/tokens/revoke", body=body)
    assert (reply.status, reply.body) == (401, b'{"error":"invalid_client"}')
    assert caller.api("GET", "item/1").status == 200


def test_a_disconnect_by_the_user_shows_as_the_gateways_401(caller: Caller) -> None:
    caller.sandbox.disconnect(caller.realm)
    reply = caller.api("GET", "item/1")
    assert reply.status == 401
    assert reply.header("www-authenticate") == 'Bearer realm="Intuit", error="invalid_token"'
    document = decode(reply.body)
    error = document["fault"]["error"][0]
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert error["code"] == "3200"
    assert error["detail"] == f"Token expired: {caller.tokens['access_token'][:50]}"
    assert document["fault"]["type"] == "AUTHENTICATION"
    assert document["time"] == int(caller.clock.now.timestamp() * 1000)
    assert caller.refresh().body == DEAD


def test_a_second_consent_ends_the_first_grant(caller: Caller) -> None:
    older = dict(caller.tokens)
    caller.connect(caller.realm)
    assert caller.api("GET", "item/1", bearer=older["access_token"]).status == 401
    assert caller.refresh(older["refresh_token"]).body == DEAD
    assert caller.api("GET", "item/1").status == 200
