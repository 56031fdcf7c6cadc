from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.relational.instants import from_text, optional_from_text, optional_to_text, to_text

INSTANTS = st.datetimes(timezones=st.timezones() | st.just(UTC)).filter(
    lambda instant: 2 < instant.year < 9998
)


@given(instant=INSTANTS)
def test_nothing_of_an_instant_is_lost(instant: datetime) -> None:
    read = from_text(to_text(instant))
    assert read == instant.astimezone(UTC)
    assert read.tzinfo is UTC


@given(one=INSTANTS, other=INSTANTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    one, other = one.astimezone(UTC), other.astimezone(UTC)
    assert (to_text(one) < to_text(other)) == (one < other)
    assert len(to_text(one)) == len("2026-11-21T09:00:00.000000Z")


def test_local_time_is_kept_as_utc() -> None:
    pacific = timezone(timedelta(hours=-8))
    assert to_text(datetime(2026, 11, 21, 1, 2, 3, 4, pacific)) == "2026-11-21T09:02:03.000004Z"


def test_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_text(datetime(2026, 11, 21, 9))  # noqa: DTZ001 - what is refused


def test_unknown_instant_stays_unknown() -> None:
    assert optional_to_text(None) is None
    assert optional_from_text(None) is None
    instant = datetime(2026, 11, 21, tzinfo=UTC)
    assert optional_from_text(optional_to_text(instant)) == instant
