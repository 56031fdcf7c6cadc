"""Finance documents as rows: amounts are whole numbers of a power of ten, days are text."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from store.finance import (
    MAX_DIGITS,
    DayTotal,
    FinanceDocument,
    Flow,
    Section,
    UnusableObject,
)

_PART = 1_000_000_000
_COMMON_SCALE = 2


def units_of(amount: Decimal) -> tuple[int, int]:
    """Return units and scale: 100.5 is 10050 units with scale 2.

    Two is the least scale where there is room for it: the fewer scales, the fewer sums.

    Raises:
        ValueError: it has more digits than the database keeps exactly.
    """
    if not amount:
        return 0, _COMMON_SCALE
    sign, digits, power = amount.as_tuple()
    exponent = int(power)
    while digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if len(digits) + abs(exponent) > 2 * MAX_DIGITS:
        raise ValueError(f"too many digits: {amount}")
    units, scale = int("".join(map(str, digits))), -exponent
    if scale < 0:
        units, scale = units * 10**-scale, 0
    if units >= 10**MAX_DIGITS or scale > MAX_DIGITS:
        raise ValueError(f"too many digits: {amount}")
    if scale < _COMMON_SCALE and units < 10 ** (MAX_DIGITS - _COMMON_SCALE):
        units, scale = units * 10 ** (_COMMON_SCALE - scale), _COMMON_SCALE
    return (-units if sign else units), scale


def amount_of(units: int, scale: int) -> Decimal:
    """Return the exact amount."""
    sign, digits = int(units < 0), tuple(map(int, str(abs(units))))
    return Decimal((sign, digits, -scale))


def row_of(made: FinanceDocument | UnusableObject) -> Sequence[object]:
    """Return the columns behind the account's."""
    if isinstance(made, FinanceDocument):
        try:
            return _document_row(made)
        except ValueError as error:
            made = UnusableObject(made.object_type, made.object_id, str(error))
    blank = ("", "", "", "", "", "", 0, 0, 0, 0)
    return (made.object_type, made.object_id, None, None, *blank, made.problem)


def _document_row(made: FinanceDocument) -> Sequence[object]:
    texts = (made.number, made.party_id, made.party_name, made.currency)
    return (
        made.object_type,
        made.object_id,
        made.section,
        made.flow,
        *(text.replace("\0", "\N{REPLACEMENT CHARACTER}") for text in texts),
        _day_text(made.dated_on),
        _day_text(made.due_on),
        *units_of(made.open_amount),
        *units_of(made.total),
        None,
    )


def document_of(row: Sequence[Any]) -> FinanceDocument:
    """Read a row of the statements that list documents."""
    return FinanceDocument(
        object_type=row[0],
        object_id=row[1],
        section=None if row[2] is None else Section(row[2]),
        flow=None if row[3] is None else Flow(row[3]),
        number=row[4],
        party_id=row[5],
        party_name=row[6],
        currency=row[7],
        dated_on=_day(row[8]),
        due_on=_day(row[9]),
        open_amount=amount_of(row[10], row[11]),
        total=amount_of(row[12], row[13]),
    )


def total_of(row: Sequence[Any]) -> DayTotal:
    """Read a row of the statements that give sums."""
    day, currency, scale, is_credit, documents, high, low = row
    amount = amount_of(high * _PART + low, scale)
    return DayTotal(_day(day), currency, bool(is_credit), documents, amount)


def _day_text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
