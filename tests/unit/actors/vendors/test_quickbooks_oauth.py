from base64 import b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from actors.credential import Credential
from actors.errors import (
    GrantRefusedError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from support.scripted_quickbooks import SETTINGS, Answer, ScriptedQuickBooks, json_answer

NOW = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
CODE = "AB11772366400eyJhbGciOiJub25lIn0single"
HARD_END = datetime(2030, 1, 1, tzinfo=UTC)
CREDENTIAL = Credential(
    access_token="eyJold",
    refresh_token="RT1-39-H3-1785429816abcdefghijklmno",
    obtained_at=NOW,
    access_expires_at=NOW,
    refresh_hard_expires_at=HARD_END,
)
TOKENS = (
    '{"token_type":"bearer","expires_in":3600,"access_token":"eyJnew","refresh_token":"RT1-new",'
    '"x_refresh_token_expires_in":8726400,"x_refresh_token_hard_expires_in":156032154,"id_token":"x"}'
)


def form(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


def test_a_browser_is_sent_to_ask_for_the_accounting_scope() -> None:
    url = urlsplit(ScriptedQuickBooks().vendor.authorize_url("s&t=1"))
    assert url.geturl().startswith(SETTINGS.authorize_url)
    assert parse_qs(url.query) == {
        "client_id": ["the-app"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": [SETTINGS.redirect_uri],
        "response_type": ["code"],
        "state": ["s&t=1"],
    }


async def test_a_code_becomes_tokens_with_the_lifetimes_that_came_back() -> None:
    vendor = ScriptedQuickBooks(json_answer(TOKENS))
    credential = await vendor.vendor.exchange(CODE, "934")
    assert credential == Credential(
        access_token="eyJnew",
        refresh_token="RT1-new",
        obtained_at=NOW,
        access_expires_at=NOW + timedelta(seconds=3600),
        refresh_expires_at=NOW + timedelta(seconds=8726400),
        refresh_hard_expires_at=NOW + timedelta(seconds=156032154),
    )
    request = vendor.requests[0]
    assert form(request) == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": SETTINGS.redirect_uri,
    }
    secret = b64encode(b"the-app:the-apps-secret").decode()
    assert request.headers["authorization"] == f"Basic {secret}"
    assert request.headers["accept"] == "application/json"
    assert vendor.events[0].external_account_id == "934"


async def test_a_refresh_asks_for_the_hard_end_too() -> None:
    vendor = ScriptedQuickBooks(json_answer(TOKENS))
    await vendor.vendor.refresh(CREDENTIAL)
    request = vendor.requests[0]
    assert request.headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert form(request) == {
        "grant_type": "refresh_token",
        "refresh_token": CREDENTIAL.refresh_token,
    }
    assert vendor.events[0].operation == "token_refresh"


async def test_lifetimes_that_do_not_come_back_are_not_invented() -> None:
    body = '{"expires_in":"1800","access_token":"a","refresh_token":"r"}'
    vendor = ScriptedQuickBooks(json_answer(body), json_answer(body))
    refreshed = await vendor.vendor.refresh(CREDENTIAL)
    assert refreshed.access_expires_at == NOW + timedelta(seconds=1800)
    assert (refreshed.refresh_expires_at, refreshed.refresh_hard_expires_at) == (None, HARD_END)
    assert (await vendor.vendor.exchange(CODE, "934")).refresh_hard_expires_at is None


ODD_LIFETIMES = [
    '""',
    '"soon"',
    "null",
    "-5",
    "0",
    "{}",
    "[3600]",
    "true",
    "1e400",
    "1e18",
    "99999999999999999999999999",
    '"1e999"',
    '"nan"',
]


@pytest.mark.parametrize("odd", ODD_LIFETIMES)
async def test_no_lifetime_however_odd_costs_the_tokens(odd: str) -> None:
    body = (
        f'{{"access_token":"a","refresh_token":"r","expires_in":{odd},'
        f'"x_refresh_token_expires_in":{odd},"x_refresh_token_hard_expires_in":{odd}}}'
    )
    vendor = ScriptedQuickBooks(json_answer(body))
    assert await vendor.vendor.refresh(CREDENTIAL) == Credential(
        access_token="a",
        refresh_token="r",
        obtained_at=NOW,
        access_expires_at=NOW + timedelta(seconds=600),
        refresh_expires_at=None,
        refresh_hard_expires_at=HARD_END,
    )


@pytest.mark.parametrize("number", ["1800", "1800.0", "1800.9", '"1800"'])
async def test_a_lifetime_is_read_in_every_form_of_a_number(number: str) -> None:
    body = (
        f'{{"access_token":"a","refresh_token":"r","expires_in":{number},'
        f'"x_refresh_token_expires_in":{number}}}'
    )
    refreshed = await ScriptedQuickBooks(json_answer(body)).vendor.refresh(CREDENTIAL)
    assert refreshed.access_expires_at == NOW + timedelta(seconds=1800)
    assert refreshed.refresh_expires_at == NOW + timedelta(seconds=1800)


async def test_tokens_without_any_lifetime_are_tokens() -> None:
    vendor = ScriptedQuickBooks(json_answer('{"access_token":"a","refresh_token":"r"}'))
    refreshed = await vendor.vendor.refresh(CREDENTIAL)
    assert refreshed.access_expires_at == NOW + timedelta(seconds=600)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (json_answer('{"error":"invalid_grant"}', 400), GrantRefusedError),
        (
            json_answer('{"error_description":"Incorrect","error":"invalid_grant"}', 401),
            GrantRefusedError,
        ),
        (json_answer('{"error":"invalid_client"}', 401), RejectedError),
        (json_answer('{"error":"invalid_client"}', 400), RejectedError),
        (json_answer('{"error":"unauthorized_client"}', 400), RejectedError),
        (json_answer('{"error":"invalid_request"}', 400), RejectedError),
        (json_answer('{"error":"unsupported_grant_type"}', 400), RejectedError),
        (json_answer('{"error":"temporarily_unavailable"}', 400), TransientError),
        (json_answer('{"error":"invalid_grant"}', 503), TransientError),
        (json_answer("<html>503</html>", 503), TransientError),
        (json_answer("<html>403</html>", 403), TransientError),
        (json_answer("", 502), TransientError),
        (json_answer("", 400), TransientError),
        (json_answer("<html>soon</html>", 200), TransientError),
        (json_answer(TOKENS[:50], 200), TransientError),
        (json_answer("{}", 200), TransientError),
        (json_answer('{"access_token":"a","expires_in":3600}'), TransientError),
        (json_answer('{"access_token":null,"refresh_token":"r"}'), TransientError),
        (json_answer('{"error":"slow_down"}', 429), ThrottledError),
        (httpx.ConnectError("refused"), TransientError),
        (httpx.ReadTimeout("slow"), TransientError),
    ],
)
async def test_each_refusal_is_what_the_caller_can_do_about_it(
    answer: Answer, outcome: type[VendorError]
) -> None:
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(VendorError) as caught:
        await vendor.vendor.refresh(CREDENTIAL)
    assert type(caught.value) is outcome
    assert [event.reason for event in vendor.events] == [caught.value.reason]


async def test_a_wrong_app_tells_the_operator_what_to_check() -> None:
    vendor = ScriptedQuickBooks(json_answer('{"error":"invalid_client"}', 401))
    with pytest.raises(RejectedError, match="check client_id and client_secret"):
        await vendor.vendor.exchange(CODE, "934")


async def test_no_secret_gets_into_an_errors_text() -> None:
    said = f"{CODE} {CREDENTIAL.refresh_token} the-apps-secret"
    body = f'{{"error":"invalid_grant {said}","error_description":"{said}"}}'
    for status in (200, 400, 401, 500):
        vendor = ScriptedQuickBooks(json_answer(body, status), json_answer(body, status))
        for call in (vendor.vendor.exchange(CODE, "934"), vendor.vendor.refresh(CREDENTIAL)):
            with pytest.raises(VendorError) as caught:
                await call
            shown = f"{caught.value} {caught.value.code} {caught.value!r}"
            assert not [each for each in (*said.split(), "RT1", "AB1") if each in shown]


async def test_revoking_sends_the_refresh_token() -> None:
    vendor = ScriptedQuickBooks(httpx.Response(200))
    await vendor.vendor.revoke(CREDENTIAL)
    request = vendor.requests[0]
    assert str(request.url) == SETTINGS.revoke_url
    assert request.content == b'{"token":"RT1-39-H3-1785429816abcdefghijklmno"}'
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request"])
async def test_revoking_what_is_dead_already_is_no_error(error: str) -> None:
    await ScriptedQuickBooks(json_answer(f'{{"error":"{error}"}}', 400)).vendor.revoke(CREDENTIAL)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (json_answer('{"error":"invalid_client"}', 400), RejectedError),
        (json_answer('{"error":"invalid_client"}', 401), RejectedError),
        (json_answer("<html/>", 503), TransientError),
    ],
)
async def test_a_grant_that_may_live_on_is_an_error(
    answer: Answer, outcome: type[VendorError]
) -> None:
    with pytest.raises(outcome):
        await ScriptedQuickBooks(answer).vendor.revoke(CREDENTIAL)
