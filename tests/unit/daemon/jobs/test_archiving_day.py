"""Which day's jobs are put away: once a day, whatever a machine's clock does."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some

from daemon.jobs.archiving import due_day

NEW_YORK = ZoneInfo("America/New_York")
TWO = time(2)
HALF_PAST_ONE = time(1, 30)
HALF_PAST_TWO = time(2, 30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_day_is_due_from_its_time_on() -> None:
    assert due_day(at("2026-06-01T05:59"), TWO, NEW_YORK) == date(2026, 5, 31)
    assert due_day(at("2026-06-01T06:00"), TWO, NEW_YORK) == date(2026, 6, 1)
    assert due_day(at("2026-06-02T03:59"), TWO, NEW_YORK) == date(2026, 6, 1)


def test_a_time_that_the_clock_shows_twice_is_due_at_the_first() -> None:
    first, again = at("2026-11-01T05:30"), at("2026-11-01T06:10")  # 01:30, then 01:10
    assert due_day(first - timedelta(seconds=1), HALF_PAST_ONE, NEW_YORK) == date(2026, 10, 31)
    assert due_day(first, HALF_PAST_ONE, NEW_YORK) == date(2026, 11, 1)
    assert due_day(again, HALF_PAST_ONE, NEW_YORK) == date(2026, 11, 1)


def test_a_time_that_the_clock_skips_comes_all_the_same() -> None:
    assert due_day(at("2026-03-08T06:59"), HALF_PAST_TWO, NEW_YORK) == date(2026, 3, 7)
    assert due_day(at("2026-03-08T07:30"), HALF_PAST_TWO, NEW_YORK) == date(2026, 3, 8)


ZONES = some.sampled_from(
    [*("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")]
)


@given(ZONES, some.times(), some.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001
def test_each_day_comes_once_and_none_twice(name: str, when: time, start: datetime) -> None:
    zone = ZoneInfo(name)
    now = start.replace(tzinfo=UTC)
    days = [due_day(now + timedelta(minutes=15 * step), when, zone) for step in range(4 * 24 * 3)]
    assert days == sorted(days)
    assert len(set(days)) in (3, 4, 5)
    assert max(days) - min(days) == timedelta(days=len(set(days)) - 1)
