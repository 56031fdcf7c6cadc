"""What is put right past the vendor's news: when it is, and that it is noted until it is named."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from store.models import PageWrite, Tombstone, Via
from store.ports import Store
from store.sqlite import SqliteStore
from store.verification import Certificate, Difference, Mend
from support.store_fixtures import Owned, all_objects, at, move, on_writer, record, tombstone

if TYPE_CHECKING:
    import sqlite3

DAY_S = 86_400.0


def looked(page: PageWrite, vendor_seconds: float | None) -> PageWrite:
    """Return the page as a look brings it."""
    vendor_time = None if vendor_seconds is None else at(vendor_seconds)
    return replace(page, look="feed", vendor_time=vendor_time)


async def damage(store: SqliteStore, updated_at: str, *, deleted: bool = False) -> None:
    """Alter the one row past everything."""

    def alter(connection: "sqlite3.Connection") -> None:
        triggers = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        kept = [sql for (sql,) in triggers if "UPDATE OF deleted ON objects" in sql]
        for sql in kept:
            connection.execute(f"DROP TRIGGER {sql.split()[2]}")
        connection.execute("UPDATE objects SET updated_at = ?, deleted = ?", (updated_at, deleted))
        for sql in kept:
            connection.execute(sql)

    await on_writer(store, alter)


@pytest.mark.parametrize("updated_at", ["2999-01-01T00:00:00.000000Z", "x026"])
@pytest.mark.parametrize("deleted", [False, True])
async def test_a_row_with_a_time_beyond_the_vendor_s_gives_way_to_what_is_shown(
    store: SqliteStore, company: Owned, updated_at: str, *, deleted: bool
) -> None:
    await store.apply_page(company.page(record("1", seconds=5)))
    await damage(store, updated_at, deleted=deleted)
    shown = company.page(record("1", seconds=9, payload=b'{"Id":"1","new":1}'), observed=20)
    applied = await store.apply_page(looked(shown, 10))
    difference = Difference.MISSING if deleted else Difference.DIFFERING
    assert list(applied.mended) == [Mend("Invoice", "1", difference)]
    assert applied.upserts == 1
    row = (await all_objects(store, company.account_id))["1"]
    assert (row.updated_at, row.deleted) == (at(9), False)
    history = await store.history(company.account_id, "Invoice", "1")
    assert history is not None
    assert not history.refusals
    assert [each.updated_at for each in history.versions] == [None, at(9)]
    assert [(each.at, each.difference, each.certificate) for each in history.mends] == [
        (at(20), difference, None)
    ]
    assert await store.unnamed_mend_count(company.account_id) == 1


async def test_a_deletion_is_not_refused_by_a_time_beyond_the_vendor_s(
    store: SqliteStore, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", seconds=5)))
    await damage(store, "2999-01-01T00:00:00.000000Z")
    applied = await store.apply_page(looked(company.page(tombstones=[tombstone("1", 9)]), 10))
    assert (applied.deletes, len(applied.mended)) == (1, 1)
    row = (await all_objects(store, company.account_id))["1"]
    assert (row.deleted, row.updated_at) == (True, at(9))


@pytest.mark.parametrize("held_seconds", [9, 10 + DAY_S - 1])
async def test_what_may_be_newer_is_not_overruled(
    store: Store, company: Owned, held_seconds: float
) -> None:
    await store.apply_page(company.page(record("1", seconds=held_seconds)))
    page = company.page(record("1", seconds=5), tombstones=[Tombstone("Invoice", "2", at(1))])
    applied = await store.apply_page(looked(page, 10))
    assert (applied.upserts, list(applied.mended)) == (0, [])


async def test_an_old_answer_that_comes_late_overrules_nothing(
    store: Store, company: Owned
) -> None:
    newest = company.page(record("1", seconds=9 * DAY_S), cursors=[move(covered=9 * DAY_S)])
    await store.apply_page(looked(newest, 9 * DAY_S))
    applied = await store.apply_page(looked(company.page(record("1", seconds=5)), 10))
    assert (applied.upserts, list(applied.mended)) == (0, [])


@pytest.mark.parametrize("vendor_time", [None, "9999-12-31T23:59:59+00:00"])
async def test_an_answer_without_a_sensible_time_overrules_nothing(
    store: Store, company: Owned, vendor_time: str | None
) -> None:
    await store.apply_page(company.page(record("1", seconds=9)))
    page = looked(company.page(record("1", seconds=5)), None)
    if vendor_time is not None:
        page = replace(page, vendor_time=type(at(0)).fromisoformat(vendor_time))
    assert not (await store.apply_page(page)).upserts


async def test_only_what_the_page_wrote_is_noted_as_mended(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1")))
    mends = [Mend("Invoice", key, Difference.MISSING) for key in "123"]
    page = replace(looked(company.page(record("1"), record("2")), 10), mends=mends, via=Via.VERIFY)
    assert list((await store.apply_page(page)).mended) == [mends[1]]
    assert list((await store.apply_page(page)).mended) == []
    (noted,) = await store.unnamed_mends(company.account_id)
    assert noted.mend == mends[1]


async def test_a_certificate_names_mends_up_to_the_one_it_was_told(
    store: Store, company: Owned
) -> None:
    for key in "123":
        mend = Mend("Invoice", key, Difference.MISSING)
        page = replace(looked(company.page(record(key)), 10), mends=[mend])
        await store.apply_page(page)
    noted = await store.unnamed_mends(company.account_id)
    found = Certificate(
        as_of=at(1),
        began_at=at(2),
        finished_at=at(3),
        reads=7,
        exact=False,
        repaired=True,
        repair=True,
        complete=True,
        types=(),
        mended_before=2,
    )
    number = await store.store_certificate(
        company.account_id, company.epoch, found, noted[1].number
    )
    assert (await store.unnamed_mends(company.account_id)) == noted[2:]
    history = await store.history(company.account_id, "Invoice", "1")
    assert history is not None
    assert [each.certificate for each in history.mends] == [number]
    kept = await store.certificate(company.account_id)
    assert kept is not None
    assert kept.mended_before == 2
    # What no certificate names is kept a year longer, for one may name it yet.
    assert await store.prune_history(at(10) + timedelta(days=365), limit=100) == 2
    assert (await store.unnamed_mends(company.account_id)) == noted[2:]
    assert await store.prune_history(at(10) + timedelta(days=367), limit=100) == 1
    assert not await store.unnamed_mends(company.account_id)


async def test_a_purge_forgets_mends(store: Store, company: Owned) -> None:
    page = looked(company.page(record("1")), 10)
    await store.apply_page(replace(page, mends=[Mend("Invoice", "1", Difference.MISSING)]))
    await store.disconnect(company.account_id, purge=True, at=at(9))
    assert not await store.unnamed_mends(company.account_id)
