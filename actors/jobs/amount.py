"""Money as somebody enters it: an exact amount, as text. Pure."""

import re
from decimal import Decimal

PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"
IN_WORDS = "an exact amount as text, such as 850.00"
_AMOUNT = re.compile(PATTERN, re.ASCII)


def read_amount(text: str) -> Decimal | None:
    """Return the amount; None when the text is none."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None
