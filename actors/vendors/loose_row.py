"""A vendor's row read member by member, where whatever is odd counts as not there. Pure.

For what may be missing, null, of another type or of another spelling in every single row, and must
not keep the rest of the row from being understood.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.instant import as_utc

_MOST_DIGITS = 18
"""On either side of the point: more is no amount of money."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class LooseRow:
    """The members of one JSON object."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = members

    @classmethod
    def read(cls, payload: bytes) -> "LooseRow":
        """Read a row; one that is no JSON object has no members."""
        try:
            document = _decode(payload)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            return cls({})
        return cls(document if isinstance(document, Mapping) else {})

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    def text(self, name: str) -> str:
        """Return a text; an empty one when there is none."""
        value = self._members.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool | None:
        """Return a truth value."""
        value = self._members.get(name)
        return value if isinstance(value, bool) else None

    def id(self, name: str) -> str | None:
        """Return an id, which may be a text or a whole number."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        return str(value) or None

    def moment(self, name: str) -> datetime | None:
        """Return an instant; one that names no zone is in UTC."""
        value = self._members.get(name)
        try:
            return as_utc(msgspec.convert(value, datetime)) if isinstance(value, str) else None
        except (msgspec.ValidationError, UnreadableReplyError):
            return None

    def amount(self, name: str) -> Decimal | None:
        """Return an exact amount, which may be a number or a text."""
        value = self._members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            return None
        try:
            amount = Decimal(value)
        except InvalidOperation:
            return None
        if not amount.is_finite() or not -_MOST_DIGITS <= amount.adjusted() <= _MOST_DIGITS:
            return None
        return amount

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        value = self._members.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def inner(self, name: str) -> "LooseRow":
        """Return an object within; one without members when there is none."""
        value = self._members.get(name)
        return LooseRow(value if isinstance(value, Mapping) else {})

    def rows(self, name: str) -> Sequence["LooseRow"]:
        """Return the objects of a list."""
        value = self._members.get(name)
        found = value if isinstance(value, list) else ()
        return [LooseRow(each) for each in found if isinstance(each, Mapping)]
