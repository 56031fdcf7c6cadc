import json
from datetime import UTC, datetime

import pytest

from actors.errors import (
    GrantRefusedError,
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.failed_call import FailedCall
from actors.vendors.servicetitan.faults import THROTTLE_WAIT_S, failure, is_problem, refusal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "cs1.hush-hush"


def problem(status: int, title: str = "No.", **more: object) -> bytes:
    document = {"type": "about:blank", "title": title, "status": status, "errors": {}, "data": {}}
    return json.dumps(document | {"traceId": "00-trace-1"} | more).encode()


def call(status: int, body: bytes = b"", retry_after: str | None = None) -> FailedCall:
    return FailedCall(status, body, NOW, retry_after, secrets=[SECRET])


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, problem(401), ReauthorizeError),
        (401, b"", ReauthorizeError),
        (403, problem(403), RejectedError),
        (403, b"<html>", RejectedError),
        (404, problem(404), RejectedError),
        (400, problem(400), RejectedError),
        (409, problem(409), RejectedError),
        (400, b"<html>Bad Request</html>", TransientError),
        (408, problem(408), TransientError),
        (500, problem(500), TransientError),
        (502, b"<html>", TransientError),
        (503, b"", TransientError),
        (302, b"", TransientError),
        (400, b"[" * 100_000, TransientError),
    ],
)
def test_status_and_body_say_what_can_be_done(
    status: int, body: bytes, kind: type[VendorError]
) -> None:
    error = failure(call(status, body))
    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(
    ("title", "retry_after", "wait_s"),
    [
        ("Rate limit is exceeded. Try again in 17 seconds.", None, 17.0),
        ("Rate limit is exceeded. Try again in 17 seconds.", "5", 5.0),
        ("Rate limit is exceeded. Try again in 1 second.", None, 1.0),
        ("Slow down", None, THROTTLE_WAIT_S),
        ("Try again in many seconds.", None, THROTTLE_WAIT_S),
        ("Try again in 999999 seconds.", None, 86_400.0),
        ("Slow down", "Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Slow down", "soon", THROTTLE_WAIT_S),
    ],
)
def test_throttle_waits_as_long_as_it_is_told(
    title: str, retry_after: str | None, wait_s: float
) -> None:
    error = failure(call(429, problem(429, title), retry_after))
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == wait_s


def test_text_names_the_fields_and_the_trace_and_no_secret() -> None:
    body = problem(400, f"Invalid {SECRET}", errors={"ids": ["At most 50 ids."]})
    error = failure(call(400, body))
    assert "ids: ['At most 50 ids.']" in str(error)
    assert error.trace_id == "00-trace-1"
    assert SECRET not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"invalid_client"}', GrantRefusedError),
        (401, b'{"error":"invalid_grant"}', GrantRefusedError),
        (400, b'{"error":"invalid_request"}', RejectedError),
        (400, b'{"error":"temporarily_unavailable"}', TransientError),
        (400, b"<html>", TransientError),
        (500, b'{"error":"invalid_client"}', TransientError),
        (429, b"", ThrottledError),
    ],
)
def test_token_endpoint_refuses_by_its_error(
    status: int, body: bytes, kind: type[VendorError]
) -> None:
    assert type(refusal(call(status, body))) is kind


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"hasMore":true}', b"<html>"])
def test_what_has_no_title_is_no_problem(body: bytes) -> None:
    assert not is_problem(body)
