"""How many decimals each currency has, and amounts as text. Pure.

From ISO 4217's list one as published on 2026-01-01: every currency has two decimals but those named here.
Funds codes are left out. MGA and MRU have two in the list, though their parts are fifths.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

_COMMON = 2
_OTHERS: Mapping[int, frozenset[str]] = MappingProxyType(
    {
        0: frozenset(
            {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"}
            | {"UYI", "VND", "VUV", "XAF", "XOF", "XPF"}
        ),
        3: frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}),
        4: frozenset({"CLF", "UYW"}),
    }
)


def decimals_of(currency: str) -> int:
    """Return the number of decimals of a currency, named by its three letters."""
    found = (decimals for decimals, names in _OTHERS.items() if currency in names)
    return next(found, _COMMON)


def amount_text(amount: Decimal, currency: str) -> str:
    """Write an amount with the currency's decimals; with more when it has more. Never rounds."""
    sign, digits, power = amount.as_tuple()
    exponent = int(power)
    wanted = -decimals_of(currency)
    while exponent < wanted and digits and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if exponent > wanted:
        digits, exponent = (*digits, *([0] * (exponent - wanted))), wanted
    text = format(Decimal((sign, digits, exponent)), "f")
    return text.removeprefix("-") if not any(digits) else text
