"""Sums that are exact or none at all. Pure."""

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Rounded

_CONTEXT = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow, Rounded])
"""Room for any number of amounts of 18 digits on either side of the point."""


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add up without rounding; the caller's decimal context does not matter."""
    total = Decimal(0)
    for amount in amounts:
        total = _CONTEXT.add(total, amount)
    return total
