"""JSON the way the vendor prints it.

Money has two decimals and zero is a bare ``0``; rates and quantities have no padding zeros
(recorded raw bodies: ``"Amount":150.00``, ``"UnitPrice":22.5``, ``"Balance":0``). Numbers are
therefore kept as `Decimal`, whose text is what goes on the wire.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

Document = dict[str, Any]
"""One decoded JSON object: numbers are `int` or `Decimal`, never `float`."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_CENT = Decimal("0.01")

MONEY_FIELDS = frozenset(
    {
        "Amount",
        "Balance",
        "BalanceWithJobs",
        "CurrentBalance",
        "CurrentBalanceWithSubAccounts",
        "HomeBalance",
        "HomeTotalAmt",
        "NetAmountTaxable",
        "OpenBalance",
        "TotalAmt",
        "TotalTax",
        "UnappliedAmt",
    }
)
RATE_FIELDS = frozenset(
    {
        "BillRate",
        "CostRate",
        "DiscountPercent",
        "DiscountRate",
        "ExchangeRate",
        "PurchaseCost",
        "Qty",
        "QtyOnHand",
        "TaxPercent",
        "UnitPrice",
    }
)


class BadNumber(Exception):
    """A numeric property holds something that is no number."""

    def __init__(self, field: str, value: object) -> None:
        super().__init__(f"{field}: {value!r}")
        self.field = field
        self.value = value


def encode(value: object) -> bytes:
    """Render compact JSON."""
    return _ENCODER.encode(value)


def decode(text: bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    """Parse JSON, keeping every decimal digit.

    Raises:
        msgspec.DecodeError: It is not JSON.
    """
    return _DECODER.decode(text)


def decode_document(text: bytes) -> Document:
    """Parse the bytes of one stored object."""
    document: Document = _DECODER.decode(text)
    return document


def money(amount: Decimal | int | str) -> Decimal | int:
    """Return an amount as the vendor prints it: two decimals, zero as ``0``."""
    value = Decimal(amount).quantize(_CENT)
    return value or 0


def rate(amount: Decimal | int | str) -> Decimal | int:
    """Return a quantity or rate without padding zeros."""
    value = Decimal(amount).normalize()
    return value if value != value.to_integral_value() else int(value)


def normalise_numbers(value: object) -> None:
    """Bring every money and rate property below a document into the printed form, in place.

    Raises:
        BadNumber: One of them holds no finite number.
    """
    if isinstance(value, list):
        for item in value:
            normalise_numbers(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in MONEY_FIELDS:
                value[key] = _number(key, item, money)
            elif key in RATE_FIELDS:
                value[key] = _number(key, item, rate)
            elif isinstance(item, (dict, list)):
                normalise_numbers(item)


def _number(key: str, item: object, form: Any) -> Decimal | int:  # noqa: ANN401
    if isinstance(item, bool) or not isinstance(item, (int, str, Decimal)):
        raise BadNumber(key, item)
    try:
        number: Decimal | int = form(item)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise BadNumber(key, item) from error
    return number
