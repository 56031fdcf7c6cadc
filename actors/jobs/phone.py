"""Phone numbers: whether one can be called, and when two are the same. Pure."""

import re
from unicodedata import decimal

_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_EXTENSION = re.compile(r"[\s;,]*(?:ext(?:ension|n)?\.?|x|#)[\s=:.]*\d{1,7}\s*\Z", re.IGNORECASE)
_TRUNK = re.compile(r"\(\s*0\s*\)")
_AROUND_DIGITS = frozenset("+()-./ \N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}")
_NORTH_AMERICA, _WITH_COUNTRY = "1", 11


def is_phone(text: str) -> bool:
    """Tell whether this is a number that could be called: nothing else in it, and digits enough."""
    number = _EXTENSION.sub("", text)
    if any(not char.isdecimal() and char not in _AROUND_DIGITS for char in number):
        return False
    return _FEWEST_DIGITS <= len(_digits(number)) <= _MOST_DIGITS


def comparable_phone(text: str) -> str:
    """Return a number's digits, the same for every way of writing it; for comparison only.

    Without its extension, what is dialled before a country's code, and the code of North America,
    which people leave out at home.
    """
    number = _TRUNK.sub("", _EXTENSION.sub("", text)).strip()
    digits = _digits(number)
    is_international = number.startswith("+")
    if not is_international and digits.startswith("00"):
        digits, is_international = digits[2:], True
    has_country = is_international or len(digits) == _WITH_COUNTRY
    return digits[1:] if has_country and digits.startswith(_NORTH_AMERICA) else digits


def _digits(text: str) -> str:
    return "".join(str(decimal(char)) for char in text if char.isdecimal())
