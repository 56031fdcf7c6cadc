import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from actors.vendors.notice import UnreadableDeliveryError
from actors.vendors.servicetitan import ServiceTitanSettings, door
from actors.vendors.servicetitan.webhooks import parse

KEY = "a-webhook-key-of-more-than-32-letters"
BODY = b'{"type":"tn.jpm.job-updated"}'


def event(kind: str, data: dict[str, object], **more: object) -> bytes:
    document = {
        "specversion": "1.0",
        "id": "delivery-1",
        "type": kind,
        "time": "2026-03-01T12:00:00Z",
        "userassignedid": "occurrence-1",
        "data": {"tenantId": 42, "tenantName": "Ada's", **data},
    }
    return json.dumps(document | more).encode()


def test_both_spellings_of_a_signature_count_under_the_configured_header() -> None:
    settings = ServiceTitanSettings("k", "t", "a", webhook_signature_header="X-ST-Signature")
    entrance = door(settings)
    digest = hmac.new(KEY.encode(), BODY, hashlib.sha256).digest()
    assert entrance.signature == "x-st-signature"
    for text in (digest.hex(), digest.hex().upper(), b64encode(digest).decode()):
        for given in (text, f"sha256={text}"):
            assert entrance.verify(BODY, {"x-st-signature": given}, KEY)
    assert not entrance.verify(BODY, {"x-servicetitan-signature": digest.hex()}, KEY)


@pytest.mark.parametrize("given", ["", "0" * 64, "sha256=", "é", "\udcff"])
def test_other_signatures_do_not_count(given: str) -> None:
    entrance = door(ServiceTitanSettings("k", "t", "a"))
    assert not entrance.verify(BODY, {entrance.signature: given}, KEY)


@pytest.mark.parametrize(
    ("kind", "data", "object_type", "object_id", "operation"),
    [
        ("tn.jpm.job-updated", {"job": {"id": 7}}, "jobs", "7", "updated"),
        ("tn.jpm.job-completed", {"job": {"id": 7}}, "jobs", "7", "updated"),
        ("tn.crm.lead-created", {"lead": {"id": 8}}, "leads", "8", "created"),
        ("tn.crm.booking-updated", {"booking": {"id": 9, "jobId": 7}}, "bookings", "9", "updated"),
        ("tn.acc.invoice-posted", {"invoice": {"id": 5}}, "invoices", "5", "updated"),
        (
            "tn.jpm.job-appointment-updated",
            {"job": {"id": 7}, "appointment": {"id": 11}},
            "appointments",
            "11",
            "updated",
        ),
        ("tn.jpm.job-appointment-updated", {"job": {"id": 7}}, "jobs", "7", "updated"),
        ("tn.dis.technician-dispatched", {"job": {"id": 7}}, "jobs", "7", "updated"),
    ],
)
def test_event_names_what_it_is_about(
    kind: str, data: dict[str, object], object_type: str, object_id: str, operation: str
) -> None:
    (notice,) = parse(event(kind, data)).notices
    assert (notice.object_type, notice.object_id) == (object_type, object_id)
    assert (notice.operation, notice.external_account_id) == (operation, "42")
    assert notice.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_second_attempt_has_the_same_name() -> None:
    first = parse(event("tn.jpm.job-updated", {"job": {"id": 7}}))
    again = parse(event("tn.jpm.job-updated", {"job": {"id": 7}}, id="delivery-2"))
    assert first.notices == again.notices


def test_event_of_another_kind_is_counted() -> None:
    delivery = parse(event("tn.tlc.call-completed", {"call": {"id": 1}}))
    assert (list(delivery.notices), delivery.unknown_types) == ([], 1)


@pytest.mark.parametrize("subject", [{}, {"id": ""}, {"id": "\0"}, {"id": None}, 7])
def test_event_about_nothing_is_counted_as_unreadable(subject: object) -> None:
    delivery = parse(event("tn.jpm.job-updated", {"job": subject}))
    assert (list(delivery.notices), delivery.unreadable) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        event("tn.jpm.job-updated", {"tenantId": None}),
        event("qbo.invoice.updated.v1", {"job": {"id": 1}}),
        event("tn.jpm.job-updated", {"job": {"id": 1}}, time="9999-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableDeliveryError):
        parse(body)
