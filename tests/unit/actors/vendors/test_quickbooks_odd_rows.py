"""Rows whose fields changed their types: kept as they came, and no reason to refuse their neighbours."""

import pytest
from msgspec import Raw

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.parse import slice_rows

TIMES = b'"MetaData":{"LastUpdatedTime":"2026-03-01T04:00:00-08:00"}'


def row(members: bytes) -> bytes:
    return b"{" + members + b"," + TIMES + b"}"


@pytest.mark.parametrize(
    ("members", "object_id", "version"),
    [
        (b'"Id":"7","SyncToken":3', "7", "3"),
        (b'"Id":"7","SyncToken":null', "7", ""),
        (b'"Id":"7","SyncToken":["3"]', "7", ""),
        (b'"Id":"7","SyncToken":"3","sparse":"false"', "7", "3"),
        (b'"Id":"7","SyncToken":"3","sparse":0,"status":{}', "7", "3"),
    ],
)
def test_retyped_field_keeps_no_row_out(members: bytes, object_id: str, version: str) -> None:
    rows = [row(b'"Id":"6","SyncToken":"0"'), row(members)]
    found = slice_rows("Customer", [Raw(each) for each in rows])
    assert [record.object_id for record in found.records] == ["6", object_id]
    assert found.records[1].version == version
    assert found.records[1].payload == rows[1]


def test_retyped_mark_of_a_partial_row_is_still_one() -> None:
    found = slice_rows("Customer", [Raw(row(b'"Id":"7","SyncToken":3,"sparse":"true"'))])
    assert found.partial_ids == ["7"]
    assert not found.records


@pytest.mark.parametrize("members", [b'"Id":null', b'"Id":7', b'"Id":{"value":"7"}'])
def test_row_without_a_usable_id_is_refused(members: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        slice_rows("Customer", [Raw(row(members))])
