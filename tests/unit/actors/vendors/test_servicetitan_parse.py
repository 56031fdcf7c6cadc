import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.servicetitan.parse import export_page, listed_times, read_time, total_count

NOON = "2026-03-01T12:00:00Z"


def export(*rows: str, more: bool = False, token: str = "t2") -> bytes:
    head = f'{{"hasMore":{json.dumps(more)},"continueFrom":"{token}","data":['
    return f"{head}{','.join(rows)}]}}".encode()


def row(object_id: object = 7, modified: str = NOON, more: str = "") -> str:
    return f'{{"id":{json.dumps(object_id)}, "modifiedOn" : "{modified}"{more}}}'


def test_row_is_kept_byte_for_byte() -> None:
    text = row(more=', "total":  1.10, "unknown": {"a": [1e400, 12345678901234567890]}')
    (found,) = export_page(export(text), "jobs", "t1").rows
    assert found.record.payload == text.encode()
    assert (found.record.object_type, found.record.object_id) == ("jobs", "7")
    assert found.active


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-01T12:00:00Z", 0),
        ("2026-03-01T12:00:00.1Z", 100_000),
        ("2026-03-01T12:00:00.1234567Z", 123_457),
        ("2026-03-01T12:00:00", 0),
        ("2026-03-01T14:00:00+02:00", 0),
    ],
)
def test_every_form_of_a_time_is_read(text: str, microsecond: int) -> None:
    (found,) = export_page(export(row(modified=text)), "jobs", "").rows
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.record.updated_at == noon + timedelta(microseconds=microsecond)


def test_of_two_versions_on_a_page_the_newer_one_counts() -> None:
    older, newer = row(modified="2026-03-01T11:00:00Z"), row(more=',"active":false')
    for rows in ((older, newer), (newer, older)):
        (found,) = export_page(export(*rows), "jobs", "").rows
        assert found.record.payload == newer.encode()
        assert not found.active


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b'{"hasMore":false,"data":[]}',
        b'{"hasMore":false,"continueFrom":null,"data":[]}',
        b'{"hasMore":false,"continueFrom":"","data":[]}',
        b'{"continueFrom":"t","data":[]}',
        export("{}"),
        export('{"id":1}'),
        export('{"id":"","modifiedOn":"2026-03-01T12:00:00Z"}'),
        export(row(modified="yesterday")),
        export(row(modified="0001-01-01T00:00:00Z")),
        export(row(modified="9999-12-31T23:59:59Z")),
        export(row())[:-3],
        export(more=True, token="t1"),
        b"[" * 100_000,
    ],
)
def test_answer_that_is_no_export_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        export_page(body, "jobs", "t1")


def listing(*ids: int, more: bool = False, total: int | None = None) -> bytes:
    rows = [{"id": each, "modifiedOn": NOON} for each in ids]
    return json.dumps({"data": rows, "hasMore": more, "totalCount": total}).encode()


def test_list_tells_which_are_there_and_since_when() -> None:
    assert listed_times(listing(1, 3), ["1", "2", "3"]) == {
        "1": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "3": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }


@pytest.mark.parametrize("body", [listing(1, 4), listing(1, more=True), b"{}", b"<html>"])
def test_list_that_shows_something_else_proves_nothing(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        listed_times(body, ["1", "2"])


def test_count_is_what_the_list_counts() -> None:
    assert total_count(listing(total=17)) == 17


@pytest.mark.parametrize("body", [listing(), listing(total=-1), b"{}", b""])
def test_list_that_does_not_count_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReplyError):
        total_count(body)


def test_read_is_about_the_object_that_was_asked_for() -> None:
    assert read_time(row(7).encode(), "7") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    with pytest.raises(UnreadableReplyError):
        read_time(row(7).encode(), "8")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    for read in (lambda b: export_page(b, "jobs", ""), total_count, lambda b: read_time(b, "1")):
        with pytest.raises(UnreadableReplyError):
            read(body)
