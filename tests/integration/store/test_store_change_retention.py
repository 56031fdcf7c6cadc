"""Old changes are forgotten from the oldest on, and never one that somebody in the house needs."""

import pytest

from store.errors import ChangesForgottenError
from store.models import ChangeFilter
from store.ports import Store
from support.store_fixtures import Owned, at, record

ALL = ChangeFilter(complete=True)


async def fill(store: Store, company: Owned, changes: int) -> None:
    for number in range(changes):
        await store.apply_page(company.page(record(f"{number}", number), observed=number))


async def follow(store: Store, through: int) -> None:
    """Bring all that follows changes up to one."""
    await store.finance.raise_floor(through)
    await store.note_progress((), through)


async def seqs(store: Store, after: int) -> list[int]:
    found = await store.changes(ChangeFilter(after=after, complete=True))
    return [change.seq for change in found]


async def test_changes_go_from_the_oldest_on_and_who_missed_them_is_told(
    store: Store, company: Owned
) -> None:
    await fill(store, company, 10)
    await follow(store, 10)
    assert await store.prune_changes(at(4), limit=3) == 3
    assert await store.prune_changes(at(4), limit=3) == 1
    assert await store.prune_changes(at(4), limit=3) == 0
    assert await store.changes_horizon() == 4
    with pytest.raises(ChangesForgottenError) as refused:
        await store.changes(ALL)
    assert refused.value.horizon == 4
    assert await seqs(store, 4) == [5, 6, 7, 8, 9, 10]
    assert await store.last_seq() == 10


async def test_what_nobody_followed_yet_is_kept_however_old(store: Store, company: Owned) -> None:
    await fill(store, company, 10)
    await store.finance.raise_floor(6)
    await store.note_progress((), 4)
    assert await store.prune_changes(at(1_000), limit=100) == 4
    await store.note_progress((), 9)
    assert await store.prune_changes(at(1_000), limit=100) == 2
    assert await seqs(store, 6) == [7, 8, 9, 10]


async def test_numbers_go_on_when_all_changes_are_forgotten(store: Store, company: Owned) -> None:
    await fill(store, company, 3)
    await follow(store, 3)
    assert await store.prune_changes(at(1_000), limit=100) == 3
    assert await store.last_seq() == 3
    await store.apply_page(company.page(record("new")))
    assert await seqs(store, 3) == [4]


async def test_nothing_is_refused_before_anything_was_forgotten(
    store: Store, company: Owned
) -> None:
    await fill(store, company, 2)
    assert await store.changes_horizon() == 0
    assert await store.prune_changes(at(0), limit=100) == 0
    assert await seqs(store, 0) == [1, 2]


async def test_changes_of_some_accounts_and_types_only(store: Store, company: Owned) -> None:
    page = company.page(record("1"), record("2", object_type="Bill"), record("3"))
    await store.apply_page(page)
    some = ChangeFilter(account_ids=[company.account_id, "another"], object_types=["Bill"])
    assert [change.object_id for change in await store.changes(some)] == ["2"]
    nobodys = ChangeFilter(account_ids=["another"])
    assert await store.changes(nobodys) == []


async def test_several_objects_are_read_at_once(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1"), record("2", object_type="Bill")))
    refs = [("Invoice", "1"), ("Bill", "2"), ("Bill", "1"), ("Invoice", "9")]
    held = await store.named_objects(company.account_id, refs)
    assert sorted((each.object_type, each.object_id) for each in held) == [
        ("Bill", "2"),
        ("Invoice", "1"),
    ]
    assert await store.named_objects("another", refs) == []
