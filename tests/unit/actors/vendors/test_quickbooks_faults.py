from datetime import UTC, datetime

import pytest

from actors.errors import (
    AllowanceUsedUpError,
    FeedExpiredError,
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.failed_call import FailedCall, scrubbed
from actors.vendors.quickbooks.faults import Fault, failure, find_fault, retry_after_s
from daemon.sandbox.quickbooks.read_meter import allowance_used_up

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOKEN = "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..tBxbRm6cJ9Tg5wnMbLxQ4w"

STALE = (
    b'{"Fault":{"Error":[{"Message":"Stale Object Error : You and Ada Park were working on this at'
    b' the same time.","Detail":"Stale Object Error : Ada Park finished before you did.",'
    b'"code":"5010","element":""}],"type":"ValidationFault"},"time":"2026-05-05T05:16:21.718-07:00"}'
)
BAD_ID = (
    b'{"Fault":{"Error":[{"Message":"Invalid ID","Detail":"Id should be a valid number. Supplied'
    b' value:1.5","code":"2030"}],"type":"ValidationFault"}}'
)
TOKEN_EXPIRED = (
    b'{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":'
    b'"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired: '
    + TOKEN.encode()
    + b'","code":"3200","element":null}],"type":"AUTHENTICATION"},"report":null,'
    b'"queryResponse":null,"batchItemResponse":[],"attachableResponse":[],"syncErrorResponse":null,'
    b'"requestId":null,"time":1601391072830,"status":null,"cdcresponse":[]}'
)
THROTTLE_XML = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<IntuitResponse time='
    b'"2026-05-05T05:16:21.718-07:00" xmlns="http://schema.intuit.com/finance/v3">'
    b'<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001;'
    b" statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail>"
    b"</Error></Fault></IntuitResponse>"
)
SERVICE_UNAVAILABLE = (
    b"<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n"
    b"<center><h1>503 Service Temporarily Unavailable</h1></center></body>\r\n</html>\r\n"
)
FAULT_IN_QUERY = (
    b'{"QueryResponse":{"Fault":{"Error":[{"Message":"Error processing query","Detail":"Query'
    b' validation","code":"4002"}],"type":"Service"}},"time":"2026-05-05T05:16:21.718-07:00"}'
)
FAULT_IN_FEED = (
    b'{"CDCResponse":[{"QueryResponse":[{},{"Fault":{"Error":[{"Message":"boom","code":"10000"}],'
    b'"type":"SystemFault"}}]}],"time":"2026-05-05T05:16:21.718-07:00"}'
)


def fault_body(code: str, *, message: str = "m", detail: str = "d", kind: str = "f") -> bytes:
    return (
        f'{{"Fault":{{"Error":[{{"Message":"{message}","Detail":"{detail}","code":"{code}"}}],'
        f'"type":"{kind}"}},"time":"2026-05-05T05:16:21.718-07:00"}}'
    ).encode()


def xml_body(code: str, message: str, kind: str) -> bytes:
    return (
        f"<IntuitResponse><Fault type='{kind}'><Error code='{code}'><Message>{message}</Message>"
        "<Detail>d</Detail></Error></Fault></IntuitResponse>"
    ).encode()


def failed(status: int, body: bytes, retry_after: str | None = None) -> VendorError:
    return failure(FailedCall(status, body, NOW, retry_after, "1-5f733ac0", [TOKEN]))


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        pytest.param(
            BAD_ID,
            Fault(
                "2030",
                "Invalid ID",
                "Id should be a valid number. Supplied value:1.5",
                "ValidationFault",
            ),
            id="normal, without element and time",
        ),
        pytest.param(
            TOKEN_EXPIRED,
            Fault(
                "3200",
                "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                f"Token expired: {TOKEN}",
                "AUTHENTICATION",
            ),
            id="gateway, lower case",
        ),
        pytest.param(
            THROTTLE_XML,
            Fault(
                "3001",
                "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "The request limit was reached.  Try again later",
                "SERVICE",
            ),
            id="XML",
        ),
        pytest.param(
            FAULT_IN_QUERY,
            Fault("4002", "Error processing query", "Query validation", "Service"),
            id="inside an answer to a query",
        ),
        pytest.param(
            FAULT_IN_FEED, Fault("10000", "boom", "", "SystemFault"), id="inside a feed's answer"
        ),
        pytest.param(
            b'{"fault":{"error":[{"message":"message=x; errorCode=003100; statusCode=403",'
            b'"code":null}],"type":"SERVICE"}}',
            Fault("3100", "message=x; errorCode=003100; statusCode=403", "", "SERVICE"),
            id="code only in the message",
        ),
        pytest.param(
            b'{"Fault":{"type":"SystemFault"}}', Fault("", "", "", "SystemFault"), id="no errors"
        ),
    ],
)
def test_a_fault_is_read_from_every_shape(body: bytes, fault: Fault) -> None:
    assert find_fault(body) == fault


@pytest.mark.parametrize(
    "body",
    [
        b"",
        SERVICE_UNAVAILABLE,
        b'{"QueryResponse":{},"time":"2026-05-05T05:16:21.718-07:00"}',
        b'{"Fault":{"Error":[{"Mess',
        b'{"error":"invalid_grant"}',
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'"Fault"',
    ],
)
def test_a_body_without_a_fault_has_none(body: bytes) -> None:
    assert find_fault(body) is None


@pytest.mark.parametrize(
    ("status", "body", "outcome", "code"),
    [
        (400, STALE, RejectedError, "5010"),
        (400, BAD_ID, RejectedError, "2030"),
        (400, fault_body("610", kind="ValidationFault"), RejectedError, "610"),
        (400, fault_body("4000", kind="ValidationFault"), RejectedError, "4000"),
        (400, fault_body("4001", kind="ValidationFault"), RejectedError, "4001"),
        (400, fault_body("4002", kind="Service"), TransientError, "4002"),
        (400, fault_body("500", message="Unsupported Operation"), TransientError, "500"),
        (400, fault_body("6190", kind="ValidationFault"), RejectedError, "6190"),
        (400, fault_body("10000", kind="SystemFault"), TransientError, "10000"),
        (401, TOKEN_EXPIRED, ReauthorizeError, "3200"),
        (401, b"", ReauthorizeError, None),
        (
            401,
            xml_body("100", "General Authentication Error", "AuthenticationFault"),
            ReauthorizeError,
            "100",
        ),
        (401, fault_body("120", kind="AuthorizatonFault"), ReauthorizeError, "120"),
        (500, fault_body("120", kind="AuthorizationFault"), TransientError, "120"),
        (401, xml_body("130", "Wrong Cluster", "AuthorizationFault"), ReauthorizeError, "130"),
        (403, fault_body("003100", kind="SERVICE"), ReauthorizeError, "3100"),
        (404, fault_body("3100", kind="SERVICE"), ReauthorizeError, "3100"),
        (500, fault_body("3100", kind="SERVICE"), TransientError, "3100"),
        (403, fault_body("3201"), ReauthorizeError, "3201"),
        (403, fault_body("3001", kind="SERVICE"), ThrottledError, "3001"),
        (429, THROTTLE_XML, ThrottledError, "3001"),
        (429, b"", ThrottledError, None),
        (429, SERVICE_UNAVAILABLE, ThrottledError, None),
        (504, xml_body("6002", "Gateway Timeout", "SERVICE"), TransientError, "6002"),
        (503, SERVICE_UNAVAILABLE, TransientError, None),
        (502, b"", TransientError, None),
        (408, fault_body("1", kind="ValidationFault"), TransientError, "1"),
        (403, b"<html>blocked</html>", TransientError, None),
        (404, b"<html>nginx</html>", TransientError, None),
        (302, b"", TransientError, None),
        (413, fault_body("", kind="ValidationFault"), RejectedError, None),
        (200, FAULT_IN_QUERY, TransientError, "4002"),
        (200, fault_body("3200", kind="AUTHENTICATION"), ReauthorizeError, "3200"),
        (200, fault_body("3001", kind="SERVICE"), ThrottledError, "3001"),
        (200, fault_body("4001", kind="ValidationFault"), RejectedError, "4001"),
        (
            400,
            fault_body(
                "500",
                message="Unsupported Operation",
                detail="Operation cdc with changedSince date 2026-01-01T00:00:00Z which is older"
                " than fixed days is not supported.",
            ),
            FeedExpiredError,
            "500",
        ),
    ],
)
def test_each_failure_is_what_the_caller_can_do_about_it(
    status: int, body: bytes, outcome: type[VendorError], code: str | None
) -> None:
    error = failed(status, body)
    assert type(error) is outcome
    assert (error.status, error.code, error.trace_id) == (status, code, "1-5f733ac0")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_no_token_gets_into_an_errors_text(status: int) -> None:
    for body in (TOKEN_EXPIRED, fault_body("2030", message=f"bad {TOKEN}", detail=f"x {TOKEN}")):
        assert "eyJlbmMi" not in str(failed(status, body))


def test_a_validation_faults_own_words_are_kept() -> None:
    assert "Stale Object Error" in str(failed(400, STALE))
    assert "finished before you did" in str(failed(400, STALE))


def test_scrubbing_leaves_words_and_takes_what_looks_like_a_token() -> None:
    text = scrubbed("message=ApplicationAuthenticationFailed\n\n AB11712345678901234567890 is old")
    assert text == "message=ApplicationAuthenticationFailed [...] is old"


def test_scrubbing_shortens_an_endless_text() -> None:
    assert len(scrubbed("word " * 1_000_000)) <= 300


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, 60.0),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 1.0),
        ("999999999999", 86_400.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 1.0),
        ("soon", 60.0),
        ("-5", 60.0),
        ("", 60.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header: str | None, wait_s: float) -> None:
    assert retry_after_s(header, NOW) == wait_s


def test_a_throttle_says_how_long_to_wait() -> None:
    error = failed(429, THROTTLE_XML, "7")
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == 7.0


def refused(body: bytes, status: int = 429, retry_after: str | None = None) -> VendorError:
    return failure(FailedCall(status, body, NOW, retry_after))


@pytest.mark.parametrize(
    ("body", "retry_after"),
    [
        (allowance_used_up(NOW).body, None),
        (b"Your monthly CorePlus quota has been exceeded.", None),
        (b'{"fault":{"error":[{"message":"API call limit of your plan reached"}]}}', None),
        (b'{"Fault":{"Error":[{"Message":"Quota exceeded","code":"4290"}]}}', "864000"),
        (b"<html>Usage limit for this billing period</html>", None),
    ],
)
def test_the_months_end_of_reads_is_told_by_at_least_two_signs(
    body: bytes, retry_after: str | None
) -> None:
    error = refused(body, retry_after=retry_after)
    assert isinstance(error, AllowanceUsedUpError)
    assert error.retry_after_s == 60.0


@pytest.mark.parametrize(
    ("status", "body", "retry_after"),
    [
        (429, THROTTLE_XML, None),
        (429, THROTTLE_XML, "864000"),
        (403, allowance_used_up(NOW).body, None),
        (429, b"", None),
        (429, b"", "864000"),
        (429, b"Quota exceeded", None),
        (429, b"Quota of your plan: 500 calls per minute", None),
        (429, b'{"fault":{"error":[{"message":"try again later"}]}}', "3600"),
    ],
)
def test_any_other_refusal_of_that_kind_is_only_a_throttle(
    status: int, body: bytes, retry_after: str | None
) -> None:
    assert not isinstance(refused(body, status, retry_after), AllowanceUsedUpError)
