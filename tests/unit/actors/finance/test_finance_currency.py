from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.finance.currency import amount_text, decimals_of


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1.5", "USD", "1.50"),
        ("0", "USD", "0.00"),
        ("-0", "USD", "0.00"),
        ("-0.1", "USD", "-0.10"),
        ("1500.00", "JPY", "1500"),
        ("1500.5", "JPY", "1500.5"),
        ("2.5", "KWD", "2.500"),
        ("1.23456", "USD", "1.23456"),
        ("1.2000", "USD", "1.20"),
        ("1E+3", "USD", "1000.00"),
        ("1E+3", "JPY", "1000"),
        ("7", "CLF", "7.0000"),
        ("7", "XXX", "7.00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount: str, currency: str, text: str) -> None:
    assert amount_text(Decimal(amount), currency) == text


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17),
    st.sampled_from(["USD", "JPY", "KWD", "CLF"]),
)
def test_no_digit_is_lost_or_made_up(amount: Decimal, currency: str) -> None:
    text = amount_text(amount, currency)
    assert Decimal(text) == amount
    assert "E" not in text
    assert len(text.partition(".")[2]) >= decimals_of(currency)
