import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import (
    ReauthorizeError,
    RejectedError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.vendors.failed_call import FailedCall, UnreadableReplyError
from actors.vendors.housecallpro.faults import THROTTLE_WAIT_S, failure
from actors.vendors.housecallpro.object_types import OBJECT_TYPES
from actors.vendors.housecallpro.parse import company, list_page, record, single
from actors.vendors.housecallpro.webhooks import DOOR
from actors.vendors.notice import UnreadableDeliveryError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
JOBS, LEADS = OBJECT_TYPES["jobs"], OBJECT_TYPES["leads"]
SECRET = "signing-secret"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"message":"Unauthorized"}', ReauthorizeError),
        (401, b"", ReauthorizeError),
        (403, b'{"error":{"message":"plan"}}', RejectedError),
        (404, b"{}", RejectedError),
        (404, b'{"error":"gone"}', RejectedError),
        (410, b"", RejectedError),
        (422, b'{"errors":{"name":["is missing"]}}', RejectedError),
        (400, b'{"message":"Bad","name":["no"]}', RejectedError),
        (400, b"<html>", TransientError),
        (408, b"{}", TransientError),
        (500, b'{"message":"oops"}', TransientError),
        (502, b"<html>", TransientError),
        (302, b"", TransientError),
        (400, b"[" * 100_000, TransientError),
    ],
)
def test_every_shape_of_a_failure_says_what_can_be_done(
    status: int, body: bytes, kind: type[VendorError]
) -> None:
    assert type(failure(FailedCall(status, body, NOON))) is kind


@pytest.mark.parametrize(("header", "wait_s"), [(None, THROTTLE_WAIT_S), ("7", 7.0)])
def test_throttle_waits_as_it_is_told_or_a_little(header: str | None, wait_s: float) -> None:
    error = failure(FailedCall(429, b"{}", NOON, header))
    assert isinstance(error, ThrottledError)
    assert error.retry_after_s == wait_s


def test_text_shows_no_secret() -> None:
    body = b'{"message":"no such key hush-hush"}'
    assert "hush" not in str(failure(FailedCall(400, body, NOON, secrets=["hush-hush"])))


def page(kind: str, *rows: object, number: int = 1, pages: int = 1, total: int = 9) -> bytes:
    about = {"page": number, "page_size": 100, "total_pages": pages, "total_items": total}
    return json.dumps(about | {kind: list(rows)}).encode()


ROW = {"id": "job_1", "updated_at": "2026-03-01T12:00:00Z", "total_amount": 100}


def test_row_is_kept_byte_for_byte_and_without_a_time_is_of_when_it_was_seen() -> None:
    (timed,) = list_page(page("jobs", ROW), JOBS, 1).rows
    (untimed,) = list_page(page("leads", {"id": "lea_1"}), LEADS, 1).rows
    later = datetime(2026, 3, 2, tzinfo=UTC)
    assert record(JOBS, timed, later).updated_at == NOON
    assert record(LEADS, untimed, later).updated_at == later
    assert record(JOBS, timed, later).payload == json.dumps(ROW).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>",
        page("leads", ROW),
        page("jobs", {"id": "job_1"}),
        page("jobs", {"id": 1, "updated_at": "2026-03-01T12:00:00Z"}),
        page("jobs", ROW | {"id": ""}),
        page("jobs", ROW | {"updated_at": "0001-01-01T00:00:00Z"}),
        page("jobs", ROW, number=2),
        page("jobs"),
        page("jobs", ROW)[:-2],
    ],
)
def test_answer_that_is_no_page_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        list_page(body, JOBS, 1)


def test_page_behind_the_last_row_is_empty_and_fine() -> None:
    assert list_page(page("jobs", number=3, pages=2), JOBS, 3).rows == []


def test_read_and_company_are_about_what_was_asked_for() -> None:
    assert single(json.dumps(ROW).encode(), JOBS, "job_1")[0] == "job_1"
    with pytest.raises(UnreadableReplyError):
        single(json.dumps(ROW).encode(), JOBS, "job_2")
    assert company(b'{"id":"c1","name":null}') == ("c1", "c1")
    with pytest.raises(UnreadableReplyError):
        company(b'{"id":""}')


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    for read in (lambda b: list_page(b, JOBS, 1), lambda b: single(b, JOBS, "1"), company):
        with pytest.raises(UnreadableReplyError):
            read(body)


def signed(body: bytes, timestamp: str = "1772366400") -> dict[str, str]:
    message = timestamp.encode() + b"." + body
    digest = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
    return {"api-timestamp": timestamp, "api-signature": digest}


def test_signature_covers_the_time_and_the_body() -> None:
    body, headers = b'{"foo":"bar"}', signed(b'{"foo":"bar"}')
    assert DOOR.verify(body, headers, SECRET)
    assert DOOR.verify(
        body, headers | {"api-signature": f"sha256={headers['api-signature']}"}, SECRET
    )
    assert not DOOR.verify(body, headers | {"api-timestamp": "1772366401"}, SECRET)
    assert not DOOR.verify(body, {"api-signature": headers["api-signature"]}, SECRET)


@pytest.mark.parametrize(
    ("event", "member", "subject", "expected"),
    [
        ("job.created", "job", {"id": "job_1"}, ("jobs", "job_1", "created")),
        ("job.paid", "job", {"id": "job_1"}, ("jobs", "job_1", "updated")),
        ("customer.deleted", "customer", {"id": "cus_1"}, ("customers", "cus_1", "deleted")),
        ("pro.created", "pro", {"id": "pro_1"}, ("employees", "pro_1", "created")),
        (
            "job.appointment.scheduled",
            "appointment",
            {"id": "apt_1", "job_id": "job_1"},
            ("jobs", "job_1", "updated"),
        ),
    ],
)
def test_event_names_what_it_is_about(
    event: str, member: str, subject: object, expected: tuple[str, str, str]
) -> None:
    about = {"event": event, "company_id": "c1", "event_occurred_at": "2026-03-01T12:00:00Z"}
    body = json.dumps(about | {member: subject}).encode()
    (notice,) = DOOR.parse(body).notices
    assert (notice.object_type, notice.object_id, notice.operation) == expected
    assert DOOR.parse(body).notices == [notice]


@pytest.mark.parametrize("body", [b'{"foo":"bar"}', b'{"event":"job.created","company_id":"c"}'])
def test_ping_that_says_nothing_is_taken_and_counted(body: bytes) -> None:
    delivery = DOOR.parse(body)
    assert (list(delivery.notices), delivery.unreadable) == ([], 1)


def test_event_without_its_time_has_the_objects() -> None:
    subject = {"id": "job_1", "updated_at": "2026-03-01T12:00:00Z"}
    body = json.dumps({"event": "job.updated", "company_id": "c1", "job": subject}).encode()
    (notice,) = DOOR.parse(body).notices
    assert notice.occurred_at == NOON
    lead = json.dumps({"event": "lead.lost", "company_id": "c1", "lead": {"id": "lea_1"}}).encode()
    assert DOOR.parse(lead).unreadable == 1


def test_event_of_another_kind_is_counted() -> None:
    assert DOOR.parse(b'{"event":"voice.ended","company_id":"c"}').unknown_types == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 9999])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableDeliveryError):
        DOOR.parse(body)
