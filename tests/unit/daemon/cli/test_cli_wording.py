from datetime import timedelta
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.wording import age, count, duration, printable
from support.command_line import NOW


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (1.26, "1.3 s"),
        (59.0, "59 s"),
        (60.0, "1 min"),
        (3_600.0, "1 h"),
        (200_000.0, "2 d"),
    ],
)
def test_duration_is_written_in_its_largest_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_age_of_an_instant_ahead_of_our_clock_is_nothing() -> None:
    assert age(NOW + timedelta(seconds=5), NOW) == "0.0 s ago"


def test_age_of_no_instant_is_a_dash() -> None:
    assert age(None, NOW) == "-"


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 objects"), (1, "1 object"), (12_000, "12,000 objects")]
)
def test_count_agrees_with_its_noun(number: int, words: str) -> None:
    assert count(number, "object") == words


@given(st.text())
def test_printable_text_has_no_control_characters_and_keeps_its_length(text: str) -> None:
    made = printable(text)
    assert not any(category(char) == "Cc" for char in made)
    assert len(made) == len(text)
    assert made.encode().decode() == made


@pytest.mark.parametrize("harmful", ["\x1b", "\n", "\r", "\x9b", "\u2028", "\u202e", "\ud800"])
def test_harmful_characters_are_replaced(harmful: str) -> None:
    assert printable(f"a{harmful}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    "name", ["Amy's Café", "株式会社", "Caf\xe9\xa0Paris", "👩\u200d🔧 Plumbing"]
)
def test_what_people_write_stays(name: str) -> None:
    assert printable(name) == name
