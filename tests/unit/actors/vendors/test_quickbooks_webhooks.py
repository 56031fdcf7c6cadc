import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.notice import UnreadableDeliveryError
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.webhooks import NOTICED_TYPES, parse, verify
from store.notice import Notice

TOKEN = "verifier"
AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def signature(body: bytes, token: str = TOKEN) -> str:
    return b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def event(**changes: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": "88cd52aa-33b6-4351-9aa4-47572edbd068",
        "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
        "type": "qbo.customer.created.v1",
        "datacontenttype": "application/json",
        "time": "2026-11-21T09:00:00.000000000Z",
        "intuitentityid": "1234",
        "intuitaccountid": "310687",
        "data": {},
    } | changes


def legacy(*entities: dict[str, object], realm_id: str = "310687") -> bytes:
    notification = {"realmId": realm_id, "dataChangeEvent": {"entities": list(entities)}}
    return msgspec.json.encode({"eventNotifications": [notification]})


def entity(**changes: object) -> dict[str, object]:
    return {
        "id": "1234",
        "operation": "Create",
        "name": "Customer",
        "lastUpdated": "2026-11-21T09:00:00.000Z",
    } | changes


def parsed(*events: dict[str, object]) -> list[Notice]:
    return list(parse(msgspec.json.encode(list(events))).notices)


def test_body_signed_with_the_verifier_token_is_the_vendors() -> None:
    body = msgspec.json.encode([event()])
    assert verify(body, {"intuit-signature": signature(body)}, TOKEN)


@pytest.mark.parametrize(
    "given_signature", ["", "no base64", signature(b"[]", "another"), "é\udc80"]
)
def test_any_other_signature_is_refused(given_signature: str) -> None:
    assert not verify(b"[]", {"intuit-signature": given_signature}, TOKEN)


def test_unsigned_body_is_refused() -> None:
    assert not verify(b"[]", {}, TOKEN)


@given(st.binary(max_size=200), st.data())
def test_one_changed_byte_breaks_the_signature(body: bytes, data: st.DataObject) -> None:
    signed = {"intuit-signature": signature(body)}
    place = data.draw(st.integers(0, len(body)))
    other = body[:place] + bytes([data.draw(st.integers(0, 255))]) + body[place + 1 :]
    assert verify(body, signed, TOKEN)
    assert verify(other, signed, TOKEN) is (other == body)


def test_cloud_events_of_several_companies_are_read() -> None:
    events = [event(), event(id="2", intuitaccountid="99", type="qbo.billpayment.voided.v1")]
    assert parsed(*events) == [
        Notice("88cd52aa-33b6-4351-9aa4-47572edbd068", "310687", "Customer", "1234", "created", AT),
        Notice("2", "99", "BillPayment", "1234", "voided", AT),
    ]


def test_times_to_the_nanosecond_and_to_the_second_are_read() -> None:
    fine, coarse = parsed(
        event(time="2026-11-21T09:00:00.123456789Z"), event(time="2026-11-21T09:00:00Z")
    )
    assert fine.occurred_at.replace(microsecond=0) == coarse.occurred_at == AT


def test_merge_tells_of_the_survivor_and_of_the_loser() -> None:
    survivor, loser = parsed(event(type="qbo.vendor.merged.v1", data={"deletedid": "27"}))
    assert (survivor.object_id, survivor.operation) == ("1234", "merged")
    assert (loser.object_id, loser.operation) == ("27", "deleted")
    assert survivor.event_id == loser.event_id


def test_types_that_are_not_known_are_counted_and_kept_out() -> None:
    delivery = parse(msgspec.json.encode([event(type="qbo.budget.updated.v1"), event()]))
    assert (len(delivery.notices), delivery.unknown_types) == (1, 1)


def test_operation_that_is_not_known_counts_as_an_update() -> None:
    assert parsed(event(type="qbo.customer.reticulated.v2"))[0].operation == "updated"


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": ""},
        {"time": "yesterday"},
        {"time": "9999-12-31T23:59:59Z"},
        {"intuitentityid": "1\0"},
        {"intuitaccountid": ["310687"]},
    ],
)
def test_event_that_cannot_be_read_does_not_spoil_the_others(broken: dict[str, object]) -> None:
    delivery = parse(msgspec.json.encode([event(**broken), event()]))
    assert (len(delivery.notices), delivery.unreadable) == (1, 1)


def test_older_form_is_read() -> None:
    body = legacy(entity(), entity(operation="Merge", deletedId="27", name="Vendor"))
    made, survivor, loser = parse(body).notices
    assert (made.object_type, made.operation, made.occurred_at) == ("Customer", "created", AT)
    assert (survivor.operation, loser.operation, loser.object_id) == ("merged", "deleted", "27")


def test_older_forms_offset_without_a_colon_is_read() -> None:
    (notice,) = parse(legacy(entity(lastUpdated="2026-11-21T01:00:00-0800"))).notices
    assert notice.occurred_at == AT


def test_older_form_derives_the_same_id_from_the_same_event() -> None:
    first, again = parse(legacy(entity(), entity())).notices
    assert first.event_id == again.event_id


@pytest.mark.parametrize(
    "change",
    [
        {"id": "5"},
        {"operation": "Update"},
        {"name": "Item"},
        {"lastUpdated": "2026-11-21T09:00:01Z"},
    ],
)
def test_older_form_derives_another_id_from_another_event(change: dict[str, object]) -> None:
    first, other = parse(legacy(entity(), entity(**change))).notices
    assert first.event_id != other.event_id


def test_older_form_derives_another_id_for_another_company() -> None:
    (one,), (other,) = (
        parse(legacy(entity())).notices,
        parse(legacy(entity(), realm_id="9")).notices,
    )
    assert one.event_id != other.event_id


@pytest.mark.parametrize("body", [b"", b"[", b"null", b"{}", b'"text"', b"\xff\xfe", b'{"a": 1}'])
def test_body_of_no_known_form_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableDeliveryError):
        parse(body)


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    try:
        parse(body)
    except UnreadableDeliveryError:
        return


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(event())), _JSON), max_size=5))
def test_whatever_stands_in_the_events_each_is_counted_once(
    changes: list[dict[str, object]],
) -> None:
    delivery = parse(msgspec.json.encode([event(**change) for change in changes]))
    told = len(delivery.notices) + delivery.unknown_types + delivery.unreadable
    assert told >= len(changes)
    assert all(notice.object_type in OBJECT_TYPES for notice in delivery.notices)


def test_every_noticed_type_is_one_that_can_be_replicated() -> None:
    assert OBJECT_TYPES.keys() >= NOTICED_TYPES
    assert "CompanyInfo" not in NOTICED_TYPES
