"""Two accounts with the same vendor ids are never mixed, whatever is asked of the store."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.models import ObjectFilter
from store.ports import Store
from support.empty_store import OpenEmpty, open_temporary
from support.postgres_database import PostgresDatabase
from support.store_fixtures import (
    Owned,
    all_changes,
    all_objects,
    at,
    credential,
    move,
    own,
    payloads,
    record,
    tombstone,
)

Step = Callable[[Store, Owned], Awaitable[object]]
TYPES = ("Invoice", "Bill")
IDS = ("1", "2", "3")


def _upsert(object_type: str, object_id: str, seconds: int) -> Step:
    item = record(object_id, seconds, object_type=object_type)
    return lambda store, owner: store.apply_page(owner.page(item, cursors=[move(object_type)]))


def _delete(object_type: str, object_id: str, seconds: int) -> Step:
    grave = tombstone(object_id, seconds, object_type=object_type)
    return lambda store, owner: store.apply_page(owner.page(tombstones=[grave]))


def _cover(object_type: str, _: str, seconds: int) -> Step:
    cursor = move(object_type, seconds)
    return lambda store, owner: store.apply_page(
        owner.page(cursors=[cursor], object_types=TYPES, observed=seconds)
    )


def _compare(object_type: str, object_id: str, _: int) -> Step:
    return lambda store, owner: store.apply_page(
        owner.page(begins=[object_type], seen=[(object_type, object_id)])
    )


def _begin_reading(object_type: str, _: str, __: int) -> Step:
    cursor = move(object_type, begins_comparison=True)
    return lambda store, owner: store.apply_page(owner.page(cursors=[cursor]))


def _end_reading(object_type: str, _: str, __: int) -> Step:
    cursor = move(object_type, ends_comparison=True)
    return lambda store, owner: store.apply_page(owner.page(cursors=[cursor]))


def _rescan(object_type: str, _: str, __: int) -> Step:
    return lambda store, owner: store.request_rescan(owner.account_id, [object_type])


def _pause(_: str, __: str, seconds: int) -> Step:
    return lambda store, owner: store.set_paused(owner.account_id, paused=seconds % 2 == 0)


def _begin(_: str, object_id: str, seconds: int) -> Step:
    return lambda store, owner: store.begin_refresh(
        owner.account_id, owner.epoch, object_id, at(seconds)
    )


def _finish(_: str, object_id: str, seconds: int) -> Step:
    return lambda store, owner: store.finish_refresh(
        owner.account_id, owner.epoch, "spent", credential(object_id), at(seconds)
    )


def _refuse(_: str, object_id: str, seconds: int) -> Step:
    return lambda store, owner: store.require_reauthorization(
        owner.account_id, owner.epoch, object_id, at(seconds)
    )


STEPS = st.builds(
    lambda make, *arguments: make(*arguments),
    st.sampled_from(
        (
            _upsert,
            _delete,
            _cover,
            _compare,
            _begin_reading,
            _end_reading,
            _rescan,
            _pause,
            _begin,
            _finish,
            _refuse,
        )
    ),
    st.sampled_from(TYPES),
    st.sampled_from(IDS),
    st.integers(0, 9),
)


async def all_that_is_known(store: Store, account_id: str) -> Mapping[str, Any]:
    """Ask every question about one account; changes without the numbers that all accounts share."""
    objects = [await all_objects(store, account_id, object_type) for object_type in TYPES]
    claimed = await store.claim(account_id)
    return {
        "account": await store.account(account_id),
        "listed": [item for item in await store.accounts() if item.id == account_id],
        "credential": await store.credential(account_id),
        "claimed": claimed,
        "shard": [
            replace(item, account=replace(item.account, epoch=0))
            for item in await store.claim_shard(0)
            if item.account.id == account_id
        ],
        "cursors": await store.cursors(account_id),
        "counts": await store.live_counts(account_id),
        "deleted": [await store.deleted_ids(account_id, name, IDS) for name in TYPES],
        "unseen": [await store.unseen(account_id, name, limit=9) for name in TYPES],
        "objects": [list(found) for found in objects],
        "payloads": [payloads(found.values()) for found in objects],
        "page": [
            [item.object_id for item in await store.objects(ObjectFilter(account_id, name))]
            for name in TYPES
        ],
        "one": [
            getattr(await store.object(account_id, name, object_id), "updated_at", None)
            for name in TYPES
            for object_id in IDS
        ],
        "changes": [
            (item.account_id, item.object_type, item.object_id, item.op, item.updated_at)
            for item in await all_changes(store, account_id)
        ],
    }


async def history(
    steps: Sequence[tuple[bool, Step]], *, alone: bool, open_empty: OpenEmpty = open_temporary
) -> Mapping[str, Any]:
    """Return what is known of the first account after its steps, with a second one beside it or not."""
    async with open_empty() as store:
        first = await own(store, "realm-1")
        second = await own(store, "realm-2")
        for is_second, step in steps:
            if not (is_second and alone):
                await step(store, second if is_second else first)
        if not alone:
            await store.disconnect(second.account_id, purge=True, at=at(99))
        return await all_that_is_known(store, first.account_id)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), STEPS), min_size=1, max_size=25))
def test_account_knows_the_same_with_another_beside_it_as_alone(
    steps: Sequence[tuple[bool, Step]],
) -> None:
    alone = asyncio.run(history(steps, alone=True))
    beside = asyncio.run(history(steps, alone=False))
    assert beside == alone
    assert asdict(alone["account"])["id"] == "account of realm-1"


@settings(max_examples=10, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), STEPS), min_size=1, max_size=25))
def test_so_it_does_on_postgresql(
    postgres: PostgresDatabase, steps: Sequence[tuple[bool, Step]]
) -> None:
    alone = asyncio.run(history(steps, alone=True, open_empty=postgres.empty))
    beside = asyncio.run(history(steps, alone=False, open_empty=postgres.empty))
    assert beside == alone
