from datetime import UTC, datetime

from actors.vendors.base import Priority
from actors.vendors.servicetitan.planner import looks
from actors.vendors.servicetitan.position import (
    Reason,
    began_again,
    has_token,
    moved_on,
    reading_under_way,
    start,
)
from store.models import Cursor, CursorMove, Via

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)


def after(cursor: Cursor, move: CursorMove) -> Cursor:
    wanted = cursor.rescan_requested and not move.begins_comparison
    return Cursor(
        move.object_type, move.position, move.complete, move.covered_until, rescan_requested=wanted
    )


def live(token: str = "news") -> Cursor:
    first = Cursor("jobs")
    return after(first, moved_on(first, token, more=False, until=NOON))


def test_first_reading_begins_at_the_very_first_record_and_ends_covered() -> None:
    cursor = Cursor("jobs")
    assert start(cursor) == ""
    cursor = after(cursor, moved_on(cursor, "t1", more=True, until=NOON))
    assert (start(cursor), cursor.complete, cursor.covered_until) == ("t1", False, None)
    cursor = after(cursor, moved_on(cursor, "t2", more=False, until=LATER))
    assert (start(cursor), cursor.complete, cursor.covered_until) == ("t2", True, LATER)
    assert reading_under_way(cursor) is None


def test_news_cover_nothing_before_all_is_told() -> None:
    cursor = live()
    cursor = after(cursor, moved_on(cursor, "t3", more=True, until=LATER))
    assert (start(cursor), cursor.covered_until) == ("t3", NOON)


def test_answer_without_a_time_moves_on_and_promises_nothing() -> None:
    cursor = live()
    cursor = after(cursor, moved_on(cursor, "t3", more=False, until=None))
    assert (start(cursor), cursor.covered_until) == ("t3", NOON)
    first = Cursor("jobs")
    first = after(first, moved_on(first, "t1", more=False, until=None))
    assert (first.complete, first.covered_until, reading_under_way(first)) == (True, None, None)


def test_what_is_covered_never_goes_back() -> None:
    cursor = live()
    earlier = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert moved_on(cursor, "t3", more=False, until=earlier).covered_until == NOON


def test_lost_token_of_news_is_replaced_by_a_day_before_what_is_covered() -> None:
    cursor = live()
    assert has_token(cursor)
    cursor = after(cursor, began_again(cursor))
    assert (start(cursor), cursor.covered_until) == ("2026-02-28T12:00:00Z", NOON)
    assert not has_token(cursor)


def test_lost_token_of_a_reading_begins_it_anew() -> None:
    cursor = Cursor("jobs")
    cursor = after(cursor, moved_on(cursor, "t1", more=True, until=None))
    assert has_token(cursor)
    cursor = after(cursor, began_again(cursor))
    assert (start(cursor), has_token(cursor), cursor.complete) == ("", False, False)


def test_comparison_begins_once_and_ends_with_its_own_token() -> None:
    wanted = Cursor(
        "jobs", live().position, complete=True, covered_until=NOON, rescan_requested=True
    )
    first = moved_on(wanted, "c1", more=True, until=LATER)
    assert first.begins_comparison
    cursor = after(wanted, first)
    assert (start(cursor), cursor.covered_until) == ("c1", NOON)
    last = moved_on(cursor, "c2", more=False, until=LATER)
    assert (last.begins_comparison, last.ends_comparison, last.covered_until) == (
        False,
        True,
        LATER,
    )
    assert start(after(cursor, last)) == "c2"


def test_verification_goes_on_although_its_wish_stays() -> None:
    cursor = Cursor("jobs", complete=True, rescan_requested=True)
    move = moved_on(cursor, "c1", more=True, until=NOON)
    going_on = Cursor("jobs", move.position, complete=True, rescan_requested=True)
    assert start(going_on) == "c1"


def test_position_that_cannot_be_read_is_compared() -> None:
    reading = reading_under_way(Cursor("jobs", "{", complete=True))
    assert reading is not None
    assert reading.reason is Reason.COMPARISON


def test_news_go_first_and_only_when_they_are_due() -> None:
    cursors = {"jobs": live(), "leads": Cursor("leads")}
    due = looks(cursors, due=True)
    assert [(look.key, look.via, look.priority) for look in due] == [
        ("jobs", Via.POLL, Priority.POLL),
        ("leads", Via.BACKFILL, Priority.BACKFILL),
    ]
    assert [look.key for look in looks(cursors, due=False)] == ["leads"]
