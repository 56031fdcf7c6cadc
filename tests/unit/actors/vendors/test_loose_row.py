from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actors.vendors.loose_row import LooseRow


@pytest.mark.parametrize(
    ("spelled", "amount"),
    [
        ("850.10", "850.10"),
        ('"850.10"', "850.10"),
        ("850", "850"),
        ("-12.5", "-12.5"),
        ("0.1", "0.1"),
        ("123456789012345678.99", "123456789012345678.99"),
    ],
)
def test_amounts_are_exact_however_they_are_spelled(spelled: str, amount: str) -> None:
    row = LooseRow.read(f'{{"total":{spelled}}}'.encode())
    assert row.amount("total") == Decimal(amount)
    assert str(row.amount("total")) == amount


@pytest.mark.parametrize(
    "spelled",
    ["null", "true", "{}", '"NaN"', '"Infinity"', '"much"', '""', "1e400", "1e-400", "[]"],
)
def test_what_is_no_amount_is_not_there(spelled: str) -> None:
    assert LooseRow.read(f'{{"total":{spelled}}}'.encode()).amount("total") is None


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b'"a"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_has_no_members(payload: bytes) -> None:
    row = LooseRow.read(payload)
    assert "id" not in row
    assert row.id("id") is None
    assert row.rows("rows") == []
    assert row.inner("inner").text("word") == ""


def test_members_of_another_type_are_not_there() -> None:
    row = LooseRow.read(b'{"id":true,"word":1,"flag":"yes","at":"soon","inner":[],"rows":[1,{}]}')
    assert row.id("id") is None
    assert row.text("word") == ""
    assert row.flag("flag") is None
    assert row.moment("at") is None
    assert row.whole("id") is None
    assert row.inner("inner").id("id") is None
    assert len(row.rows("rows")) == 1


@pytest.mark.parametrize(
    "text", ["2026-04-02T15:20:38Z", "2026-04-02T15:20:38", "2026-04-02T17:20:38+02:00"]
)
def test_an_instant_without_a_zone_is_in_utc(text: str) -> None:
    row = LooseRow.read(f'{{"at":"{text}"}}'.encode())
    assert row.moment("at") == datetime(2026, 4, 2, 15, 20, 38, tzinfo=UTC)


def test_ids_are_texts_or_whole_numbers() -> None:
    row = LooseRow.read(b'{"a":9007199254740993,"b":"job_1","c":"","d":1.5}')
    assert [row.id(name) for name in "abcd"] == ["9007199254740993", "job_1", None, None]
