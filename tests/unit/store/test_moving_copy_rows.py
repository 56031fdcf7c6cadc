from datetime import UTC, datetime

import pytest

from store.moving.copy_rows import RowEncoder, UnfitError
from store.moving.tables import Column, Table


def table(*kinds: str, optional: bool = False, name: str = "looks") -> Table:
    columns = [Column(f"c{place}", f"c{place}", kind, optional) for place, kind in enumerate(kinds)]
    return Table(name, columns, [0])


def test_row_is_what_postgresql_sends() -> None:
    encoded = RowEncoder(table("int8", "text", "bytea", "bool", "bool", "timestamptz")).encode(
        (-2, b"\xc3\xa9", b"\0", 1, 0, b"2000-01-01T00:00:00.000001Z")
    )
    assert encoded == (
        b"\0\x06"
        b"\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xfe"
        b"\0\0\0\x02\xc3\xa9"
        b"\0\0\0\x01\0"
        b"\0\0\0\x01\x01"
        b"\0\0\0\x01\0"
        b"\0\0\0\x08\0\0\0\0\0\0\0\x01"
    )


def test_nothing_is_nothing_where_it_may_be() -> None:
    assert RowEncoder(table("text", optional=True)).encode([None]) == b"\0\x01\xff\xff\xff\xff"


@pytest.mark.parametrize("year", [1, 1999, 2026, 9999])
def test_times_are_exact(year: int) -> None:
    instant = datetime(year, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    text = f"{year:04}-12-31T23:59:59.999999Z".encode()
    encoded = RowEncoder(table("timestamptz")).encode([text])
    microseconds = int.from_bytes(encoded[6:], signed=True)
    since = instant - datetime(2000, 1, 1, tzinfo=UTC)
    assert microseconds == (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def test_unknown_time_is_before_all_where_it_may_be_unknown() -> None:
    column = Column("updated_at", "updated_at", "timestamptz", optional=False)
    refusals = Table("refusals", [column], [0])
    assert RowEncoder(refusals).encode([b""])[6:] == b"\x80" + bytes(7)
    with pytest.raises(UnfitError, match="is no time"):
        RowEncoder(table("timestamptz")).encode([b""])


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("text", b"\xff", "no UTF-8"),
        ("text", b"a\0b", r"U\+0000"),
        ("text", 7, "no text"),
        ("text", None, "no text"),
        ("bytea", 1.5, "neither text nor bytes"),
        ("int8", 1.5, "no whole number"),
        ("int8", b"1", "no whole number"),
        ("bool", 2, "neither 0 nor 1"),
        ("bool", None, "neither 0 nor 1"),
        ("timestamptz", b"tomorrow", "no time"),
        ("timestamptz", b"2026-11-21T09:00:00", "no time"),
        ("timestamptz", 5, "no time"),
    ],
)
def test_value_that_does_not_fit_is_named(kind: str, value: object, said: str) -> None:
    with pytest.raises(UnfitError, match=said):
        RowEncoder(table(kind)).encode([value])


def test_text_is_mended_and_a_key_never_is() -> None:
    encoder = RowEncoder(table("text", "text"))
    encoded, wrong = encoder.mended([b"key", b"a\0\xff"])
    assert encoded == encoder.encode([b"key", "a\ufffd\ufffd".encode()])
    assert wrong == "c1 is no UTF-8"
    with pytest.raises(UnfitError, match="c0 has"):
        encoder.mended([b"k\0", b""])


def test_only_texts_are_mended() -> None:
    with pytest.raises(UnfitError, match="c1 is no whole number"):
        RowEncoder(table("text", "int8")).mended([b"key", b"x"])
