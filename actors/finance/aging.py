"""How old open amounts are, by currency. Pure: the day by which age is judged comes in.

Debts are judged by the day they were due, credits by their own day, as vendors' own ageing reports
do: a credit makes the column that it falls into smaller, below zero if need be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from actors.finance.exact import exact_sum
from store.finance import DayTotal, FinanceDocument

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+")
_LAST_DAYS = (0, 30, 60, 90)
_ENDS = (91, 61, 31, 1, 0)
"""How many days before the day that is judged by a bucket's youngest debt was due."""


@dataclass(frozen=True, slots=True)
class Aging:
    """What is open in one currency.

    Attributes:
        buckets: open amounts by `BUCKETS`, in their order; they add up to `net`.
        debts: what is owed, before credits.
        credits: what of it is met by credits and unapplied payments; never below zero.
        net: debts less credits.
        overdue: debts that were due before the day; credits are not taken off.
        documents: how many debts and credits there are.
    """

    currency: str
    buckets: Sequence[Decimal]
    debts: Decimal
    credits: Decimal
    net: Decimal
    overdue: Decimal
    documents: int


@dataclass(frozen=True, slots=True)
class Due:
    """What falls due in one currency until a day, all overdue debts included."""

    currency: str
    amount: Decimal
    overdue: Decimal
    documents: int


@dataclass(frozen=True, slots=True)
class CurrencySum:
    """A sum in one currency, and of how many."""

    currency: str
    amount: Decimal
    documents: int


def bucket_of(day: date, as_of: date) -> int:
    """Return the place in `BUCKETS`: what is due on the day itself is current."""
    days_over = (as_of - day).days
    return sum(days_over > last for last in _LAST_DAYS)


def ends(as_of: date, through: date | None = None) -> list[date]:
    """Return the days at which sums must end, so that each is of one bucket and on one side of both days."""
    last_days = [as_of - timedelta(days=days) for days in _ENDS if days < as_of.toordinal()]
    return sorted({*last_days, *([] if through is None else [through])})


def aging(totals: Sequence[DayTotal], as_of: date) -> list[Aging]:
    """Return what is open and how old it is, in the order of currencies."""
    return [_aging(currency, found, as_of) for currency, found in _by_currency(totals)]


def due(totals: Sequence[DayTotal], as_of: date, through: date) -> list[Due]:
    """Return the debts that are due on or before a day, in the order of currencies."""
    wanted = [
        total for total in totals if not total.is_credit and total.day and total.day <= through
    ]
    return [
        Due(
            currency,
            exact_sum(total.amount for total in found),
            exact_sum(total.amount for total in found if total.day and total.day < as_of),
            sum(total.documents for total in found),
        )
        for currency, found in _by_currency(wanted)
    ]


def sums(totals: Sequence[DayTotal]) -> list[CurrencySum]:
    """Add up by currency."""
    return [
        CurrencySum(
            currency,
            exact_sum(total.amount for total in found),
            sum(total.documents for total in found),
        )
        for currency, found in _by_currency(totals)
    ]


def balances(accounts: Sequence[FinanceDocument]) -> list[CurrencySum]:
    """Add up what bank accounts hold, by currency."""
    held = [
        DayTotal(None, each.currency, each.open_amount < 0, 1, each.open_amount)
        for each in accounts
    ]
    return sums(held)


def days_later(day: date, days: int) -> date:
    """Return the day so many days later; the last that there is when there is none."""
    return day + timedelta(days=min(days, (date.max - day).days))


def _aging(currency: str, totals: Sequence[DayTotal], as_of: date) -> Aging:
    columns: list[list[Decimal]] = [[] for _ in BUCKETS]
    for total in totals:
        if total.day is not None:
            columns[bucket_of(total.day, as_of)].append(total.amount)
    debts = [total for total in totals if not total.is_credit]
    return Aging(
        currency,
        [exact_sum(column) for column in columns],
        debts=exact_sum(total.amount for total in debts),
        credits=exact_sum(-total.amount for total in totals if total.is_credit),
        net=exact_sum(total.amount for total in totals),
        overdue=exact_sum(total.amount for total in debts if total.day and total.day < as_of),
        documents=sum(total.documents for total in totals),
    )


def _by_currency(totals: Iterable[DayTotal]) -> list[tuple[str, list[DayTotal]]]:
    found: dict[str, list[DayTotal]] = {}
    for total in totals:
        found.setdefault(total.currency, []).append(total)
    return sorted(found.items())
