from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import RejectedError, TransientError
from actors.vendors.base import Page
from store.models import Cursor, CursorMove
from support.scripted_quickbooks import (
    VENDOR_TIME,
    Answer,
    ScriptedQuickBooks,
    count_answer,
    fault_answer,
    json_answer,
    query_answer,
    row,
    stub,
)

OVERLAP = timedelta(seconds=120)
COVERED = datetime(2026, 2, 28, 12, 0, tzinfo=UTC)
IN_COMPARISON = Cursor(
    "Invoice", '{"scan":{"reason":"comparison"}}', complete=True, covered_until=COVERED
)


async def look_at(vendor: ScriptedQuickBooks, cursor: Cursor, *, due: bool = False) -> Page:
    (look,) = vendor.vendor.looks({cursor.object_type: cursor}, due=due)
    return await vendor.vendor.look(vendor.session, look)


def move_of(page: Page) -> CursorMove:
    (move,) = page.cursors
    return move


def stored(move: CursorMove) -> Cursor:
    return Cursor(
        move.object_type, move.position, complete=move.complete, covered_until=move.covered_until
    )


def full_page(first_second: int = 0) -> Answer:
    return query_answer("Invoice", [row(str(n), first_second + n) for n in range(1000)])


async def test_a_backfill_ends_covered_up_to_its_own_first_reply() -> None:
    vendor = ScriptedQuickBooks(
        full_page(), query_answer("Invoice", [row("999", 999), row("x", 1001)])
    )
    first = await look_at(vendor, Cursor("Invoice"))
    assert (first.more, len(first.objects), first.seen) == (True, 1000, ())
    assert not move_of(first).complete
    assert move_of(first).covered_until is None

    last = await look_at(vendor, stored(move_of(first)))
    assert "LastUpdatedTime >= '2026-03-01T12:16:39Z'" in vendor.statements[1]
    assert (last.more, last.compares) == (False, ())
    assert move_of(last).complete
    assert move_of(last).covered_until == VENDOR_TIME - OVERLAP
    assert not move_of(last).begins_comparison
    assert not move_of(last).ends_comparison


async def test_a_comparison_says_where_it_begins_and_ends_and_what_it_saw() -> None:
    vendor = ScriptedQuickBooks(full_page(), query_answer("Invoice", [row("999", 999)]))
    first = await look_at(vendor, IN_COMPARISON)
    move = move_of(first)
    assert (move.begins_comparison, move.ends_comparison) == (True, False)
    assert (move.complete, move.covered_until) == (True, COVERED)
    assert len(first.seen) == 1000
    assert first.compares == ()

    last = await look_at(vendor, stored(move))
    move = move_of(last)
    assert (move.begins_comparison, move.ends_comparison) == (False, True)
    assert (move.complete, move.covered_until) == (True, VENDOR_TIME - OVERLAP)
    assert list(last.seen) == [("Invoice", "999")]
    assert list(last.compares) == ["Invoice"]


async def test_a_requested_rescan_of_one_page_begins_and_ends_at_once() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", [row("1")]))
    asked = Cursor("Invoice", "{}", complete=True, covered_until=COVERED, rescan_requested=True)
    page = await look_at(vendor, asked)
    assert move_of(page).begins_comparison
    assert move_of(page).ends_comparison
    assert list(page.compares) == ["Invoice"]


async def test_a_cursor_never_goes_back() -> None:
    ahead = VENDOR_TIME + timedelta(days=1)
    vendor = ScriptedQuickBooks(query_answer("Invoice", [row("1")]))
    page = await look_at(
        vendor, Cursor("Invoice", "{}", complete=True, covered_until=ahead, rescan_requested=True)
    )
    assert move_of(page).covered_until == ahead


async def test_an_empty_type_is_counted_before_it_is_believed() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", []), count_answer(0))
    page = await look_at(vendor, Cursor("Invoice"))
    assert move_of(page).complete
    assert vendor.permits == ["query", "count"]


async def test_an_empty_page_where_there_are_rows_is_not_believed() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", []), count_answer(3))
    with pytest.raises(TransientError, match="shows no rows and counts 3"):
        await look_at(vendor, Cursor("Invoice"))


async def test_a_poll_of_a_type_outside_the_feed_compares_it_whole() -> None:
    vendor = ScriptedQuickBooks(query_answer("TaxRate", [row("1")]))
    cursor = Cursor("TaxRate", "{}", complete=True, covered_until=COVERED)
    page = await look_at(vendor, cursor, due=True)
    assert "LastUpdatedTime >=" not in vendor.statements[0]
    assert (page.more, page.seen, page.compares) == (False, [("TaxRate", "1")], ["TaxRate"])
    assert (move_of(page).begins_comparison, move_of(page).ends_comparison) == (True, True)
    assert move_of(page).covered_until == VENDOR_TIME - OVERLAP


async def test_a_long_poll_outside_the_feed_goes_on_where_it_was() -> None:
    rows = [row(str(n), n) for n in range(1000)]
    vendor = ScriptedQuickBooks(query_answer("TaxRate", rows), query_answer("TaxRate", rows[-1:]))
    cursor = Cursor("TaxRate", "{}", complete=True, covered_until=COVERED)
    first = await look_at(vendor, cursor, due=True)
    assert (first.more, move_of(first).covered_until) == (True, COVERED)
    assert move_of(first).begins_comparison
    last = await look_at(vendor, stored(move_of(first)))
    assert "LastUpdatedTime >= '2026-03-01T12:16:39Z'" in vendor.statements[1]
    assert (last.more, move_of(last).covered_until) == (False, VENDOR_TIME - OVERLAP)
    assert (move_of(last).begins_comparison, last.compares) == (False, ["TaxRate"])


async def test_a_partial_row_is_read_again_whole() -> None:
    vendor = ScriptedQuickBooks(
        query_answer("Invoice", [row("1"), row("2", sparse=True)]),
        query_answer("Invoice", [row("2", 5, name="whole")]),
    )
    page = await look_at(vendor, Cursor("Invoice"))
    assert vendor.statements[1] == "SELECT * FROM Invoice WHERE Id IN ('2') MAXRESULTS 1000"
    assert [record.object_id for record in page.objects] == ["1", "2"]
    assert b'"whole"' in page.objects[1].payload


async def test_a_row_that_stays_partial_fails_the_page() -> None:
    sparse = query_answer("Invoice", [row("2", sparse=True)])
    vendor = ScriptedQuickBooks(sparse, sparse)
    with pytest.raises(TransientError, match="only a part of Invoice 2"):
        await look_at(vendor, Cursor("Invoice"))


async def test_a_row_told_deleted_in_a_query_is_a_claim() -> None:
    vendor = ScriptedQuickBooks(query_answer("Invoice", [row("1"), stub("979")]))
    page = await look_at(vendor, Cursor("Invoice"))
    assert [record.object_id for record in page.objects] == ["1"]
    assert [claim.object_id for claim in page.claims] == ["979"]


@pytest.mark.parametrize(
    "answer",
    [
        json_answer("<html>We'll be back soon</html>"),
        json_answer('{"QueryResponse":{"Invoice":[{"Id":"1"'),
        json_answer("{}"),
        query_answer("Invoice", [row("2", 5), row("1", 4)]),
        fault_answer(200, "10000", kind="SystemFault"),
    ],
)
async def test_an_answer_that_cannot_be_trusted_is_tried_again(answer: Answer) -> None:
    vendor = ScriptedQuickBooks(answer)
    with pytest.raises(TransientError) as caught:
        await look_at(vendor, Cursor("Invoice"))
    assert caught.value.trace_id == "1-5f733ac0-27c46063"
    assert vendor.refused == ["query"]


async def test_a_query_that_the_vendor_does_not_understand_is_rejected() -> None:
    vendor = ScriptedQuickBooks(fault_answer(400, "4001", kind="ValidationFault"))
    with pytest.raises(RejectedError):
        await look_at(vendor, Cursor("Invoice"))
