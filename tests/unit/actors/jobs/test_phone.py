import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.jobs.phone import comparable_phone, is_phone


@pytest.mark.parametrize(
    "written",
    [
        "2175550100",
        "(217) 555-0100",
        "217.555.0100",
        "1 217 555 0100",
        "+1 217 555 0100",
        "001 217 555 0100",
        "+1 (217) 555-0100 ext. 7",
    ],
)
def test_one_number_in_every_way_of_writing_it(written: str) -> None:
    assert is_phone(written)
    assert comparable_phone(written) == "2175550100"


def test_a_countrys_code_without_its_trunk_digit() -> None:
    assert comparable_phone("+44 (0)20 7946 0000") == comparable_phone("0044 20 7946 0000")


def test_numbers_of_two_countries_are_two() -> None:
    assert comparable_phone("+44 217 555 0100") != comparable_phone("+1 217 555 0100")


@given(st.from_regex(r"[2-9][0-9]{9}", fullmatch=True), st.lists(st.sampled_from("-. ()")))
def test_what_stands_between_digits_does_not_count(number: str, between: list[str]) -> None:
    written = number[:3] + "".join(between) + number[3:]
    assert comparable_phone(written) == number


@given(st.text())
def test_any_text_is_a_number_or_none(text: str) -> None:
    if is_phone(text):
        assert comparable_phone(text).isdecimal()
