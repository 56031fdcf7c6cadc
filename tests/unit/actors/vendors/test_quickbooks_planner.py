from datetime import UTC, datetime

import pytest

from actors.vendors.base import Look, Priority
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.planner import FEED, looks
from store.models import Cursor, Via

COVERED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IN_COMPARISON = '{"scan":{"reason":"comparison"}}'
# As an earlier version stored it.
IN_CATCH_UP = '{"scan":{"reason":"catch_up","since":"2026-03-01T12:00:00Z"}}'


def idle(name: str) -> Cursor:
    return Cursor(name, "{}", complete=True, covered_until=COVERED)


def planned(*cursors: Cursor, due: bool) -> list[Look]:
    return list(looks({cursor.object_type: cursor for cursor in cursors}, due=due))


@pytest.mark.parametrize("due", [True, False])
def test_a_type_never_read_is_backfilled(due: bool) -> None:
    cursor = Cursor("Invoice")
    (look,) = planned(cursor, due=due)
    assert look == Look(
        "Invoice", Via.BACKFILL, Priority.BACKFILL, ("Invoice",), {"Invoice": cursor}
    )


def test_all_idle_types_share_one_look_at_the_feed_when_it_is_due() -> None:
    cursors = [idle(kind.name) for kind in OBJECT_TYPES.values() if kind.in_feed]
    (look,) = planned(*cursors, due=True)
    assert (look.key, look.via, look.priority) == (FEED, Via.POLL, Priority.POLL)
    assert set(look.object_types) == {cursor.object_type for cursor in cursors}
    assert dict(look.cursors) == {cursor.object_type: cursor for cursor in cursors}


def test_nothing_is_read_while_nothing_is_due() -> None:
    assert planned(idle("Invoice"), idle("TaxRate"), due=False) == []


def test_types_that_the_feed_leaves_out_are_looked_at_by_themselves() -> None:
    found = planned(idle("Invoice"), idle("TaxRate"), idle("TimeActivity"), due=True)
    assert [look.key for look in found] == [FEED, "TaxRate", "TimeActivity"]
    assert {look.via for look in found} == {Via.POLL}


def test_a_reading_under_way_stays_out_of_the_feed_and_comes_after_it() -> None:
    found = planned(
        Cursor("Bill"),
        Cursor("Customer", IN_COMPARISON, complete=True, covered_until=COVERED),
        idle("Invoice"),
        due=True,
    )
    assert [(look.key, look.object_types) for look in found] == [
        (FEED, ("Invoice",)),
        ("Bill", ("Bill",)),
        ("Customer", ("Customer",)),
    ]
    assert [look.via for look in found] == [Via.POLL, Via.BACKFILL, Via.BACKFILL]


@pytest.mark.parametrize("position", [IN_COMPARISON, IN_CATCH_UP])
def test_a_poll_outside_the_feed_goes_on_at_once_and_before_backfills(position: str) -> None:
    found = planned(
        Cursor("Bill"),
        Cursor("TaxRate", position, complete=True, covered_until=COVERED),
        due=False,
    )
    assert [(look.key, look.via, look.priority) for look in found] == [
        ("TaxRate", Via.POLL, Priority.POLL),
        ("Bill", Via.BACKFILL, Priority.BACKFILL),
    ]


def test_a_type_outside_the_feed_that_was_never_read_is_backfilled() -> None:
    (look,) = planned(Cursor("TaxRate"), due=True)
    assert (look.via, look.priority) == (Via.BACKFILL, Priority.BACKFILL)


def test_no_type_is_in_two_looks() -> None:
    cursors = [
        idle("Invoice"),
        Cursor("Bill"),
        idle("TaxRate"),
        Cursor("Item", IN_COMPARISON, complete=True, covered_until=COVERED),
    ]
    names = [name for look in planned(*cursors, due=True) for name in look.object_types]
    assert sorted(names) == ["Bill", "Invoice", "Item", "TaxRate"]


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor("Invoice", "{}", complete=True, covered_until=COVERED, rescan_requested=True),
        Cursor("Invoice", IN_CATCH_UP, complete=True, covered_until=COVERED, rescan_requested=True),
        Cursor("Invoice", "{}", complete=True),
        Cursor("Invoice", "written by another version", complete=True, covered_until=COVERED),
    ],
)
def test_what_has_to_be_compared_is_read_from_end_to_end(cursor: Cursor) -> None:
    (look,) = planned(cursor, due=True)
    assert (look.key, look.priority) == ("Invoice", Priority.BACKFILL)


def test_every_type_is_named_as_the_table_says() -> None:
    assert all(name == kind.name for name, kind in OBJECT_TYPES.items())
    assert {kind.name for kind in OBJECT_TYPES.values() if not kind.in_feed} == {
        "JournalCode",
        "TaxAgency",
        "TaxCode",
        "TaxRate",
        "TimeActivity",
    }
