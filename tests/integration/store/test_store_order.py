"""Whatever order versions come in, and however often, the replica ends the same."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from store.models import ObjectRecord, Tombstone
from store.ports import Store
from support.empty_store import OpenEmpty, open_temporary
from support.postgres_database import PostgresDatabase
from support.store_fixtures import (
    Owned,
    all_changes,
    all_objects,
    at,
    own,
    payloads,
    record,
    tombstone,
)

IDS = ("1", "2", "3")
Version = ObjectRecord | Tombstone


@st.composite
def histories(draw: st.DrawFn) -> Sequence[Version]:
    """Later versions of the same few objects, each with a time of its own, some of them ends."""
    count = draw(st.integers(1, 12))
    return [
        (tombstone if draw(st.booleans()) else record)(draw(st.sampled_from(IDS)), seconds)
        for seconds in range(1, count + 1)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[Sequence[Version], Sequence[Sequence[Version]]]:
    """A history, and pages that bring all of it: in any order, cut anywhere, some of it again."""
    history = draw(histories())
    order = draw(st.permutations(history))
    again = draw(st.lists(st.sampled_from(history), max_size=4))
    arriving = [*order, *again]
    cuts = sorted(draw(st.sets(st.integers(1, len(arriving)), max_size=4)))
    bounds = [0, *cuts, len(arriving)]
    return history, [arriving[a:b] for a, b in pairwise(bounds)]


async def deliver(store: Store, company: Owned, versions: Sequence[Version]) -> int:
    applied = await store.apply_page(
        company.page(
            *[item for item in versions if isinstance(item, ObjectRecord)],
            tombstones=[item for item in versions if isinstance(item, Tombstone)],
        )
    )
    return applied.upserts + applied.deletes


async def check(
    history: Sequence[Version],
    pages: Sequence[Sequence[Version]],
    open_empty: OpenEmpty = open_temporary,
) -> None:
    async with open_empty() as store:
        company = await own(store)
        start = [record(object_id, 0) for object_id in IDS]
        await deliver(store, company, start)
        differences = len(start)
        for page in pages:
            differences += await deliver(store, company, page)

        found = await all_objects(store, company.account_id)
        last = {item.object_id: item for item in (*start, *history)}
        for object_id, item in last.items():
            stored = found[object_id]
            assert stored.updated_at == item.updated_at
            assert stored.deleted == isinstance(item, Tombstone)
            if isinstance(item, ObjectRecord):
                assert payloads([stored]) == [item.payload]

        for page in pages:
            assert await deliver(store, company, page) == 0
        changes = await all_changes(store)
        assert [change.seq for change in changes] == list(range(1, differences + 1))
        newest = {change.object_id: change for change in changes}
        for object_id, item in last.items():
            assert (newest[object_id].op == "delete") == found[object_id].deleted
            assert at(0) <= newest[object_id].updated_at <= (item.updated_at or at(0))


@settings(max_examples=60, deadline=None)
@given(delivery=deliveries())
def test_end_does_not_depend_on_the_order_of_arrival(
    delivery: tuple[Sequence[Version], Sequence[Sequence[Version]]],
) -> None:
    asyncio.run(check(*delivery))


@settings(max_examples=15, deadline=None)
@given(delivery=deliveries())
def test_nor_does_it_on_postgresql(
    postgres: PostgresDatabase, delivery: tuple[Sequence[Version], Sequence[Sequence[Version]]]
) -> None:
    asyncio.run(check(*delivery, postgres.empty))
