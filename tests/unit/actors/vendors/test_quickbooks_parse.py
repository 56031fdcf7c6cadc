from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.parse import (
    count_reply,
    feed_reply,
    query_reply,
    read_reply,
    slice_rows,
)
from store.models import ObjectRecord, Tombstone

TIME = '"time":"2026-05-05T05:16:21.718-07:00"'
VENDOR_TIME = datetime(2026, 5, 5, 12, 16, 21, 718000, tzinfo=UTC)
UPDATED = datetime(2026, 5, 5, 12, 16, 21, tzinfo=UTC)
INVOICE = (
    '{"DocNumber":"1037" , "TotalAmt":362.070,"Balance":0,"domain":"QBO","sparse":false,'
    '"Id":"130","SyncToken":"7","MetaData":{"CreateTime":"2026-01-05T05:16:21-08:00",'
    '"LastModifiedByRef":{"value":"91"},"LastUpdatedTime":"2026-05-05T05:16:21-07:00"},'
    '"Brand new":{"field":[1e400,123456789012345678901234567890]},"Note":"caf\\u00e9 \u00e9"}'
).encode()
STUB = (
    b'{"domain":"QBO","status":"Deleted","Id":"979",'
    b'"MetaData":{"LastUpdatedTime":"2026-05-05T05:16:21-07:00"}}'
)
SPARSE = INVOICE.replace(b'"sparse":false', b'"sparse":true')


def query_body(*rows: bytes, name: str = "Invoice", returned: int | None = None) -> bytes:
    count = len(rows) if returned is None else returned
    listed = b",".join(rows)
    return (
        f'{{"QueryResponse":{{"{name}":['.encode()
        + listed
        + f'],"startPosition":1,"maxResults":{count}}},{TIME}}}'.encode()
    )


def feed_body(*members: bytes) -> bytes:
    return b'{"CDCResponse":[{"QueryResponse":[' + b",".join(members) + f"]}}],{TIME}}}".encode()


def without(field: str, row: bytes = INVOICE) -> bytes:
    document = msgspec.json.decode(row.replace(b"1e400,", b""))
    del document[field]
    return msgspec.json.encode(document)


def test_a_row_keeps_the_vendors_own_bytes() -> None:
    reply = query_reply(query_body(INVOICE), "Invoice")
    assert reply.vendor_time == VENDOR_TIME
    assert list(reply.rows.records) == [ObjectRecord("Invoice", "130", "7", UPDATED, INVOICE)]
    assert list(reply.rows.keys) == [("130", UPDATED)]


@settings(max_examples=50)
@given(
    st.lists(
        st.dictionaries(
            st.text(min_size=1).filter(
                lambda name: name not in {"Id", "SyncToken", "MetaData", "status", "sparse"}
            ),
            st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=2),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_whatever_else_a_row_holds_goes_through_untouched(rows: list[Mapping[str, object]]) -> None:
    meta = {"LastUpdatedTime": "2026-05-05T05:16:21-07:00"}
    bodies = [
        msgspec.json.encode({**row, "Id": str(n), "MetaData": meta}) for n, row in enumerate(rows)
    ]
    records = query_reply(query_body(*bodies), "Invoice").rows.records
    assert [record.payload for record in records] == bodies


def test_an_empty_answer_has_no_rows() -> None:
    reply = query_reply(f'{{"QueryResponse":{{}},{TIME}}}'.encode(), "Invoice")
    assert reply.rows.keys == []
    assert reply.vendor_time == VENDOR_TIME


def test_bytes_that_are_no_utf_8_are_taken_as_the_other_documented_encoding() -> None:
    row = INVOICE.replace("\u00e9".encode(), b"\xe9")
    good = INVOICE.replace(b'"130"', b'"131"')
    records = query_reply(query_body(row, good), "Invoice").rows.records
    assert [record.payload for record in records] == [INVOICE, good]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>We'll be back soon</html>", id="HTML"),
        pytest.param(query_body(INVOICE)[:-40], id="cut off"),
        pytest.param(b"{}", id="no envelope"),
        pytest.param(f"{{{TIME}}}".encode(), id="no answer in the envelope"),
        pytest.param(b'{"QueryResponse":{}}', id="no time"),
        pytest.param(b'{"QueryResponse":null,' + TIME.encode() + b"}", id="null for an answer"),
        pytest.param(
            f'{{"QueryResponse":{{"Fault":{{"Error":[]}}}},{TIME}}}'.encode(), id="a fault inside"
        ),
        pytest.param(query_body(INVOICE, returned=2), id="fewer rows than announced"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(query_body(b'{"a":NaN}'), id="no JSON"),
        pytest.param(query_body(without("Id")), id="a row without id"),
        pytest.param(query_body(INVOICE, without("MetaData")), id="a row without time"),
        pytest.param(query_body(without("MetaData", STUB)), id="a stub without time in a query"),
        pytest.param(
            query_body(INVOICE.replace(b"2026-05-05T05:16:21-07:00", b"yesterday")), id="odd time"
        ),
        pytest.param(query_body(INVOICE.replace(b'"130"', b"130")), id="a number for an id"),
        pytest.param(query_body(INVOICE.replace(b"130", b"13\xff")), id="an id in no encoding"),
    ],
)
def test_an_answer_that_is_not_one_is_refused_and_never_an_empty_page(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        query_reply(body, "Invoice")


@pytest.mark.parametrize(
    "row", [without("MetaData"), INVOICE.replace(b"2026-05-05T05:16:21-07:00", b"yesterday")]
)
def test_the_row_that_cannot_be_read_is_named(row: bytes) -> None:
    with pytest.raises(UnreadableReplyError, match="Invoice 130"):
        query_reply(query_body(row), "Invoice")


def test_a_partial_row_is_told_apart_and_still_has_its_place() -> None:
    rows = query_reply(query_body(SPARSE), "Invoice").rows
    assert (rows.records, rows.partial_ids) == ([], ["130"])
    assert list(rows.keys) == [("130", UPDATED)]


def test_counts_are_read() -> None:
    assert count_reply(f'{{"QueryResponse":{{"totalCount":41}},{TIME}}}'.encode()).rows == 41


@pytest.mark.parametrize("body", [b"", b'{"QueryResponse":{}}', b"<html/>"])
def test_a_count_that_is_not_there_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        count_reply(body)


def test_a_feed_lists_rows_and_ends_by_type() -> None:
    member = b'{"Invoice":[' + INVOICE + b"," + STUB + b'],"startPosition":1,"maxResults":2}'
    reply = feed_reply(feed_body(b"{}", member), ["Bill", "Invoice"])
    assert (reply.vendor_time, reply.whole, reply.total) == (VENDOR_TIME, True, 2)
    assert list(reply.slices) == ["Invoice"]
    assert [record.object_id for record in reply.slices["Invoice"].records] == ["130"]
    assert list(reply.slices["Invoice"].claims) == [Tombstone("Invoice", "979", UPDATED)]


def test_a_stub_without_a_time_is_still_a_claim() -> None:
    stub = b'{"status":"Deleted","Id":"979"}'
    reply = feed_reply(feed_body(b'{"Invoice":[' + stub + b"]}"), ["Invoice"])
    assert list(reply.slices["Invoice"].claims) == [Tombstone("Invoice", "979", None)]


def test_a_feed_that_leaves_a_type_out_is_not_whole() -> None:
    assert not feed_reply(feed_body(b"{}"), ["Bill", "Invoice"]).whole
    assert not feed_reply(f'{{"CDCResponse":[],{TIME}}}'.encode(), ["Invoice"]).whole


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        f'{{"CDCResponse":[{{}}],{TIME}}}'.encode(),
        b'{"CDCResponse":[{"QueryResponse":[{}]}]}',
        feed_body(b"{}")[:-30],
        feed_body(b'{"Fault":{"Error":[]}}'),
        feed_body(b'{"Invoice":{}}'),
        feed_body(b'{"Invoice":[]}', b'{"Invoice":[]}'),
        feed_body(b'{"Invoice":[' + without("MetaData") + b"]}"),
    ],
)
def test_a_feed_that_is_not_one_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        feed_reply(body, ["Invoice"])


def test_one_object_is_read() -> None:
    body = b'{"Invoice":' + INVOICE + b"," + TIME.encode() + b"}"
    assert read_reply(body, "Invoice") == ObjectRecord("Invoice", "130", "7", UPDATED, INVOICE)


def test_one_object_that_is_told_deleted_is_none() -> None:
    assert read_reply(b'{"Invoice":' + STUB + b"}", "Invoice") is None


@pytest.mark.parametrize(
    "body", [b"{}", b'{"Bill":' + INVOICE + b"}", b'{"Invoice":' + SPARSE + b"}"]
)
def test_one_object_that_is_not_there_whole_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        read_reply(body, "Invoice")


def test_no_rows_make_no_records() -> None:
    assert slice_rows("Invoice", []).records == []
