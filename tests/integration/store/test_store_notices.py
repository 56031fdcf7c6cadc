from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace

from store.models import (
    ChangeOp,
    HeldDeletes,
    HintedChange,
    ObjectRecord,
    PageWrite,
    Tombstone,
    Via,
)
from store.notice import Notice, NoticeCheck, NoticesReceived, OpenNotices
from store.ports import Store
from store.sqlite import SqliteStore
from store.sqlite.session import TEXTS
from support.store_fixtures import (
    Owned,
    Read,
    all_changes,
    all_objects,
    at,
    on_writer,
    own,
    record,
    tombstone,
)

DAY_S = 86_400.0


def notice(object_id: str = "1", event_id: str = "e1", **changes: object) -> Notice:
    found = Notice(event_id, "realm-1", "Invoice", object_id, "updated", at(0))
    return msgspec.structs.replace(found, **changes)


async def receive(
    store: Store, *notices: Notice, vendor: str = "quickbooks", seconds: float = 0
) -> NoticesReceived:
    return await store.receive_notices(vendor, notices, at(seconds))


async def still_open(store: Store, company: Owned) -> Sequence[OpenNotices]:
    return (await store.claim(company.account_id)).open_notices


def rows(read: Read) -> list[tuple[object, ...]]:
    statement = "SELECT object_id, event_id, handled_at IS NOT NULL FROM notices ORDER BY id"
    return read(statement)


def answering(newest: int) -> NoticeCheck:
    return NoticeCheck(answers=[OpenNotices("Invoice", newest)])


def checked(
    company: Owned,
    check: NoticeCheck,
    *objects: ObjectRecord,
    gone: Sequence[Tombstone] = (),
) -> PageWrite:
    return replace(company.page(*objects, tombstones=gone, observed=10), notices=check)


async def test_delivery_is_kept_by_account_and_type(store: Store, company: Owned) -> None:
    other = await own(store, "realm-2")
    received = await receive(
        store,
        notice("1"),
        notice("2", "e2"),
        notice("1", "e3", object_type="Customer"),
        notice("9", "e4", external_account_id="realm-2"),
    )
    assert (received.stored, received.duplicates, received.unknown_accounts) == (4, 0, 0)
    assert received.fresh == {
        company.account_id: [OpenNotices("Customer", 3), OpenNotices("Invoice", 2)],
        other.account_id: [OpenNotices("Invoice", 4)],
    }


async def test_event_delivered_again_is_not_new(store: Store, company: Owned) -> None:
    await receive(store, notice())
    received = await receive(store, notice(), notice(), notice("2", "e2"))
    assert (received.stored, received.duplicates) == (1, 2)
    assert received.fresh.keys() == {company.account_id}


async def test_event_delivered_again_after_it_was_answered_is_not_new(
    store: Store, company: Owned
) -> None:
    await receive(store, notice())
    await store.apply_page(checked(company, answering(1)))
    received = await receive(store, notice())
    assert (received.stored, received.duplicates, received.fresh) == (0, 1, {})


async def test_one_event_may_tell_of_two_objects(store: Store, company: Owned) -> None:
    received = await receive(store, notice("1"), notice("27", operation="deleted"))
    assert received.stored == 2


async def test_companies_that_are_not_connected_are_counted_and_not_kept(
    store: Store, company: Owned, read: Read
) -> None:
    gone = await own(store, "realm-3")
    await store.disconnect(gone.account_id, purge=False, at=at(0))
    received = await receive(
        store,
        notice(external_account_id="realm-404"),
        notice(external_account_id="realm-3"),
        notice(),
    )
    assert (received.stored, received.duplicates, received.unknown_accounts) == (1, 0, 2)
    assert rows(read) == [("1", "e1", 0)]


async def test_same_company_id_at_another_vendor_is_another_company(
    store: Store, company: Owned
) -> None:
    assert (await receive(store, notice(), vendor="another")).unknown_accounts == 1


async def test_page_answers_the_notices_that_it_names_and_no_later_one(
    store: Store, company: Owned, read: Read
) -> None:
    await receive(store, notice("1"), notice("2", "e2"), notice("3", "e3", object_type="Customer"))
    await receive(store, notice("4", "e4"))
    await store.apply_page(checked(company, answering(2)))
    assert rows(read) == [("1", "e1", 1), ("2", "e2", 1), ("3", "e3", 0), ("4", "e4", 0)]
    assert list(await still_open(store, company)) == [
        OpenNotices("Customer", 3),
        OpenNotices("Invoice", 4),
    ]


async def test_shard_is_claimed_with_its_open_notices(store: Store, company: Owned) -> None:
    await own(store, "realm-2")
    await receive(store, notice("1"), notice("2", "e2"))
    claimed = await store.claim_shard(0)
    assert [list(each.open_notices) for each in claimed] == [[OpenNotices("Invoice", 2)], []]


async def test_change_that_a_notice_told_of_came_by_webhook_and_others_by_poll(
    store: Store, company: Owned, read: Read
) -> None:
    await store.apply_page(company.page(record("2", 1), record("3", 1), via=Via.BACKFILL))
    await receive(store, notice("1", occurred_at=at(4)), notice("2", "e2", occurred_at=at(5)))
    page = checked(company, NoticeCheck(), record("1", 4), record("3", 4), gone=[tombstone("2", 5)])
    applied = await store.apply_page(page)
    assert set(applied.hinted) == {
        HintedChange(ChangeOp.UPSERT, 6.0),
        HintedChange(ChangeOp.DELETE, 5.0),
    }
    changes = (await all_changes(store))[2:]
    assert {(each.object_id, each.op, each.via) for each in changes} == {
        ("1", ChangeOp.UPSERT, Via.WEBHOOK),
        ("2", ChangeOp.DELETE, Via.WEBHOOK),
        ("3", ChangeOp.UPSERT, Via.POLL),
    }
    via = "SELECT object_id, via FROM objects ORDER BY object_id"
    assert read(via) == [("1", "webhook"), ("2", "webhook"), ("3", "poll")]


async def test_notices_of_another_account_tell_nothing(store: Store, company: Owned) -> None:
    await own(store, "realm-2")
    await receive(store, notice("1", external_account_id="realm-2"))
    applied = await store.apply_page(checked(company, NoticeCheck(), record("1", 1)))
    assert applied.hinted == []


async def test_tagging_makes_no_change_of_its_own(store: Store, company: Owned) -> None:
    await receive(store, notice("1"))
    applied = await store.apply_page(checked(company, NoticeCheck(), record("1", 1)))
    assert (applied.last_seq, len(await all_changes(store))) == (1, 1)
    assert list(await all_objects(store, company.account_id)) == ["1"]


@pytest.mark.parametrize(("changed_at", "missed"), [(0, 0), (10, 0), (11, 1), (20, 1), (21, 0)])
async def test_change_without_a_notice_is_missed_when_it_is_neither_old_nor_fresh(
    store: Store, company: Owned, changed_at: float, missed: int
) -> None:
    check = NoticeCheck(missable=["Invoice"], missed_since=at(10), missed_until=at(20))
    applied = await store.apply_page(checked(company, check, record("1", changed_at)))
    assert applied.missed == missed


async def test_change_is_not_missed_when_its_notice_was_answered_or_its_type_has_none(
    store: Store, company: Owned
) -> None:
    check = NoticeCheck(missable=["Invoice"], missed_since=at(0), missed_until=at(20))
    await receive(store, notice("1", occurred_at=at(5)))
    await store.apply_page(checked(company, answering(1)))
    page = checked(
        company, check, record("1", 5), record("1", 5, object_type="Customer"), record("2", 5)
    )
    assert (await store.apply_page(page)).missed == 1


async def test_notice_from_long_before_does_not_excuse_a_missed_one(
    store: Store, company: Owned
) -> None:
    check = NoticeCheck(missable=["Invoice"], missed_since=at(10), missed_until=at(20))
    await receive(store, notice("1", occurred_at=at(5)))
    await store.apply_page(checked(company, answering(1)))
    assert (await store.apply_page(checked(company, check, record("1", 15)))).missed == 1


async def test_old_notices_are_forgotten_answered_ones_sooner(
    store: Store, company: Owned, read: Read
) -> None:
    await receive(store, notice("1"), notice("2", "e2"))
    await store.apply_page(checked(company, answering(1)))
    await receive(store, notice("3", "e3"), seconds=2 * DAY_S)
    assert await store.prune_notices(at(DAY_S), at(-DAY_S), limit=10) == 1
    assert rows(read) == [("2", "e2", 0), ("3", "e3", 0)]
    assert await store.prune_notices(at(DAY_S), at(DAY_S), limit=10) == 1
    assert rows(read) == [("3", "e3", 0)]


async def test_old_notices_are_forgotten_in_steps(store: Store, company: Owned) -> None:
    await receive(store, *(notice(str(number), f"e{number}") for number in range(5)))
    assert await store.prune_notices(at(1), at(1), limit=3) == 3
    assert await store.prune_notices(at(1), at(1), limit=3) == 2


async def test_purge_forgets_an_accounts_notices(store: Store, company: Owned, read: Read) -> None:
    other = await own(store, "realm-2")
    await receive(store, notice("1"), notice("2", "e2", external_account_id="realm-2"))
    await store.disconnect(company.account_id, purge=True, at=at(0))
    assert rows(read) == [("2", "e2", 0)]
    assert other.account_id


@pytest.mark.parametrize(
    ("operation", "updated", "gone", "awaits"),
    [
        ("updated", None, False, True),
        ("updated", 4, False, True),
        ("updated", 5, False, False),
        ("updated", 4, True, False),
        ("deleted", 5, False, True),
        ("deleted", 4, True, False),
    ],
)
async def test_version_that_a_notice_tells_of_is_awaited_until_it_is_here(
    store: Store,
    company: Owned,
    operation: str,
    updated: float | None,
    gone: bool,
    awaits: bool,
) -> None:
    await receive(store, notice("1", operation=operation, occurred_at=at(5.75)))
    objects = () if updated is None else (record("1", updated),)
    await store.apply_page(company.page(*objects))
    graves = [tombstone("1", 6)] if gone else []
    page = checked(company, NoticeCheck(awaited=["Invoice"]), gone=graves)
    assert (await store.apply_page(page)).awaits is awaits
    await store.apply_page(checked(company, answering(1)))
    page = checked(company, NoticeCheck(awaited=["Invoice"]))
    assert not (await store.apply_page(page)).awaits


@pytest.mark.parametrize(
    ("statement", "given"),
    [
        ("fresh", (0,)),
        ("open_of_account", ("account",)),
        ("hinted", {"before": 0, "account_id": "account"}),
        ("hinted_changes", {"before": 0, "account_id": "account"}),
        ("awaits", {"account_id": "account", "types": "[]"}),
    ],
)
async def test_nothing_reads_through_all_notices_that_are_kept(
    store: SqliteStore, statement: str, given: tuple[object, ...] | dict[str, object]
) -> None:
    plan = await on_writer(
        store,
        lambda connection: connection.execute(
            f"EXPLAIN QUERY PLAN {TEXTS[f'notices.{statement}']}", given
        ).fetchall(),
    )
    through_notices = [step for *_, step in plan if "notices" in step or " n " in step]
    assert not [step for step in through_notices if "(" not in step]


async def test_notices_of_deletes_that_are_held_stay_open_and_are_not_awaited(
    store: Store, company: Owned, read: Read
) -> None:
    received = await receive(
        store,
        notice(operation="deleted"),
        notice("2", "e2", object_type="Customer", operation="deleted"),
    )
    fresh = received.fresh[company.account_id]
    await store.apply_page(company.page(record("1"), observed=5))
    types = ("Invoice", "Customer")
    held = HeldDeletes("Invoice", 60, 100, ("1",), at(10))
    page = checked(company, NoticeCheck(answers=fresh, awaited=types))
    applied = await store.apply_page(replace(page, holds=(held,)))
    assert rows(read) == [("1", "e1", 0), ("2", "e2", 1)]
    assert not applied.awaits
    await store.apply_page(
        checked(company, NoticeCheck(answers=fresh), gone=[tombstone("1", seconds=20)])
    )
    assert (await all_changes(store))[-1].via is Via.WEBHOOK
    assert rows(read) == [("1", "e1", 1), ("2", "e2", 1)]
