from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from store.history import ObjectHistory, Rule
from store.models import ObjectRecord, PageWrite, Tombstone, Via
from store.ports import Store
from store.sqlite import SqliteStore
from support.store_fixtures import (
    START,
    Read,
    at,
    move,
    on_writer,
    open_quick,
    own,
    record,
    tombstone,
)


async def history_of(store: Store, account_id: str, object_id: str = "1") -> ObjectHistory:
    found = await store.history(account_id, "Invoice", object_id)
    assert found is not None
    return found


def shown(found: ObjectHistory) -> list[tuple[bool, bytes]]:
    return [(each.deleted, bytes(each.payload)) for each in found.versions]


def rows(read: Read, table: str) -> int:
    ((found,),) = read(f"SELECT count(*) FROM {table}")  # noqa: S608
    return int(found)


async def test_an_object_that_was_never_seen_has_no_history(store: Store) -> None:
    company = await own(store)
    assert await store.history(company.account_id, "Invoice", "1") is None


async def test_each_version_is_kept_byte_for_byte_with_what_brought_it(store: Store) -> None:
    company = await own(store)
    odd = b'{"Id":"1", "n":1.500, "x":"\xff\xfe", "n":2}'
    first = company.page(record("1", 1, version="0", payload=odd), via=Via.BACKFILL, observed=10)
    second = company.page(record("1", 2, version="1", payload=b'{"b":1}'), observed=20)
    await store.apply_page(from_look(first, "Invoice", "t-1", "t-2"))
    await store.apply_page(from_look(second, "feed", "t-3"))
    found = await history_of(store, company.account_id)
    assert shown(found) == [(False, odd), (False, b'{"b":1}')]
    old, new = found.versions
    assert (old.version, old.updated_at, old.seen_at, old.ended_at) == ("0", at(1), at(10), at(20))
    assert (old.via, old.look, old.trace_ids) == (Via.BACKFILL, "Invoice", ("t-1", "t-2"))
    assert (new.version, new.updated_at, new.seen_at, new.ended_at) == ("1", at(2), at(20), None)
    assert (new.via, new.look, new.trace_ids) == (Via.POLL, "feed", ("t-3",))


async def test_a_deletion_is_a_version_and_its_payload_is_not_kept_twice(
    store: Store,
    read: Read,
) -> None:
    company = await own(store)
    await store.apply_page(company.page(record("1", 1, payload=b'"a"'), observed=1))
    await store.apply_page(company.page(tombstones=[tombstone("1", 2)], observed=2))
    found = await history_of(store, company.account_id)
    assert shown(found) == [(False, b'"a"'), (True, b'"a"')]
    assert payloads_kept(read) == [False]
    await store.apply_page(company.page(record("1", 3, payload=b'"b"'), observed=3))
    found = await history_of(store, company.account_id)
    assert shown(found) == [(False, b'"a"'), (True, b'"a"'), (False, b'"b"')]
    assert payloads_kept(read) == [False, True]


async def test_new_and_unchanged_rows_leave_no_history(store: Store, read: Read) -> None:
    company = await own(store)
    page = company.page(record("1", 1), record("2", 1))
    await store.apply_page(page)
    await store.apply_page(page)
    assert rows(read, "object_versions") == 0
    assert rows(read, "refusals") == 0


async def test_only_pages_that_changed_something_are_noted(store: Store, read: Read) -> None:
    company = await own(store)
    page = company.page(record("1", 1))
    page = from_look(page, "feed", "t")
    for _ in range(3):
        await store.apply_page(page)
    assert rows(read, "looks") == 1


async def test_an_older_version_is_refused_and_noted_once(store: Store) -> None:
    company = await own(store)
    await store.apply_page(company.page(record("1", 5, version="4"), record("2", 5)))
    late = company.page(record("1", 3, version="2"), record("2", 5), observed=7)
    await store.apply_page(late)
    await store.apply_page(company.page(record("1", 3, version="2"), observed=9))
    (refused,) = (await history_of(store, company.account_id)).refusals
    assert (refused.rule, refused.version) == (Rule.OLDER_THAN_HELD, "2")
    assert (refused.updated_at, refused.times) == (at(3), 2)
    assert (refused.first_at, refused.last_at) == (at(7), at(9))
    assert (await history_of(store, company.account_id, "2")).refusals == []


async def test_a_tombstone_older_than_its_row_is_refused_and_noted(store: Store) -> None:
    company = await own(store)
    await store.apply_page(company.page(record("1", 5), record("2", 1)))
    await store.apply_page(company.page(tombstones=[tombstone("1", 3), tombstone("2", 3)]))
    (refused,) = (await history_of(store, company.account_id)).refusals
    assert (refused.rule, refused.updated_at) == (Rule.TOMBSTONE_OLDER_THAN_HELD, at(3))
    assert (await history_of(store, company.account_id, "2")).refusals == []


async def test_a_denied_claim_is_noted(store: Store) -> None:
    company = await own(store)
    page = company.page(record("1", 5))
    denied = [Tombstone("Invoice", "1", at(6)), Tombstone("Invoice", "9", None)]
    await store.apply_page(replace(page, denied=denied))
    (refused,) = (await history_of(store, company.account_id)).refusals
    assert (refused.rule, refused.updated_at) == (Rule.SECOND_WITNESS_SEES_IT, at(6))


async def test_the_history_says_up_to_when_the_object_is_known(store: Store) -> None:
    company = await own(store)
    await store.apply_page(company.page(record("1", 5), cursors=[move(covered=50)]))
    assert (await history_of(store, company.account_id)).covered_until == at(50)


async def test_only_the_newest_versions_are_shown_when_there_are_many(store: Store) -> None:
    company = await own(store)
    for second in range(6):
        await store.apply_page(company.page(record("1", second, payload=b"%d" % second)))
    found = await store.history(company.account_id, "Invoice", "1", limit=3)
    assert found is not None
    assert [bytes(each.payload) for each in found.versions] == [b"3", b"4", b"5"]
    assert found.earlier_left_out


async def test_what_ended_before_the_limit_is_forgotten_and_nothing_else(
    store: Store,
) -> None:
    company = await own(store)
    for second in (1, 2, 3, 4):
        await store.apply_page(
            company.page(record("1", second, payload=b"%d" % second), observed=second)
        )
        await store.apply_page(company.page(record("1", 0, version="late"), observed=second))
    assert await store.prune_history(at(3), limit=1) == 1
    assert await store.prune_history(at(3), limit=100) == 0
    found = await history_of(store, company.account_id)
    assert [bytes(each.payload) for each in found.versions] == [b"2", b"3", b"4"]
    assert await store.prune_history(at(100), limit=100) == 3
    found = await history_of(store, company.account_id)
    assert [bytes(each.payload) for each in found.versions] == [b"4"]
    assert found.refusals == []


async def test_no_version_outlives_the_one_that_has_its_bytes(store: Store) -> None:
    company = await own(store)
    await store.apply_page(company.page(record("1", 1, payload=b'"a"'), observed=0))
    ahead = timedelta(days=1).total_seconds()
    await store.apply_page(company.page(tombstones=[tombstone("1", 2)], observed=ahead))
    await store.apply_page(company.page(record("1", 3, payload=b'"b"'), observed=3))
    await store.prune_history(START + timedelta(hours=1), limit=100)
    found = await history_of(store, company.account_id)
    assert shown(found) == [(False, b'"a"'), (True, b'"a"'), (False, b'"b"')]


async def test_a_purge_forgets_the_history_of_that_account_alone(store: Store, read: Read) -> None:
    mine, theirs = await own(store, "1"), await own(store, "2")
    for company in (mine, theirs):
        for second in (2, 3, 1):
            page = company.page(record("1", second))
            await store.apply_page(from_look(page, "feed", "t"))
    await store.disconnect(mine.account_id, purge=True, at=at(9))
    assert [rows(read, table) for table in ("looks", "object_versions", "refusals")] == [
        2,
        1,
        1,
    ]
    found = await history_of(store, theirs.account_id)
    assert [each.look for each in found.versions] == ["feed", "feed"]


steps = st.lists(
    st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=12
)


@pytest.mark.anyio
@given(steps=steps)
@settings(max_examples=60, deadline=None)
async def test_the_versions_are_all_that_was_ever_held_in_its_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("history") / "store.db"
    async with await open_quick(path) as store:
        company = await own(store)
        expected: list[tuple[bool, bytes]] = []
        for deleted, second, body in steps:
            items = [] if deleted else [ObjectRecord("Invoice", "1", "", at(second), b"%d" % body)]
            graves = [tombstone("1", second)] if deleted else []
            await store.apply_page(company.page(*items, tombstones=graves))
            held = await store.object(company.account_id, "Invoice", "1")
            if held is not None:
                now = (held.deleted, bytes(held.payload))
                if not expected or expected[-1] != now:
                    expected.append(now)
        found = await store.history(company.account_id, "Invoice", "1")
        assert (shown(found) if found else []) == expected


def from_look(page: PageWrite, look: str, *trace_ids: str) -> PageWrite:
    return replace(page, look=look, trace_ids=trace_ids)


def payloads_kept(read: Read) -> list[bool]:
    return [
        bool(kept)
        for (kept,) in read("SELECT payload IS NOT NULL FROM object_versions ORDER BY id")
    ]


async def test_a_page_of_new_rows_asks_nothing_about_refusals(store: SqliteStore) -> None:
    company = await own(store)
    said: list[str] = []
    await on_writer(store, lambda connection: connection.set_trace_callback(said.append))
    page = company.page(record("1", 1), record("2", 1))
    await store.apply_page(page)
    assert not [statement for statement in said if "refusals" in statement]
    await store.apply_page(page)
    assert [statement for statement in said if "refusals" in statement]
