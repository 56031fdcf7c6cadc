"""A second of many rows is stepped through by offset, and its rows may leave it meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from actors.errors import TransientError
from actors.vendors.base import Page
from actors.vendors.quickbooks.keyset import Reason, Scan
from actors.vendors.quickbooks.position import scan_under_way
from store.models import Cursor
from support.scripted_quickbooks import ScriptedQuickBooks, count_answer, query_answer

FULL_SECOND = Cursor(
    "Invoice",
    '{"scan":{"reason":"comparison","started_at":"2026-03-01T12:00:00Z",'
    '"since":"2026-03-01T11:00:00Z","next_row":1000,"last_id":"1500"}}',
    complete=True,
    covered_until=datetime(2026, 2, 28, 12, 0, tzinfo=UTC),
)


async def look(vendor: ScriptedQuickBooks) -> Page:
    (look,) = vendor.vendor.looks({"Invoice": FULL_SECOND}, due=False)
    return await vendor.vendor.look(vendor.session, look)


def scan_after(page: Page) -> Scan | None:
    (move,) = page.cursors
    return scan_under_way(
        Cursor("Invoice", move.position, complete=True, covered_until=move.covered_until)
    )


async def test_second_that_shrank_below_its_next_row_is_begun_again() -> None:
    page = await look(ScriptedQuickBooks(query_answer("Invoice", []), count_answer(988)))
    begun = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    second = begun - timedelta(hours=1)
    assert scan_after(page) == Scan(Reason.COMPARISON, begun, second, next_row=1)
    assert page.more


async def test_empty_page_is_not_believed_while_the_next_row_is_counted() -> None:
    with pytest.raises(TransientError, match="counts 1000"):
        await look(ScriptedQuickBooks(query_answer("Invoice", []), count_answer(1000)))
