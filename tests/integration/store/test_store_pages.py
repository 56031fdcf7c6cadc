import pytest

from store.errors import StaleEpochError
from store.models import ChangeOp, ObjectFilter, PageApplied, Via
from store.ports import Store
from store.sqlite import SqliteStore
from support.store_fixtures import (
    Owned,
    all_changes,
    all_objects,
    at,
    move,
    on_writer,
    own,
    payloads,
    record,
    tombstone,
)


async def live(store: Store, company: Owned) -> set[str]:
    found = await all_objects(store, company.account_id)
    return {object_id for object_id, item in found.items() if not item.deleted}


async def test_page_is_stored_with_cursor_changes_and_watermark(
    store: Store, company: Owned
) -> None:
    applied = await store.apply_page(
        company.page(
            record("1", 1, version="v1"),
            record("2", 2),
            cursors=[move(covered=50)],
            via=Via.BACKFILL,
            observed=60,
        )
    )

    assert applied == PageApplied(upserts=2, deletes=0, last_seq=2, exact_as_of=at(50))
    found = await store.object(company.account_id, "Invoice", "1")
    assert found is not None
    assert (found.version, found.updated_at, found.synced_at) == ("v1", at(1), at(60))
    assert payloads([found]) == [record("1", 1).payload]
    changes = await all_changes(store)
    assert [(change.object_id, change.op, change.via) for change in changes] == [
        ("1", ChangeOp.UPSERT, Via.BACKFILL),
        ("2", ChangeOp.UPSERT, Via.BACKFILL),
    ]
    assert (changes[1].observed_at, changes[1].updated_at) == (at(60), at(2))
    account = await store.account(company.account_id)
    assert (account.exact_as_of, account.last_synced_at) == (at(50), at(60))


async def test_same_page_twice_changes_nothing_the_second_time(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("3"), record("4")))
    page = company.page(
        record("1", 1),
        record("2", 2),
        record("1", 1, payload=b'{"again":1}'),
        record("4", 5),
        tombstones=[tombstone("3"), tombstone("2", 2), tombstone("2"), tombstone("4")],
        observed=5,
    )
    await store.apply_page(page)
    found, seq = await all_objects(store, company.account_id), await store.last_seq()
    again = await store.apply_page(page)
    assert (again.upserts, again.deletes, again.last_seq) == (0, 0, seq)
    found_again = await all_objects(store, company.account_id)
    assert list(found_again) == list(found) == ["1", "3", "4"]
    assert payloads(found_again.values()) == payloads(found.values())


async def test_unchanged_page_still_moves_cursor_and_watermark(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1"), cursors=[move(covered=10)], observed=1))
    await store.apply_page(company.page(record("1"), cursors=[move(covered=20)], observed=2))
    account = await store.account(company.account_id)
    assert (account.exact_as_of, account.last_synced_at) == (at(20), at(2))
    (cursor,) = await store.cursors(company.account_id)
    assert (cursor.covered_until, cursor.last_synced_at) == (at(20), at(2))
    found = await store.object(company.account_id, "Invoice", "1")
    assert found is not None
    assert found.synced_at == at(1)


@pytest.mark.parametrize(("seconds", "kept"), [(9, b"1"), (10, b"2"), (11, b"2")])
async def test_older_version_never_replaces_a_newer_one(
    store: Store, company: Owned, seconds: float, kept: bytes
) -> None:
    await store.apply_page(company.page(record("1", 10, payload=b"1")))
    applied = await store.apply_page(company.page(record("1", seconds, payload=b"2")))
    assert payloads((await all_objects(store, company.account_id)).values()) == [kept]
    assert applied.upserts == (kept == b"2")


async def test_microseconds_decide_which_version_is_newer(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1", 1.000002, payload=b'"newer"')))
    await store.apply_page(company.page(record("1", 1.000001, payload=b'"older"')))
    assert payloads((await all_objects(store, company.account_id)).values()) == [b'"newer"']


async def test_new_version_token_with_the_same_bytes_is_no_change(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", 1, version="1", payload=b"{}")))
    applied = await store.apply_page(company.page(record("1", 2, version="2", payload=b"{}")))
    assert applied.upserts == 0
    assert len(await all_changes(store)) == 1


async def test_of_one_object_twice_in_a_page_the_newest_wins(store: Store, company: Owned) -> None:
    applied = await store.apply_page(
        company.page(
            record("1", 5, payload=b'"newest"'),
            record("1", 3, payload=b'"older"'),
            record("2", 5, payload=b'"first"'),
            record("2", 5, payload=b'"second"'),
        )
    )
    assert applied.upserts == 2
    found = await all_objects(store, company.account_id)
    assert payloads(found.values()) == [b'"newest"', b'"second"']


async def test_same_id_in_two_types_is_two_objects(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1"), record("1", object_type="Bill")))
    await store.apply_page(company.page(tombstones=[tombstone("1", object_type="Bill")]))
    assert await store.live_counts(company.account_id) == {"Bill": 0, "Invoice": 1}


async def test_tombstone_marks_a_live_row_and_keeps_its_payload(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", 1)))
    applied = await store.apply_page(
        company.page(tombstones=[tombstone("1", 9)], via=Via.WEBHOOK, observed=10)
    )
    assert (applied.upserts, applied.deletes) == (0, 1)
    found = await store.object(company.account_id, "Invoice", "1")
    assert found is not None
    assert (found.deleted, found.updated_at, found.synced_at) == (True, at(9), at(10))
    assert payloads([found]) == [record("1", 1).payload]
    change = (await all_changes(store))[-1]
    assert (change.op, change.via) == (ChangeOp.DELETE, Via.WEBHOOK)
    assert (change.observed_at, change.updated_at) == (at(10), at(9))


async def test_tombstone_without_a_time_leaves_the_row_its_own(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", 7)))
    await store.apply_page(company.page(tombstones=[tombstone("1")]))
    found = await store.object(company.account_id, "Invoice", "1")
    assert found is not None
    assert (found.deleted, found.updated_at) == (True, at(7))


async def test_tombstone_of_an_unknown_or_newer_or_deleted_row_changes_nothing(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("newer", 10), record("gone", 1)))
    await store.apply_page(company.page(tombstones=[tombstone("gone", 2)]))
    seq = await store.last_seq()
    applied = await store.apply_page(
        company.page(
            tombstones=[
                tombstone("newer", 9),
                tombstone("gone"),
                tombstone("gone", 1),
                tombstone("unknown", 99),
            ]
        )
    )
    assert (applied.deletes, applied.last_seq) == (0, seq)
    assert await live(store, company) == {"newer"}


async def test_version_from_before_the_last_tombstone_does_not_revive(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("1", 1)))
    await store.apply_page(company.page(tombstones=[tombstone("1", 3)]))
    later = await store.apply_page(company.page(tombstones=[tombstone("1", 9)]))
    late = await store.apply_page(company.page(record("1", 5)))
    assert (later.deletes, late.upserts) == (0, 0)
    assert await live(store, company) == set()


@pytest.mark.parametrize("seconds", [2, 3])
async def test_version_as_new_as_its_tombstone_revives_the_row(
    store: Store, company: Owned, seconds: float
) -> None:
    await store.apply_page(company.page(record("1", 1, payload=b"{}")))
    await store.apply_page(company.page(tombstones=[tombstone("1", 2)]))
    applied = await store.apply_page(company.page(record("1", seconds, payload=b"{}")))
    assert applied.upserts == 1
    assert await live(store, company) == {"1"}


async def test_object_and_tombstone_in_one_page_end_as_the_later_of_them(
    store: Store, company: Owned
) -> None:
    await store.apply_page(company.page(record("died", 1), record("lives", 1)))
    applied = await store.apply_page(
        company.page(
            record("died", 5),
            record("lives", 5),
            tombstones=[tombstone("died", 5), tombstone("lives", 4)],
        )
    )
    assert (applied.upserts, applied.deletes) == (1, 1)
    assert await live(store, company) == {"lives"}


async def test_page_under_an_old_epoch_is_refused_whole(store: Store, company: Owned) -> None:
    await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await store.apply_page(company.page(record("1"), cursors=[move(covered=9)]))
    assert await all_objects(store, company.account_id) == {}
    assert list(await store.cursors(company.account_id)) == []
    assert await store.last_seq() == 0
    assert (await store.account(company.account_id)).last_synced_at is None


async def test_page_that_fails_at_its_last_statement_leaves_nothing(
    store: SqliteStore, company: Owned
) -> None:
    await on_writer(
        store,
        lambda connection: connection.executescript(
            "CREATE TRIGGER broken BEFORE UPDATE OF exact_as_of ON accounts"
            " BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
        ),
    )
    with pytest.raises(Exception, match="broken on purpose"):
        await store.apply_page(
            company.page(
                record("1"),
                cursors=[move(covered=9)],
                begins=["Invoice"],
                seen=[("Invoice", "1")],
            )
        )
    assert await all_objects(store, company.account_id) == {}
    assert list(await store.cursors(company.account_id)) == []
    assert await store.last_seq() == 0
    await on_writer(store, lambda connection: connection.executescript("DROP TRIGGER broken"))
    assert (await store.apply_page(company.page(record("1")))).last_seq == 1


class TestWatermark:
    async def test_is_unknown_until_every_type_is_covered(
        self, store: SqliteStore, company: Owned
    ) -> None:
        types = ("Invoice", "Bill")
        first = await store.apply_page(
            company.page(cursors=[move("Invoice", 50)], object_types=types)
        )
        second = await store.apply_page(company.page(cursors=[move("Bill")], object_types=types))
        third = await store.apply_page(company.page(cursors=[move("Bill", 40)], object_types=types))
        assert [first.exact_as_of, second.exact_as_of, third.exact_as_of] == [None, None, at(40)]

    async def test_is_the_least_covered_type(self, store: SqliteStore, company: Owned) -> None:
        applied = await store.apply_page(
            company.page(
                cursors=[move("Invoice", 50), move("Bill", 40), move("Item", 10)],
                object_types=("Invoice", "Bill"),
            )
        )
        assert applied.exact_as_of == at(40)

    async def test_never_goes_back_while_all_types_are_covered(
        self, store: SqliteStore, company: Owned
    ) -> None:
        await store.apply_page(company.page(cursors=[move(covered=50)]))
        applied = await store.apply_page(company.page(cursors=[move(covered=40)]))
        assert applied.exact_as_of == at(50)

    async def test_is_not_ahead_of_a_type_that_was_put_back(
        self, store: SqliteStore, company: Owned
    ) -> None:
        both = ("Invoice", "Bill")
        moves = [move("Invoice", 50), move("Bill", 50)]
        await store.apply_page(company.page(cursors=moves, object_types=both))
        without = await store.apply_page(company.page(cursors=[move("Invoice", 90)]))
        assert without.exact_as_of == at(90)
        back = await store.apply_page(
            company.page(cursors=[move("Invoice", 95)], object_types=both)
        )
        assert back.exact_as_of == at(50)

    async def test_is_unknown_again_when_a_type_is_added_or_lost(
        self, store: SqliteStore, company: Owned
    ) -> None:
        await store.apply_page(company.page(cursors=[move(covered=50)]))
        added = await store.apply_page(company.page(object_types=("Invoice", "Bill")))
        assert added.exact_as_of is None
        back = await store.apply_page(company.page())
        assert back.exact_as_of == at(50)
        lost = await store.apply_page(company.page(cursors=[move()]))
        assert lost.exact_as_of is None
        assert (await store.account(company.account_id)).exact_as_of is None

    async def test_stays_when_a_page_names_no_types(
        self, store: SqliteStore, company: Owned
    ) -> None:
        await store.apply_page(company.page(cursors=[move(covered=50)]))
        applied = await store.apply_page(company.page(object_types=()))
        assert applied.exact_as_of == at(50)


async def test_covered_type_never_goes_back(store: Store, company: Owned) -> None:
    for covered in (50, 40):
        await store.apply_page(company.page(cursors=[move(covered=covered)]))
    (cursor,) = await store.cursors(company.account_id)
    assert cursor.covered_until == at(50)


async def test_empty_page_notes_the_look(store: Store, company: Owned) -> None:
    applied = await store.apply_page(company.page(observed=33))
    assert (applied.upserts, applied.deletes, applied.last_seq) == (0, 0, 0)
    assert (await store.account(company.account_id)).last_synced_at == at(33)


async def test_objects_come_in_pages_in_the_order_of_their_ids(
    store: Store, company: Owned
) -> None:
    await store.apply_page(
        company.page(*[record(object_id, int(object_id)) for object_id in "53142"])
    )
    await store.apply_page(company.page(tombstones=[tombstone("3", 30)]))

    async def ids(**wanted: object) -> list[str]:
        chosen = ObjectFilter(company.account_id, "Invoice", **wanted)  # type: ignore[arg-type]
        return [found.object_id for found in await store.objects(chosen)]

    assert await ids() == ["1", "2", "4", "5"]
    assert await ids(limit=2) == ["1", "2"]
    assert await ids(after_id="2", limit=2) == ["4", "5"]
    assert await ids(include_deleted=True) == ["1", "2", "3", "4", "5"]
    assert await ids(updated_since=at(4)) == ["4", "5"]
    assert await ids(updated_since=at(5), include_deleted=True) == ["3", "5"]


async def test_deleted_ids_are_those_held_as_deleted(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("1"), record("2"), record("3")))
    await store.apply_page(company.page(tombstones=[tombstone("2")]))
    asked = ["1", "2", "unknown"]
    assert await store.deleted_ids(company.account_id, "Invoice", asked) == {"2"}
    assert await store.deleted_ids(company.account_id, "Bill", asked) == frozenset()
    assert await store.live_counts(company.account_id) == {"Invoice": 2}


async def test_object_never_seen_is_none(store: Store, company: Owned) -> None:
    other = await own(store, "realm-2")
    await store.apply_page(other.page(record("1")))
    assert await store.object(company.account_id, "Invoice", "1") is None
