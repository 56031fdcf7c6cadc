from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.quickbooks.timestamps import PACIFIC, as_utc, statement_text, whole_second

instants = st.datetimes(
    min_value=datetime(2004, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2036, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def vendor_text(moment: datetime) -> str:
    """The instant as the vendor writes it: Pacific, whole seconds, that date's offset."""
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def read(text: str) -> datetime:
    return as_utc(msgspec.convert(text, datetime))


@given(instants)
def test_vendor_text_is_read_as_the_same_instant(moment: datetime) -> None:
    assert read(vendor_text(moment)) == whole_second(moment)
    assert read(vendor_text(moment)).tzinfo is UTC


@given(instants, instants)
def test_order_of_instants_survives_the_change_of_offsets(
    first: datetime, second: datetime
) -> None:
    ours = read(vendor_text(first)) <= read(vendor_text(second))
    assert ours == (whole_second(first) <= whole_second(second))


@given(st.integers(0, 4 * 3600))
def test_the_autumn_hour_that_comes_twice_stays_in_order(elapsed_s: int) -> None:
    before = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)  # midnight Pacific; the hour repeats at 09:00
    assert read(vendor_text(before + timedelta(seconds=elapsed_s))) - before == timedelta(
        seconds=elapsed_s
    )


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-05-05T05:16:21-07:00", datetime(2026, 5, 5, 12, 16, 21, tzinfo=UTC)),
        ("2026-01-05T05:16:21-08:00", datetime(2026, 1, 5, 13, 16, 21, tzinfo=UTC)),
        ("2026-05-05T05:16:21.718-07:00", datetime(2026, 5, 5, 12, 16, 21, 718000, tzinfo=UTC)),
        ("2026-05-05T12:16:21Z", datetime(2026, 5, 5, 12, 16, 21, tzinfo=UTC)),
        ("2026-05-05T05:16:21-0700", datetime(2026, 5, 5, 12, 16, 21, tzinfo=UTC)),
    ],
)
def test_every_spelling_of_an_offset_is_read(text: str, utc: datetime) -> None:
    assert read(text) == utc


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01T00:00:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-12-01T00:00:00", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-11-01T01:30:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_pacific_and_the_earlier_of_two(
    text: str, utc: datetime
) -> None:
    assert read(text) == utc


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-08:00",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
    ],
)
def test_a_time_at_either_end_of_the_calendar_cannot_be_read(text: str) -> None:
    with pytest.raises(UnreadableReplyError, match="at the end of the calendar"):
        read(text)


def test_a_year_of_few_digits_is_written_with_four() -> None:
    assert statement_text(read("0001-01-04T00:00:00Z")) == "0001-01-04T00:00:00Z"


@given(instants)
def test_statement_text_names_its_second_with_an_explicit_zone(moment: datetime) -> None:
    text = statement_text(moment.astimezone(PACIFIC))
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == whole_second(moment)
