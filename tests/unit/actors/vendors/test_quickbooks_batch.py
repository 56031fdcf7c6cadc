"""Batches at QuickBooks: each item's answer counts for itself, and what is not plain is no answer."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from actors.errors import (
    NotSentError,
    RejectedError,
    StaleVersionError,
    ThrottledError,
    TransientError,
    UnknownOutcomeError,
    VendorError,
)
from actors.vendors.base import Look, Priority
from actors.vendors.writing import Intent, Written
from store.models import Cursor, Via
from support.scripted_quickbooks import (
    TIME,
    VENDOR_TIME,
    ScriptedQuickBooks,
    fault_answer,
    json_answer,
    row,
)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def answered(*items: str) -> httpx.Response:
    return json_answer(f'{{"BatchItemResponse":[{",".join(items)}],{TIME}}}')


def counted(object_type: str, rows: int) -> str:
    return f'{{"QueryResponse":{{"totalCount":{rows}}},"bId":"{object_type}"}}'


def listed(object_type: str, *rows: str) -> str:
    body = f'"{object_type}":[{",".join(rows)}],"maxResults":{len(rows)}' if rows else ""
    return f'{{"QueryResponse":{{{body}}},"bId":"{object_type}"}}'


def faulty(item_id: str, code: str, kind: str = "ValidationFault") -> str:
    error = f'{{"Message":"m","Detail":"d","code":"{code}"}}'
    return f'{{"Fault":{{"Error":[{error}],"type":"{kind}"}},"bId":"{item_id}"}}'


def items_of(request: httpx.Request) -> list[dict[str, object]]:
    assert request.url.path.endswith("/batch")
    found: list[dict[str, object]] = msgspec.json.decode(request.content)["BatchItemRequest"]
    return found


def look(object_type: str, most_objects: int | None = None) -> Look:
    cursor = Cursor(object_type, complete=True, rescan_requested=True)
    return Look(
        object_type,
        Via.VERIFY,
        Priority.VERIFY,
        (object_type,),
        {object_type: cursor},
        most_objects=most_objects,
    )


# Counts.


async def test_many_types_are_counted_by_one_call() -> None:
    vendor = ScriptedQuickBooks(answered(counted("Customer", 41), counted("Invoice", 7)))
    found = await vendor.vendor.count_together(vendor.session, ["Invoice", "Customer"])
    assert {name: each.rows for name, each in found.items()} == {"Invoice": 7, "Customer": 41}
    assert found["Invoice"].vendor_time == VENDOR_TIME
    assert (vendor.permits, vendor.items) == (["batch_read"], [2])
    assert items_of(vendor.requests[0]) == [
        {"bId": "Invoice", "Query": "SELECT COUNT(*) FROM Invoice"},
        {
            "bId": "Customer",
            "Query": "SELECT COUNT(*) FROM Customer WHERE Active IN (true,false)",
        },
    ]


async def test_a_type_whose_item_went_wrong_has_no_count() -> None:
    vendor = ScriptedQuickBooks(
        answered(
            faulty("Invoice", "10000", "SystemFault"),
            counted("Item", 3),
            counted("Item", 4),
            '{"QueryResponse":{},"bId":"Vendor"}',
            counted("Stranger", 1),
            counted("Customer", 2),
        )
    )
    asked = ["Invoice", "Item", "Vendor", "Bill", "Customer"]
    found = await vendor.vendor.count_together(vendor.session, asked)
    assert {name: each.rows for name, each in found.items()} == {"Customer": 2}


async def test_a_throttled_item_is_a_throttle_of_the_account() -> None:
    vendor = ScriptedQuickBooks(answered(counted("Item", 3), faulty("Bill", "3001", "SERVICE")))
    with pytest.raises(ThrottledError):
        await vendor.vendor.count_together(vendor.session, ["Item", "Bill"])
    assert vendor.refused == ["batch_read"]


async def test_a_batch_that_is_cut_off_is_none() -> None:
    body = f'{{"BatchItemResponse":[{counted("Item", 3)},{counted("Bill", 3)[:-9]}'
    vendor = ScriptedQuickBooks(json_answer(body))
    with pytest.raises(TransientError):
        await vendor.vendor.count_together(vendor.session, ["Item", "Bill"])


# Pages.


async def test_pages_of_several_types_come_in_one_call() -> None:
    vendor = ScriptedQuickBooks(
        answered(listed("Bill", row("9")), listed("Item", row("1"), row("2", 1)))
    )
    found = await vendor.vendor.look_together(vendor.session, [look("Item", 50), look("Bill")])
    assert [each.object_id for each in found["Item"].objects] == ["1", "2"]
    assert found["Item"].seen == [("Item", "1"), ("Item", "2")]
    assert (found["Item"].more, found["Bill"].more) == (False, False)
    assert found["Bill"].vendor_time == VENDOR_TIME
    first, second = (str(each["Query"]) for each in items_of(vendor.requests[0]))
    assert first.endswith("STARTPOSITION 1 MAXRESULTS 50")
    assert second.endswith("STARTPOSITION 1 MAXRESULTS 1000")


async def test_a_small_page_that_is_full_has_more_after_it() -> None:
    vendor = ScriptedQuickBooks(answered(listed("Item", row("1"), row("2", 1))))
    found = await vendor.vendor.look_together(vendor.session, [look("Item", 2)])
    assert found["Item"].more
    assert not found["Item"].cursors[0].ends_comparison


async def test_an_empty_page_is_one_that_shows_nothing() -> None:
    vendor = ScriptedQuickBooks(answered(listed("Item")))
    found = await vendor.vendor.look_together(vendor.session, [look("Item")])
    assert (list(found["Item"].seen), found["Item"].more) == ([], False)


@pytest.mark.parametrize(
    "item",
    [
        listed("Item", row("1", sparse=True)),
        listed("Item", row("1")).replace('"maxResults":1', '"maxResults":2'),
        listed("Item", row("1", 5), row("2", 1)),
        faulty("Item", "4002", "Service"),
        '{"QueryResponse":{"Fault":{"Error":[{"code":"4002"}]}},"bId":"Item"}',
        '{"Item":{},"bId":"Item"}',
        '{"QueryResponse":{}}',
    ],
)
async def test_a_page_that_is_not_whole_is_left_out(item: str) -> None:
    vendor = ScriptedQuickBooks(answered(item, listed("Bill", row("9"))))
    found = await vendor.vendor.look_together(vendor.session, [look("Item"), look("Bill")])
    assert found.keys() == {"Bill"}


# Writes.


def payment(number: int) -> Intent:
    body = msgspec.json.encode({"CustomerRef": {"value": "1"}, "TotalAmt": number})
    return Intent(f"0000000000000000000000000000000{number}", "payment.create", body, 0, None)


def item(number: int) -> str:
    """Return the id that the payment of this number has in its batch."""
    return f"{number:010}"


def created(number: int, object_id: str) -> str:
    return f'{{"Payment":{row(object_id)},"bId":"{item(number)}"}}'


async def write(vendor: ScriptedQuickBooks, writes: int) -> list[str | type[VendorError]]:
    """Return the ids of what was written, and the classes of what went wrong."""
    intents = [payment(n) for n in range(writes)]
    ended = await vendor.vendor.writer.write_together(vendor.session, intents)
    return [
        str(each.target.object_id) if isinstance(each, Written) else type(each) for each in ended
    ]


async def test_several_objects_are_created_by_one_call() -> None:
    vendor = ScriptedQuickBooks(answered(created(1, "71"), created(0, "70")))
    assert await write(vendor, 2) == ["70", "71"]
    assert (vendor.permits, vendor.items) == (["batch_write"], [2])
    first, second = items_of(vendor.requests[0])
    assert (first["bId"], first["operation"]) == (item(0), "create")
    marked = first["Payment"]
    assert isinstance(marked, dict)
    assert marked["TotalAmt"] == 0
    assert payment(0).action_id in marked["PrivateNote"]
    assert first["Payment"] != second["Payment"]
    request_id = vendor.requests[0].url.params["requestid"]
    assert len(request_id) <= 36


async def test_each_write_ends_as_the_same_fault_ends_a_single_one() -> None:
    vendor = ScriptedQuickBooks(
        answered(
            created(0, "70"),
            faulty(item(1), "2500"),
            faulty(item(2), "5010"),
            faulty(item(3), "10000", "SystemFault"),
            faulty(item(4), "500"),
            created(6, "76"),
            created(6, "77"),
            '{"Invoice":{"Id":"1"},"bId":"0000000007"}',
            '{"Payment":{"Id":"1","status":"Deleted"},"bId":"0000000008"}',
        )
    )
    unknown = UnknownOutcomeError
    assert await write(vendor, 9) == [
        "70",
        RejectedError,
        StaleVersionError,
        *[unknown] * 6,
    ]
    assert vendor.refused == []


async def test_a_throttled_write_did_not_happen_and_the_account_rests() -> None:
    vendor = ScriptedQuickBooks(answered(faulty(item(0), "3001", "SERVICE"), created(1, "71")))
    assert await write(vendor, 2) == [ThrottledError, "71"]
    assert vendor.refused == ["batch_write"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ReadError("reset"), UnknownOutcomeError),
        (fault_answer(500, "10000"), UnknownOutcomeError),
        (fault_answer(400, "2010", kind="ValidationFault"), UnknownOutcomeError),
        (json_answer('{"BatchItemResponse":[{'), UnknownOutcomeError),
        (fault_answer(429, "3001"), ThrottledError),
        (httpx.ConnectError("x"), TransientError),
    ],
)
async def test_a_batch_that_failed_as_a_whole(
    answer: httpx.Response | Exception, error: type[VendorError]
) -> None:
    if isinstance(answer, httpx.ConnectError):
        answer.__cause__ = ConnectionRefusedError()
        error = NotSentError
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(error):
        await write(vendor, 2)


async def test_items_are_told_apart_even_when_their_actions_end_alike() -> None:
    vendor = ScriptedQuickBooks(answered())
    intents = [
        Intent(f"{n}{'0' * 31}", "payment.create", payment(n).payload, 0, None) for n in range(2)
    ]
    await vendor.vendor.writer.write_together(vendor.session, intents)
    assert [each["bId"] for each in items_of(vendor.requests[0])] == ["0", "1"]


def test_only_what_creates_goes_together() -> None:
    writer = ScriptedQuickBooks().vendor.writer
    together = {each for each in writer.action_types if writer.goes_together(each)}
    assert together == {each for each in writer.action_types if each.endswith(".create")}
