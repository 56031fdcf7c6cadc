"""A row of SQLite's in the form in which PostgreSQL takes and gives rows: binary COPY.

The same values are the same bytes: what PostgreSQL hands back is compared with what it was given.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any

from store.moving.tables import UNKNOWN_TIMES, Column, Table

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_NULL = b"\xff\xff\xff\xff"
_FIELDS = Struct("!h").pack
_LENGTH = Struct("!i").pack
_NUMBER = Struct("!iq").pack
_TRUE, _FALSE = _LENGTH(1) + b"\1", _LENGTH(1) + b"\0"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BEFORE_ALL = _NUMBER(8, -(1 << 63))
_INSTANTS_KEPT = 10_000
_REPLACEMENT = "\ufffd"

Encoder = Callable[[Any], bytes]


class UnfitError(Exception):
    """A value that the column cannot hold; the text says what it is."""


class RowEncoder:
    """Encodes the rows of one table, read as bytes where they are texts."""

    def __init__(self, table: Table) -> None:
        self._head = _FIELDS(len(table.columns))
        self._columns = table.columns
        self._key = frozenset(table.key)
        self._encoders = [_encoder(table.name, column) for column in table.columns]

    def encode(self, row: Sequence[Any]) -> bytes:
        """Encode a row.

        Raises:
            UnfitError: PostgreSQL cannot hold it as it is.
        """
        return self._head + b"".join(
            [encode(value) for encode, value in zip(self._encoders, row, strict=True)]
        )

    def mended(self, row: Sequence[Any]) -> tuple[bytes, str]:
        """Encode a row that cannot be held as it is; what no text can hold becomes U+FFFD.

        Returns:
            The row, and what was wrong with it.

        Raises:
            UnfitError: it is more than a text that is wrong, or it is in the key.
        """
        fields, wrong = [self._head], []
        for place, (encode, column, value) in enumerate(
            zip(self._encoders, self._columns, row, strict=True)
        ):
            try:
                fields.append(encode(value))
            except UnfitError as error:
                if column.kind != "text" or type(value) is not bytes or place in self._key:
                    raise UnfitError(f"{column.name} {error}") from error
                fields.append(encode(_plain(value)))
                wrong.append(f"{column.name} {error}")
        return b"".join(fields), "; ".join(wrong)


def _plain(value: bytes) -> bytes:
    return value.decode("utf-8", "replace").replace("\0", _REPLACEMENT).encode()


def _encoder(table: str, column: Column) -> Encoder:
    encode = _ENCODERS[column.kind]
    if column.kind == "timestamptz":
        encode = InstantEncoder(may_be_unknown=(table, column.name) in UNKNOWN_TIMES)
    if not column.optional:
        return encode
    return lambda value: _NULL if value is None else encode(value)


def _text(value: object) -> bytes:
    if type(value) is not bytes:
        raise UnfitError(f"is no text, but {_told(value)}")
    if not value.isascii():
        try:
            value.decode()
        except UnicodeDecodeError:
            raise UnfitError("is no UTF-8") from None
    if 0 in value:
        raise UnfitError("has U+0000 in it")
    return _LENGTH(len(value)) + value


def _bytes(value: object) -> bytes:
    if type(value) is not bytes:
        raise UnfitError(f"is neither text nor bytes, but {_told(value)}")
    return _LENGTH(len(value)) + value


def _number(value: object) -> bytes:
    if type(value) is not int:
        raise UnfitError(f"is no whole number, but {_told(value)}")
    return _NUMBER(8, value)


def _boolean(value: object) -> bytes:
    if type(value) is int:
        if value == 1:
            return _TRUE
        if value == 0:
            return _FALSE
    raise UnfitError(f"is neither 0 nor 1, but {_told(value)}")


class InstantEncoder:
    """Writes an instant's text as microseconds since 2000; many rows share theirs."""

    def __init__(self, *, may_be_unknown: bool = False) -> None:
        self._known: dict[bytes, bytes] = {}
        self._may_be_unknown = may_be_unknown

    def __call__(self, value: object) -> bytes:
        """Encode one.

        Raises:
            UnfitError: it is none.
        """
        if type(value) is not bytes:
            raise UnfitError(f"is no time, but {_told(value)}")
        found = self._known.get(value)
        if found is None:
            if len(self._known) >= _INSTANTS_KEPT:
                self._known.clear()
            found = self._known[value] = self._encoded(value)
        return found

    def _encoded(self, value: bytes) -> bytes:
        if not value and self._may_be_unknown:
            return _BEFORE_ALL
        try:
            instant = datetime.fromisoformat(value.decode())
            return _NUMBER(8, (instant - _EPOCH) // _MICROSECOND)
        except (ValueError, TypeError):
            raise UnfitError(f"is no time, but {_told(value)}") from None


def _told(value: object) -> str:
    text = repr(value)
    return f"{text[:40]}..." if len(text) > 40 else text  # noqa: PLR2004 - enough to find it by


_ENCODERS: dict[str, Encoder] = {
    "text": _text,
    "bytea": _bytes,
    "int8": _number,
    "bool": _boolean,
    "timestamptz": InstantEncoder(),
}
