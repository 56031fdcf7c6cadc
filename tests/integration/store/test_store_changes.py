from itertools import count

import anyio
import pytest

from store.errors import StaleEpochError, StoreUnavailableError
from store.models import ChangeFilter, ChangeOp, Via
from store.ports import Store
from support.store_fixtures import Owned, all_changes, own, record, tombstone


async def test_every_difference_is_one_change_in_the_order_of_the_page(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("9"), record("1"), record("5")))
    await store.apply_page(company.page(record("1", 1), tombstones=[tombstone("9", 2)]))
    assert [(change.seq, change.object_id, change.op) for change in await all_changes(store)] == [
        (1, "9", ChangeOp.UPSERT),
        (2, "1", ChangeOp.UPSERT),
        (3, "5", ChangeOp.UPSERT),
        (4, "1", ChangeOp.UPSERT),
        (5, "9", ChangeOp.DELETE),
    ]


@pytest.mark.parametrize("via", Via)
async def test_change_says_which_channel_brought_it(store: Store, company: Owned, via: Via) -> None:
    await store.apply_page(company.page(record("1"), via=via))
    assert [(change.via, change.vendor) for change in await all_changes(store)] == [
        (via, "quickbooks")
    ]


async def test_numbers_have_no_gaps_though_writes_between_were_refused(
    store: Store, company: Owned
) -> None:
    stale = await own(store, "realm-2")
    await store.claim(stale.account_id)
    numbers = count()
    refused = []

    async def write(owner: Owned) -> None:
        try:
            await store.apply_page(owner.page(record(f"{next(numbers)}"), record("same", 0)))
        except StaleEpochError as error:
            refused.append(error)

    for _ in range(10):
        async with anyio.create_task_group() as tasks:
            for owner in (company, stale, company, stale, stale, company):
                tasks.start_soon(write, owner)

    assert len(refused) == 30
    changes = await all_changes(store)
    assert [change.seq for change in changes] == list(range(1, 32))
    assert await store.last_seq() == 31


async def test_changes_can_be_followed_by_account_and_type(store: Store, company: Owned) -> None:
    other = await own(store, "realm-2")
    await store.apply_page(company.page(record("1"), record("2", object_type="Bill")))
    await store.apply_page(other.page(record("1")))
    await store.apply_page(company.page(record("3")))

    async def seqs(wanted: ChangeFilter) -> list[int]:
        return [change.seq for change in await store.changes(wanted)]

    assert await seqs(ChangeFilter()) == [1, 2, 3, 4]
    assert await seqs(ChangeFilter(after=2)) == [3, 4]
    assert await seqs(ChangeFilter(after=1, limit=2)) == [2, 3]
    assert await seqs(ChangeFilter(account_id=company.account_id)) == [1, 2, 4]
    assert await seqs(ChangeFilter(object_type="Invoice")) == [1, 3, 4]
    assert await seqs(ChangeFilter(1, 9, company.account_id, "Invoice")) == [4]
    assert await seqs(ChangeFilter(after=4)) == []


async def test_waiting_ends_with_the_first_change_behind(store: Store, company: Owned) -> None:
    woken: list[int] = []

    async def follow(after: int) -> None:
        await store.changed(after)
        woken.append(after)
        assert await store.last_seq() > after

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow, 0)
            tasks.start_soon(follow, 1)
            tasks.start_soon(follow, 2)
            await anyio.wait_all_tasks_blocked()
            assert woken == []
            await store.apply_page(company.page(record("1")))
            await store.apply_page(company.page(record("1")))
            await anyio.wait_all_tasks_blocked()
            assert woken == [0]
            await store.apply_page(company.page(record("2"), record("3")))
    assert sorted(woken) == [0, 1, 2]


async def test_waiting_for_what_is_there_already_does_not_wait(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1")))
    with anyio.fail_after(10):
        await store.changed(0)


async def test_waiting_ends_when_the_store_is_closed(store: Store) -> None:
    ended = []

    async def follow() -> None:
        with pytest.raises(StoreUnavailableError, match="closed"):
            await store.changed(0)
        ended.append("followed")

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follow)
            await anyio.wait_all_tasks_blocked()
            await store.close()
    assert ended == ["followed"]
