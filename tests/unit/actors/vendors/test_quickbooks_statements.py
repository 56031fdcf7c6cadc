from datetime import UTC, datetime

import pytest

from actors.vendors.quickbooks.keyset import Reason, Scan
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.statements import (
    count_statement,
    ids_statement,
    page_statement,
    quoted,
)

SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INVOICE, CUSTOMER = OBJECT_TYPES["Invoice"], OBJECT_TYPES["Customer"]


def test_a_reading_begins_without_a_time() -> None:
    assert page_statement(INVOICE, Scan(Reason.BACKFILL)) == (
        "SELECT * FROM Invoice ORDERBY MetaData.LastUpdatedTime STARTPOSITION 1 MAXRESULTS 1000"
    )


def test_a_names_list_includes_inactive_rows() -> None:
    assert page_statement(CUSTOMER, Scan(Reason.BACKFILL, since=SINCE)) == (
        "SELECT * FROM Customer WHERE Active IN (true,false)"
        " AND MetaData.LastUpdatedTime >= '2026-03-01T12:00:00Z'"
        " ORDERBY MetaData.LastUpdatedTime STARTPOSITION 1 MAXRESULTS 1000"
    )


def test_inside_a_second_rows_come_in_the_order_of_their_ids() -> None:
    scan = Scan(Reason.BACKFILL, since=SINCE, next_row=1001, last_id="7")
    assert page_statement(INVOICE, scan) == (
        "SELECT * FROM Invoice WHERE MetaData.LastUpdatedTime >= '2026-03-01T12:00:00Z'"
        " AND MetaData.LastUpdatedTime < '2026-03-01T12:00:01Z'"
        " ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    )


def test_a_count_is_of_the_same_rows() -> None:
    assert count_statement(CUSTOMER, Scan(Reason.BACKFILL, since=SINCE)) == (
        "SELECT COUNT(*) FROM Customer WHERE Active IN (true,false)"
        " AND MetaData.LastUpdatedTime >= '2026-03-01T12:00:00Z'"
    )


def test_rows_are_asked_for_by_their_ids_with_room_for_all() -> None:
    assert ids_statement(CUSTOMER, ["1", "2"]) == (
        "SELECT * FROM Customer WHERE Active IN (true,false) AND Id IN ('1','2') MAXRESULTS 1000"
    )


@pytest.mark.parametrize(
    ("value", "text"), [("12", "'12'"), ("Adam's", r"'Adam\'s'"), ("a\\", r"'a\\'")]
)
def test_quotes_cannot_be_broken_out_of(value: str, text: str) -> None:
    assert quoted(value) == text
