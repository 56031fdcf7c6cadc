from urllib.parse import parse_qs

import httpx
import pytest

from actors.errors import ReauthorizeError, ThrottledError, TransientError, VendorError
from actors.events import CallMade
from actors.vendors.base import Session
from actors.vendors.caller import Caller
from actors.vendors.http import HttpChannel
from actors.vendors.quickbooks.client import MANNERS
from actors.vendors.quickbooks.operation import Operation
from store.models import Cursor
from support.scripted_quickbooks import (
    ACCESS_TOKEN,
    REALM,
    Answer,
    ScriptedQuickBooks,
    StillClock,
    fault_answer,
    json_answer,
    query_answer,
    row,
)

COMPANY = '{"CompanyInfo":{"CompanyName":"Ada\'s Caf\u00e9"},"time":"2026-03-01T04:00:00-08:00"}'
TOKEN_EXPIRED = (
    '{"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200;'
    f' statusCode=401","detail":"Token expired: {ACCESS_TOKEN}","code":"3200","element":null}}],'
    '"type":"AUTHENTICATION"},"time":1601391072830}'
)


async def query(vendor: ScriptedQuickBooks) -> None:
    (look,) = vendor.vendor.looks({"Invoice": Cursor("Invoice")}, due=True)
    await vendor.vendor.look(vendor.session, look)


async def test_every_call_names_the_company_the_token_and_the_version() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", [row("1")]), json_answer(COMPANY))
    await query(vendor)
    await vendor.vendor.company_name(vendor.session)
    for request in vendor.requests:
        assert request.url.path.startswith(f"/v3/company/{REALM}/")
        assert parse_qs(request.url.query.decode())["minorversion"] == ["75"]
        assert request.headers["authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert request.headers["accept"] == "application/json"
        assert "gzip" in request.headers["accept-encoding"]
    assert vendor.requests[0].headers["content-type"] == "application/text"


async def test_the_companys_name_is_read() -> None:
    vendor = ScriptedQuickBooks(json_answer(COMPANY))
    assert await vendor.vendor.company_name(vendor.session) == "Ada's Caf\u00e9"
    assert vendor.requests[0].url.path == f"/v3/company/{REALM}/companyinfo/{REALM}"


@pytest.mark.parametrize("body", ["", "{}", '{"CompanyInfo":{}}', "<html/>"])
async def test_an_answer_without_a_name_is_no_answer(body: str) -> None:
    vendor = ScriptedQuickBooks(json_answer(body))
    with pytest.raises(TransientError):
        await vendor.vendor.company_name(vendor.session)


async def test_a_company_id_cannot_lead_to_another_path() -> None:
    vendor = ScriptedQuickBooks(json_answer(COMPANY))
    odd = Session("1/../2?x", ACCESS_TOKEN, vendor.session.permit)
    await vendor.vendor.company_name(odd)
    assert vendor.requests[0].url.raw_path.startswith(
        b"/v3/company/1%2F..%2F2%3Fx/companyinfo/1%2F"
    )


async def test_a_good_call_is_told_to_the_listener() -> None:
    vendor = ScriptedQuickBooks(json_answer(COMPANY))
    await vendor.vendor.company_name(vendor.session)
    assert vendor.events == [
        CallMade("quickbooks", "company", 200, None, 0.0, "1-5f733ac0-27c46063", REALM)
    ]
    assert (vendor.permits, vendor.refused) == (["company"], [])


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (json_answer(TOKEN_EXPIRED, 401), 401, "reauthorize"),
        (fault_answer(403, "3001"), 403, "throttled"),
        (fault_answer(400, "4001", kind="ValidationFault"), 400, "rejected"),
        (json_answer("<html/>"), 200, "transient"),
        (httpx.ConnectError("refused"), None, "transient"),
        (httpx.RemoteProtocolError("cut"), None, "transient"),
        (OSError("no route"), None, "transient"),
    ],
)
async def test_a_failed_call_is_told_to_the_listener_and_to_the_permit(
    answer: Answer, status: int | None, reason: str
) -> None:
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(VendorError):
        await query(vendor)
    assert [(event.status, event.reason) for event in vendor.events] == [(status, reason)]
    assert vendor.refused == ["query"]


@pytest.mark.parametrize(
    "error", [OverflowError("date value out of range"), ZeroDivisionError(), ValueError("eyJodd")]
)
async def test_a_body_that_breaks_its_reader_is_an_unreadable_answer(error: Exception) -> None:
    def read(_body: bytes) -> None:
        raise error

    told: list[CallMade] = []
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200))
    ) as http:
        caller = Caller(HttpChannel(http, timeout_s=30), StillClock(), told.append, MANNERS)
        request = caller.channel.request("GET", "http://quickbooks.test/", headers={})
        with pytest.raises(TransientError, match=type(error).__name__) as caught:
            await caller.call(Operation.READ, request, read)
    assert "eyJodd" not in str(caught.value)
    assert [event.reason for event in told] == ["transient"]


async def test_the_vendors_echo_of_the_token_gets_nowhere() -> None:
    vendor = ScriptedQuickBooks(json_answer(TOKEN_EXPIRED, 401))
    with pytest.raises(ReauthorizeError) as caught:
        await query(vendor)
    assert ACCESS_TOKEN[:20] not in f"{caught.value!r} {vendor.events} {vendor.session}"
    assert (caught.value.code, caught.value.trace_id) == ("3200", "1-5f733ac0-27c46063")


async def test_a_throttle_passes_on_how_long_to_wait() -> None:
    answer = fault_answer(429, "3001")
    answer.headers["Retry-After"] = "17"
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(ThrottledError) as caught:
        await query(vendor)
    assert caught.value.retry_after_s == 17.0
