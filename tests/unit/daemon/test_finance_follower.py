from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from actors.finance.projector import FinanceProjector, Standing
from actors.vendors.registry import FINANCE
from daemon.finance_follower import FinanceFollower
from store.errors import StoreUnavailableError
from store.finance import FinanceQuery, Section
from store.models import ObjectRecord
from store.sqlite import SqliteStore
from support.store_fixtures import Owned, at, move, open_quick, own, record
from support.virtual_time import VIRTUAL_BACKEND

ALL = FinanceQuery(totals=(Section.RECEIVABLE,))


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with await open_quick(tmp_path / "syncline.db") as opened:
        yield opened


def invoice(object_id: str, balance: str, seconds: float = 0) -> ObjectRecord:
    body = (
        f'{{"Id":"{object_id}","TotalAmt":{balance},"Balance":{balance},"DueDate":"2026-06-01",'
        '"CustomerRef":{"value":"1"},"CurrencyRef":{"value":"USD"}}'
    )
    return record(object_id, seconds, payload=body.encode())


async def owed(store: SqliteStore, company: Owned) -> str | None:
    """Return what the copy says, without bringing it up to date."""
    reading = await store.finance.read(company.account_id, ALL)
    if not reading.built:
        return None
    return str(sum(each.amount for each in reading.totals[Section.RECEIVABLE]))


class Following:
    """A follower at work."""

    def __init__(self, store: SqliteStore) -> None:
        self.projector = FinanceProjector(store.finance, FINANCE)
        self._follower = FinanceFollower(store, self.projector)

    async def within(self, seconds: float) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follower.run)
            await anyio.sleep(seconds)
            tasks.cancel_scope.cancel()


async def test_accounts_of_an_older_database_are_built_unasked(store: SqliteStore) -> None:
    company = await own(store)
    many = [invoice(str(number), "1.00") for number in range(1200)]
    await store.apply_page(company.page(*many, cursors=[move(covered=1)]))
    assert await owed(store, company) is None
    await Following(store).within(1)
    assert await owed(store, company) == "1200.00"


async def test_an_account_that_is_still_being_read_is_left_alone(store: SqliteStore) -> None:
    company = await own(store)
    await store.apply_page(company.page(invoice("1", "1.00"), cursors=[move()]))
    await Following(store).within(60)
    assert await store.finance.progress(company.account_id) is None


async def test_changes_are_followed_within_seconds(store: SqliteStore) -> None:
    company = await own(store)
    await store.apply_page(company.page(invoice("1", "1.00"), cursors=[move(covered=1)]))
    following = Following(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.within, 30)
        await anyio.sleep(10)
        await store.apply_page(company.page(invoice("1", "3.00", 1), cursors=[move(covered=2)]))
        await anyio.sleep(10)
        assert await owed(store, company) == "3.00"
        progress = await store.finance.progress(company.account_id)
    assert progress is not None
    assert (progress.seq, progress.exact_as_of) == (2, at(2))


async def test_what_others_change_moves_the_floor_and_no_copy(store: SqliteStore) -> None:
    company, other = await own(store), await own(store, "realm-2")
    await store.apply_page(company.page(invoice("1", "1.00"), cursors=[move(covered=1)]))
    following = Following(store)
    await following.within(6)
    await store.apply_page(other.page(*(invoice(str(n), "1.00") for n in range(20))))
    await following.within(6)
    progress = await store.finance.progress(company.account_id)
    assert progress is not None
    assert progress.seq == await store.last_seq() == 21
    assert await owed(store, company) == "1.00"


async def test_trouble_of_the_store_is_waited_out(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await own(store)
    await store.apply_page(company.page(invoice("1", "1.00"), cursors=[move(covered=1)]))
    following = Following(store)
    failures = iter([StoreUnavailableError("full"), RuntimeError("a defect")])
    real = following.projector.step

    async def step(account_id: str, vendor: str) -> Standing:
        if (failure := next(failures, None)) is not None:
            raise failure
        return await real(account_id, vendor)

    monkeypatch.setattr(following.projector, "step", step)
    await following.within(4)
    assert await owed(store, company) is None
    await following.within(20)
    assert await owed(store, company) == "1.00"


async def test_a_mapping_that_was_changed_makes_every_copy_anew(store: SqliteStore) -> None:
    company = await own(store)
    await store.apply_page(company.page(invoice("1", "1.00"), cursors=[move(covered=1)]))
    await store.finance.begin(company.account_id, 0)
    while (piece := await store.finance.sources(company.account_id, ["Invoice"], 10)) is not None:
        await store.finance.keep(company.account_id, piece, [])
    assert await owed(store, company) == "0"
    await Following(store).within(6)
    assert await owed(store, company) == "1.00"


async def test_a_vendor_that_nobody_mapped_has_no_copy(store: SqliteStore) -> None:
    company = await own(store)
    projector = FinanceProjector(store.finance, {})
    standing = await projector.bring_up(company.account_id, "quickbooks", steps=5)
    assert standing is Standing.NOT_MAPPED
    assert await store.finance.progress(company.account_id) is None
