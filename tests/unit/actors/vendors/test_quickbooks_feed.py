from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Page
from store.models import Cursor, CursorMove
from support.scripted_quickbooks import (
    TIME,
    VENDOR_TIME,
    ScriptedQuickBooks,
    fault_answer,
    feed_answer,
    json_answer,
    query_answer,
    row,
    stub,
)

OVERLAP = timedelta(seconds=120)
COVERED = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
TOO_OLD = fault_answer(
    400, "500", "Operation cdc with changedSince date x which is older than fixed days"
)
IN_COMPARISON = '{"scan":{"reason":"comparison"}}'


def idle(name: str, covered: datetime = COVERED) -> Cursor:
    return Cursor(name, "{}", complete=True, covered_until=covered)


async def poll(vendor: ScriptedQuickBooks, *cursors: Cursor) -> Page:
    (look,) = vendor.vendor.looks({each.object_type: each for each in cursors}, due=True)
    return await vendor.vendor.look(vendor.session, look)


def moves(page: Page) -> dict[str, CursorMove]:
    return {move.object_type: move for move in page.cursors}


def rows(count: int) -> list[str]:
    return [row(str(n), n) for n in range(count)]


async def test_one_call_covers_all_types_up_to_the_vendors_time() -> None:
    vendor = ScriptedQuickBooks(
        feed_answer(("Customer", []), ("Invoice", [row("1"), stub("979")]), ("Bill", [row("2")]))
    )
    page = await poll(vendor, idle("Customer"), idle("Invoice"), idle("Bill"))
    assert vendor.feed_calls == [("Customer,Invoice,Bill", "2026-03-01T11:00:00Z")]
    assert [(each.object_type, each.object_id) for each in page.objects] == [
        ("Invoice", "1"),
        ("Bill", "2"),
    ]
    assert [(each.object_type, each.object_id) for each in page.claims] == [("Invoice", "979")]
    assert {move.covered_until for move in page.cursors} == {VENDOR_TIME - OVERLAP}
    assert all(move.complete for move in page.cursors)
    assert (page.vendor_time, page.more) == (VENDOR_TIME, False)


async def test_the_feed_is_asked_from_where_the_least_covered_type_is() -> None:
    early = COVERED - timedelta(days=3, seconds=0.5)
    vendor = ScriptedQuickBooks(feed_answer(("Invoice", []), ("Bill", [])))
    await poll(vendor, idle("Invoice"), idle("Bill", early))
    assert vendor.feed_calls == [("Invoice,Bill", "2026-02-26T10:59:59Z")]


async def test_a_cursor_ahead_of_the_vendors_time_stays() -> None:
    ahead = VENDOR_TIME + timedelta(hours=1)
    vendor = ScriptedQuickBooks(feed_answer(("Invoice", [])))
    page = await poll(vendor, idle("Invoice", ahead))
    assert moves(page)["Invoice"].covered_until == ahead


async def test_an_answer_at_the_cap_is_split_by_type() -> None:
    vendor = ScriptedQuickBooks(
        feed_answer(("Invoice", rows(999)), ("Bill", rows(1))),
        feed_answer(("Invoice", rows(999))),
        feed_answer(("Bill", rows(400))),
    )
    page = await poll(vendor, idle("Invoice"), idle("Bill"))
    assert [types for types, _ in vendor.feed_calls] == ["Invoice,Bill", "Invoice", "Bill"]
    assert len(page.objects) == 1399
    assert not page.more
    assert {move.covered_until for move in page.cursors} == {VENDOR_TIME - OVERLAP}


async def test_ends_count_towards_the_cap() -> None:
    vendor = ScriptedQuickBooks(feed_answer(("Invoice", [*rows(999), stub("gone")])))
    page = await poll(vendor, idle("Invoice"))
    assert moves(page)["Invoice"].position == IN_COMPARISON
    assert page.claims == []


async def test_a_type_at_the_cap_by_itself_is_compared_and_the_others_go_on() -> None:
    vendor = ScriptedQuickBooks(
        feed_answer(("Invoice", rows(1000)), ("Bill", [])),
        feed_answer(("Invoice", rows(1000))),
        feed_answer(("Bill", [row("7")])),
    )
    page = await poll(vendor, idle("Invoice"), idle("Bill"))
    assert [each.object_type for each in page.objects] == ["Bill"]
    assert moves(page)["Bill"].covered_until == VENDOR_TIME - OVERLAP
    invoice = moves(page)["Invoice"]
    assert (invoice.complete, invoice.covered_until) == (True, COVERED)
    assert invoice.position == IN_COMPARISON
    assert not page.more


async def test_a_gap_past_the_look_back_turns_into_a_comparison() -> None:
    vendor = ScriptedQuickBooks(TOO_OLD, TOO_OLD, feed_answer(("Bill", [])))
    page = await poll(vendor, idle("Invoice", COVERED - timedelta(days=40)), idle("Bill"))
    assert moves(page)["Invoice"].position == IN_COMPARISON
    assert moves(page)["Invoice"].covered_until == COVERED - timedelta(days=40)
    assert moves(page)["Bill"].covered_until == VENDOR_TIME - OVERLAP


async def test_a_gap_that_only_one_type_has_needs_no_second_call() -> None:
    vendor = ScriptedQuickBooks(TOO_OLD)
    page = await poll(vendor, idle("Invoice", COVERED - timedelta(days=40)))
    assert (page.vendor_time, page.more) == (None, False)
    assert len(vendor.requests) == 1


async def test_a_vendor_that_does_not_enforce_its_look_back_is_not_believed() -> None:
    vendor = ScriptedQuickBooks(feed_answer(("Invoice", [row("1")])))
    page = await poll(vendor, idle("Invoice", VENDOR_TIME - timedelta(days=30)))
    assert page.objects == []
    assert moves(page)["Invoice"].position == IN_COMPARISON


async def test_a_gap_within_the_look_back_is_the_feeds() -> None:
    vendor = ScriptedQuickBooks(feed_answer(("Invoice", [row("1")])))
    page = await poll(vendor, idle("Invoice", VENDOR_TIME - timedelta(days=29)))
    assert len(page.objects) == 1


async def test_an_answer_that_leaves_a_type_out_is_asked_for_again_by_type() -> None:
    vendor = ScriptedQuickBooks(
        feed_answer(("Invoice", [])), feed_answer(("Invoice", [])), feed_answer(("Bill", []))
    )
    page = await poll(vendor, idle("Invoice"), idle("Bill"))
    assert [types for types, _ in vendor.feed_calls] == ["Invoice,Bill", "Invoice", "Bill"]
    assert {move.covered_until for move in page.cursors} == {VENDOR_TIME - OVERLAP}


async def test_an_answer_without_the_only_type_is_no_answer() -> None:
    vendor = ScriptedQuickBooks(json_answer(f'{{"CDCResponse":[{{"QueryResponse":[]}}],{TIME}}}'))
    with pytest.raises(TransientError):
        await poll(vendor, idle("Invoice"))


async def test_a_partial_row_of_the_feed_is_read_again_whole() -> None:
    vendor = ScriptedQuickBooks(
        feed_answer(("Invoice", [row("1", sparse=True)])),
        query_answer("Invoice", [row("1", name="whole")]),
    )
    page = await poll(vendor, idle("Invoice"))
    assert b'"whole"' in page.objects[0].payload


async def test_a_call_that_the_vendor_rejects_is_not_taken_for_a_gap() -> None:
    vendor = ScriptedQuickBooks(fault_answer(400, "4001", kind="ValidationFault"))
    with pytest.raises(RejectedError):
        await poll(vendor, idle("Invoice"))
