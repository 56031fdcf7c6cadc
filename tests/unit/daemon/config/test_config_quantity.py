import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.quantity import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("4h", 14_400), ("30d", 2_592_000), ("0.5s", 0.5), ("7", 7), (7, 7)],
)
def test_duration_is_read_in_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "-5s", "5 m", "5M", "1h30m", "1e3", "٣s", True, None, []]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), ("64KiB", 65_536), ("1MiB", 1_048_576), ("2GiB", 2 << 30)]
)
def test_size_is_read_in_bytes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["1MB", "1.5MiB", "-1", "KiB", 1.5, False, None])
def test_what_is_no_size_is_refused(text: object) -> None:
    assert parse_size(text) is None


@given(st.integers(0, 10**9) | st.decimals(0, 10**6, places=3).map(float))
def test_written_duration_is_read_as_itself(duration_s: float) -> None:
    assert parse_duration(format_duration(duration_s)) == pytest.approx(duration_s, abs=1e-6)


@given(st.integers(0, 10**15))
def test_written_size_is_read_as_itself(size_bytes: int) -> None:
    assert parse_size(format_size(size_bytes)) == size_bytes
