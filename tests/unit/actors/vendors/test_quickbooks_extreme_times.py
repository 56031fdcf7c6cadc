"""Times that no calendar arithmetic can be done with: an answer that cannot be read, never a crash."""

from datetime import UTC, datetime

import pytest

from actors.errors import TransientError
from store.models import Cursor
from support.scripted_quickbooks import (
    TIME,
    Answer,
    ScriptedQuickBooks,
    feed_answer,
    json_answer,
    query_answer,
    row,
)

COVERED = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
ROW_TIME = "2026-03-01T04:00:00-08:00"


@pytest.fixture(
    params=["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:01Z"]
)
def extreme(request: pytest.FixtureRequest) -> str:
    moment: str = request.param
    return moment


async def fails(answer: Answer, cursor: Cursor) -> None:
    vendor = ScriptedQuickBooks(answer)
    (look,) = vendor.vendor.looks({cursor.object_type: cursor}, due=True)
    with pytest.raises(TransientError, match="cannot be read"):
        await vendor.vendor.look(vendor.session, look)
    assert [event.reason for event in vendor.events] == ["transient"]


async def test_a_row_of_a_query_with_an_extreme_time_fails_the_page(extreme: str) -> None:
    odd = row("1").replace(ROW_TIME, extreme)
    await fails(query_answer("Invoice", [odd]), Cursor("Invoice"))


async def test_a_query_answered_at_an_extreme_time_fails_the_page(extreme: str) -> None:
    body = f'{{"QueryResponse":{{"Invoice":[{row("1")}]}},"time":"{extreme}"}}'
    await fails(json_answer(body), Cursor("Invoice"))


async def test_a_row_of_the_feed_with_an_extreme_time_fails_the_page(extreme: str) -> None:
    odd = row("1").replace(ROW_TIME, extreme)
    idle = Cursor("Invoice", "{}", complete=True, covered_until=COVERED)
    await fails(feed_answer(("Invoice", [odd]), time=TIME), idle)


async def test_a_feed_answered_at_an_extreme_time_fails_the_page(extreme: str) -> None:
    idle = Cursor("Invoice", "{}", complete=True, covered_until=COVERED)
    await fails(feed_answer(("Invoice", [row("1")]), time=f'"time":"{extreme}"'), idle)
