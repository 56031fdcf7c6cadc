from store.ports import Store
from support.store_fixtures import Owned, move, own, record, tombstone


def seen(*ids: str, object_type: str = "Invoice") -> list[tuple[str, str]]:
    return [(object_type, object_id) for object_id in ids]


async def test_unseen_are_the_live_ones_that_the_reading_did_not_come_across(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(*[record(object_id) for object_id in "12345"]))
    await store.apply_page(company.page(tombstones=[tombstone("5")]))
    await store.apply_page(company.page(begins=["Invoice"], seen=seen("1", "9")))
    await store.apply_page(company.page(seen=seen("3")))
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == ["2", "4"]
    assert list(await store.unseen(company.account_id, "Invoice", limit=1)) == ["2"]


async def test_unseen_ids_settled_one_by_one_come_to_an_end(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(*[record(object_id) for object_id in "123"]))
    await store.apply_page(company.page(begins=["Invoice"], seen=seen("1")))
    await store.apply_page(company.page(tombstones=[tombstone("2")]))
    await store.apply_page(company.page(record("3"), seen=seen("3")))
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == []


async def test_reading_that_begins_forgets_what_an_earlier_one_saw(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1"), record("2")))
    await store.apply_page(company.page(begins=["Invoice"], seen=seen("1", "2")))
    await store.apply_page(company.page(begins=["Invoice"], seen=seen("2")))
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == ["1"]


async def test_reading_that_ends_is_forgotten(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1"), record("2", object_type="Bill")))
    await store.apply_page(
        company.page(begins=["Invoice", "Bill"], seen=[*seen("1"), *seen("2", object_type="Bill")])
    )
    await store.apply_page(company.page(cursors=[move("Invoice", 1, ends_comparison=True)]))
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == ["1"]
    assert list(await store.unseen(company.account_id, "Bill", limit=10)) == []


async def test_reading_on_one_page_leaves_nothing_behind(store: Store, company: Owned) -> None:
    await store.apply_page(
        company.page(
            record("1"),
            begins=["Invoice"],
            seen=seen("1"),
            cursors=[move("Invoice", 1, ends_comparison=True)],
        )
    )
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == ["1"]


async def test_what_one_account_saw_says_nothing_of_another(store: Store, company: Owned) -> None:
    other = await own(store, "realm-2")
    await store.apply_page(company.page(record("1"), begins=["Invoice"], seen=seen("1")))
    await store.apply_page(other.page(record("1")))
    assert list(await store.unseen(other.account_id, "Invoice", limit=10)) == ["1"]
    await store.apply_page(other.page(begins=["Invoice"]))
    assert list(await store.unseen(company.account_id, "Invoice", limit=10)) == []
