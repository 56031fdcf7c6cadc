from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.finance.aging import BUCKETS, aging, balances, bucket_of, days_later, due, ends, sums
from actors.finance.exact import exact_sum
from store.finance import DayTotal, FinanceDocument, Section

AS_OF = date(2026, 6, 30)

amounts = st.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=5, allow_nan=False
).filter(bool)
days = st.integers(-400, 400).map(lambda offset: AS_OF + timedelta(days=offset))
totals = st.builds(
    lambda day, currency, amount: DayTotal(day, currency, amount < 0, 1, amount),
    days,
    st.sampled_from(["USD", "EUR", "JPY"]),
    amounts,
)


def fraction_sum(found: Sequence[Decimal]) -> Decimal:
    """Add up in whole units of 10^-5, another way than the code does."""
    return Decimal(sum(int(each.scaleb(5)) for each in found)).scaleb(-5)


@given(st.lists(totals, max_size=30), days)
def test_buckets_add_up_to_what_is_open_in_each_currency(
    found: list[DayTotal], as_of: date
) -> None:
    lines = {line.currency: line for line in aging(found, as_of)}
    assert lines.keys() == {each.currency for each in found}
    for currency, line in lines.items():
        own = [each.amount for each in found if each.currency == currency]
        assert exact_sum(line.buckets) == line.net == fraction_sum(own)
        assert line.debts - line.credits == line.net
        assert line.credits >= 0
        assert 0 <= line.overdue <= line.debts
        assert line.documents == len(own)


@given(st.lists(totals, max_size=30), days, st.integers(0, 500))
def test_what_is_due_is_the_debts_up_to_the_day(
    found: list[DayTotal], as_of: date, ahead: int
) -> None:
    through = days_later(as_of, ahead)
    for line in due(found, as_of, through):
        own = [
            each.amount
            for each in found
            if each.currency == line.currency
            and each.amount > 0
            and each.day is not None
            and each.day <= through
        ]
        assert line.amount == fraction_sum(own)
        assert line.documents == len(own)
        assert line.overdue <= line.amount


@pytest.mark.parametrize(
    ("days_over", "bucket"),
    [
        (-1, "current"),
        (0, "current"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "90+"),
        (4000, "90+"),
    ],
)
def test_days_past_due_choose_the_bucket(days_over: int, bucket: str) -> None:
    assert BUCKETS[bucket_of(AS_OF - timedelta(days=days_over), AS_OF)] == bucket


def test_a_credit_lessens_the_bucket_of_its_own_day_and_no_overdue_sum() -> None:
    (line,) = aging(
        [
            DayTotal(date(2026, 6, 1), "USD", is_credit=False, documents=2, amount=Decimal(50)),
            DayTotal(date(2026, 6, 1), "USD", is_credit=True, documents=1, amount=Decimal(-20)),
        ],
        AS_OF,
    )
    assert line.buckets[1] == 30
    assert [line.overdue, line.credits, line.net] == [Decimal(50), Decimal(20), Decimal(30)]


@given(st.lists(amounts, max_size=50))
def test_sums_do_not_depend_on_the_decimal_context(found: list[Decimal]) -> None:
    assert exact_sum(found) == fraction_sum(found)


def test_sums_keep_every_digit() -> None:
    assert exact_sum([Decimal("1e17"), Decimal("1e-18")]) == Decimal(
        "100000000000000000.000000000000000001"
    )


def test_bank_accounts_add_up_by_currency() -> None:
    held = [
        FinanceDocument(
            object_type="Account",
            object_id=str(number),
            currency=currency,
            section=Section.BANK,
            open_amount=Decimal(amount),
        )
        for number, (currency, amount) in enumerate([("USD", "1"), ("EUR", "2"), ("USD", "-3")])
    ]
    assert [(each.currency, each.amount, each.documents) for each in balances(held)] == [
        ("EUR", Decimal(2), 1),
        ("USD", Decimal(-2), 2),
    ]
    assert sums([]) == []


def test_the_last_day_has_none_behind_it() -> None:
    assert days_later(date.max, 1) == date.max


@given(days, st.none() | st.integers(0, 500), days)
def test_no_sum_is_of_two_buckets_nor_on_both_sides_of_a_day(
    as_of: date, ahead: int | None, day: date
) -> None:
    through = None if ahead is None else days_later(as_of, ahead)
    end = next((each for each in ends(as_of, through) if day <= each), date.max)
    assert bucket_of(day, as_of) == bucket_of(end, as_of)
    assert (day < as_of) == (end < as_of)
    if through is not None:
        assert (day <= through) == (end <= through)


def test_sums_of_the_first_days_there_are_have_ends_too() -> None:
    assert ends(date.min) == [date.min]
