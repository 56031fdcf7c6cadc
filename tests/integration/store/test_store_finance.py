"""The copy that finance views read: built in pieces, followed by number, never a mixture."""

import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.finance import (
    DuePage,
    FinanceDocument,
    FinanceQuery,
    FinanceReading,
    PaymentPage,
    Piece,
    Section,
    UnusableObject,
)
from store.models import ObjectRecord
from store.ports import Store
from store.relational.finance_rows import amount_of, units_of
from store.sqlite import SqliteStore
from support.store_fixtures import Owned, at, move, on_writer, open_quick, own, record, tombstone

TYPES = ("Bill", "Invoice")
BOTH = FinanceQuery(totals=(Section.RECEIVABLE, Section.PAYABLE))
DAY = date(2026, 6, 1)


def owed(object_id: str, amount: str, object_type: str = "Invoice") -> FinanceDocument:
    return FinanceDocument(
        object_type=object_type,
        object_id=object_id,
        currency="USD",
        section=Section.RECEIVABLE if object_type == "Invoice" else Section.PAYABLE,
        due_on=DAY,
        open_amount=Decimal(amount),
        total=Decimal(amount),
    )


def made(piece: Piece) -> list[FinanceDocument | UnusableObject]:
    """Make documents of payloads that are nothing but an amount."""
    return [
        owed(each.object_id, each.payload.decode(), each.object_type)
        for each in piece.sources
        if not each.deleted and each.payload != b"0"
    ]


async def bring_up(store: Store, account_id: str, *, limit: int = 2, steps: int = 100) -> int:
    """Take steps until nothing is missing; return how many there were."""
    if await store.finance.progress(account_id) is None:
        await store.finance.begin(account_id, 1)
    for taken in range(steps):
        piece = await store.finance.sources(account_id, TYPES, limit)
        if piece is None:
            return taken
        await store.finance.keep(account_id, piece, made(piece))
    return steps


async def total(store: Store, account_id: str, section: Section = Section.RECEIVABLE) -> str:
    reading = await store.finance.read(account_id, BOTH)
    assert reading.built
    amounts = [each.amount for each in reading.totals[section]]
    return str(sum(amounts)).removesuffix(".00")


def amount(object_id: str, value: str, seconds: float = 0, kind: str = "Invoice") -> ObjectRecord:
    return record(object_id, seconds, object_type=kind, payload=value.encode())


async def test_data_that_is_already_there_is_built_piece_by_piece(
    store: Store, company: Owned
) -> None:
    records = [amount(str(number), "1.10") for number in range(7)]
    bills = [amount("b", "5", kind="Bill")]
    await store.apply_page(company.page(*records, *bills, tombstones=[tombstone("3")]))
    assert not (await store.finance.read(company.account_id, BOTH)).built
    assert await bring_up(store, company.account_id) > 4
    assert await total(store, company.account_id) == "6.60"
    assert await total(store, company.account_id, Section.PAYABLE) == "5"


async def test_building_goes_on_after_a_restart(path: Path) -> None:
    async with await open_quick(path) as first:
        company = await own(first)
        await first.apply_page(company.page(*(amount(str(number), "1") for number in range(9))))
        await bring_up(first, company.account_id, steps=4)
        before = await first.finance.progress(company.account_id)
        assert before is not None
        assert (before.stage, before.built_id) == ("building", "3")
    async with await open_quick(path) as second:
        assert await second.finance.progress(company.account_id) == before
        await bring_up(second, company.account_id)
        assert await total(second, company.account_id) == "9"


async def test_changes_while_building_are_in_the_copy_once(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*(amount(str(number), "1") for number in range(6))))
    await bring_up(store, company.account_id, steps=3)
    await store.apply_page(
        company.page(amount("0", "10", 1), amount("5", "10", 1), amount("new", "10", 1))
    )
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "34"


async def test_what_changes_later_replaces_what_was_there(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(amount("1", "1"), amount("2", "2"), amount("3", "4")))
    await bring_up(store, company.account_id)
    await store.apply_page(
        company.page(amount("1", "0", 1), amount("2", "20", 1), tombstones=[tombstone("3", 1)])
    )
    assert await total(store, company.account_id) == "7"
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "20"


async def test_a_reading_says_as_of_when_it_is_exact(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(amount("1", "1"), cursors=[move(covered=10)]))
    await bring_up(store, company.account_id)

    async def as_of() -> tuple[object, int]:
        reading = await store.finance.read(company.account_id, BOTH)
        return reading.exact_as_of, reading.seq

    assert await as_of() == (at(10), 1)
    await store.apply_page(company.page(cursors=[move(covered=20)]))
    assert await as_of() == (at(20), 1)
    await store.apply_page(company.page(amount("1", "2", 1), cursors=[move(covered=30)]))
    assert await as_of() == (at(10), 1)
    await bring_up(store, company.account_id)
    assert await as_of() == (at(30), 2)


async def test_a_copy_in_between_two_moments_is_not_read(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*(amount(str(number), "1") for number in range(4))))
    await bring_up(store, company.account_id)
    await store.apply_page(company.page(*(amount(str(number), "2", 1) for number in range(4))))
    await bring_up(store, company.account_id, steps=1)
    assert not (await store.finance.read(company.account_id, BOTH)).built
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "8"


async def test_a_piece_that_another_overtook_is_refused(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(amount("1", "1")))
    await bring_up(store, company.account_id)
    await store.apply_page(company.page(amount("1", "2", 1)))
    late = await store.finance.sources(company.account_id, TYPES, 10)
    assert late is not None
    await store.apply_page(company.page(amount("1", "3", 2)))
    await bring_up(store, company.account_id)
    assert not await store.finance.keep(company.account_id, late, made(late))
    assert await total(store, company.account_id) == "3"


async def test_purging_an_account_leaves_nothing_of_its_copy(
    store: SqliteStore, company: Owned
) -> None:
    other = await own(store, "realm-2")
    for each in (company, other):
        await store.apply_page(each.page(amount("1", "1"), amount("2", "2")))
        await bring_up(store, each.account_id)
    await store.apply_page(company.page(amount("1", "5", 1)))
    late = await store.finance.sources(company.account_id, TYPES, 10)
    assert late is not None
    await store.disconnect(company.account_id, purge=True, at=at(1))
    assert not await store.finance.keep(company.account_id, late, made(late))
    await store.finance.begin(company.account_id, 1)

    def left(connection: sqlite3.Connection) -> list[int]:
        tables = ("finance_documents", "finance_totals", "finance_progress")
        query = "SELECT count(*) FROM {} WHERE account_id = ?"
        return [
            connection.execute(query.format(table), (company.account_id,)).fetchone()[0]
            for table in tables
        ]

    assert await on_writer(store, left) == [0, 0, 0]
    assert await total(store, other.account_id) == "3"


async def test_another_mapping_begins_anew(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(amount("1", "1"), amount("2", "2")))
    await bring_up(store, company.account_id)
    await store.finance.begin(company.account_id, 2)
    assert not (await store.finance.read(company.account_id, BOTH)).built
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "3"


async def test_only_accounts_that_are_read_from_end_to_end_are_built_unasked(
    store: Store, company: Owned
) -> None:
    vendor = {"quickbooks": 1}
    assert await store.finance.unbuilt(vendor, 10) == []
    await store.apply_page(company.page(amount("1", "1"), cursors=[move()]))
    assert await store.finance.unbuilt(vendor, 10) == []
    await store.apply_page(company.page(cursors=[move(covered=1)]))
    assert await store.finance.unbuilt(vendor, 10) == [company.account_id]
    assert await store.finance.unbuilt({"another": 1}, 10) == []
    await bring_up(store, company.account_id)
    assert await store.finance.unbuilt(vendor, 10) == []
    assert await store.finance.unbuilt({"quickbooks": 2}, 10) == [company.account_id]


async def test_the_floor_carries_copies_over_the_changes_of_others(
    store: Store, company: Owned
) -> None:
    other = await own(store, "realm-2")
    await store.apply_page(company.page(amount("1", "1")))
    await bring_up(store, company.account_id)
    await store.apply_page(other.page(*(amount(str(number), "1") for number in range(5))))
    behind, through = await store.finance.behind()
    assert (list(behind), through) == ([], 6)
    await store.finance.raise_floor(through)
    progress = await store.finance.progress(company.account_id)
    assert progress is not None
    assert progress.seq == 6
    await store.apply_page(company.page(amount("1", "7", 1)))
    assert await store.finance.behind() == ([company.account_id], 7)
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "7"


async def test_the_floor_never_passes_what_is_not_whole(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*(amount(str(number), "1") for number in range(4))))
    await bring_up(store, company.account_id, steps=2)
    await store.apply_page(company.page(*(amount(str(number), "2", 1) for number in range(4))))
    assert await store.finance.behind() == ([company.account_id], 8)
    await store.finance.raise_floor(8)
    await bring_up(store, company.account_id)
    assert await total(store, company.account_id) == "8"


async def test_problems_are_counted_by_type_and_reason(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*(amount(each, "1") for each in ("1", "2", "3"))))
    await store.finance.begin(company.account_id, 1)
    while piece := await store.finance.sources(company.account_id, TYPES, 10):
        found = [
            UnusableObject(each.object_type, each.object_id, "odd") if number else owed("1", "1")
            for number, each in enumerate(piece.sources)
        ]
        await store.finance.keep(company.account_id, piece, found)
    reading = await store.finance.read(company.account_id, BOTH)
    assert [(each.reason, each.count, each.example_id) for each in reading.left_out] == [
        ("odd", 2, "2")
    ]


async def test_pages_go_on_behind_the_last_document(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*(amount(str(number), "1") for number in range(5))))
    await bring_up(store, company.account_id)
    seen: list[str] = []
    after = None
    while True:
        page = DuePage(Section.RECEIVABLE, DAY, after, 2)
        found = (await store.finance.read(company.account_id, FinanceQuery(due=page))).due
        if not found:
            break
        seen += [each.object_id for each in found]
        after = (DAY.isoformat(), found[-1].object_type, found[-1].object_id)
    assert seen == ["0", "1", "2", "3", "4"]


async def test_sums_end_at_the_days_that_are_asked_for(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(amount("1", "1"), amount("2", "2.5")))
    await bring_up(store, company.account_id)
    before, behind = date(2026, 5, 31), date(2026, 6, 2)
    for ends, wanted in (((), date.max), ((before, DAY), DAY), ((before, behind), behind)):
        query = FinanceQuery(totals=(Section.RECEIVABLE,), ends=ends)
        found = (await store.finance.read(company.account_id, query)).totals[Section.RECEIVABLE]
        assert [(each.day, each.amount, each.documents) for each in found] == [
            (wanted, Decimal("3.5"), 2)
        ]


async def test_an_account_without_money_has_an_empty_copy(store: Store, company: Owned) -> None:
    await bring_up(store, company.account_id)
    wanted = FinanceQuery(
        totals=(Section.PAYABLE,), payments=PaymentPage(None, "", None, 5), bank=True
    )
    reading: FinanceReading = await store.finance.read(company.account_id, wanted)
    assert reading.built
    assert (reading.totals[Section.PAYABLE], reading.payments, reading.bank) == ([], [], [])


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6).filter(
        lambda each: abs(each) < 10**12
    )
)
def test_amounts_come_back_as_they_went_in(value: Decimal) -> None:
    units, scale = units_of(value)
    assert amount_of(units, scale) == value
    assert abs(units) < 10**18


@pytest.mark.parametrize("text", ["1e18", "1e-19", "1234567890123456789", "1e400"])
def test_amounts_that_the_database_cannot_keep_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too many digits"):
        units_of(Decimal(text))


async def test_sums_of_the_largest_amounts_are_exact(store: Store, company: Owned) -> None:
    huge = "999999999999999999"
    await store.apply_page(company.page(*(amount(str(number), huge) for number in range(30))))
    await bring_up(store, company.account_id, limit=10)
    assert await total(store, company.account_id) == str(30 * int(huge))
