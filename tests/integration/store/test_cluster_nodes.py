"""Nodes say that they live."""

import pytest

from store.cluster_models import NodeStanding
from store.errors import StoreOpenError
from store.postgresql import PostgresqlStore
from support.postgres_database import PostgresDatabase
from support.store_fixtures import at


def node(name: str, *, is_leaving: bool = False) -> NodeStanding:
    return NodeStanding(name, f"name of {name}", "", "1.0", at(0), at(0), is_leaving)


async def test_nodes_are_there_from_their_first_word_until_they_are_forgotten(
    store: PostgresqlStore,
) -> None:
    await store.note_node(node("a"))
    await store.note_node(node("b"))
    await store.note_node(node("a", is_leaving=True))
    first, second = await store.nodes()
    assert (first.node, first.name, first.is_leaving) == ("a", "name of a", True)
    assert (second.node, second.is_leaving) == ("b", False)
    assert first.started_at <= second.started_at <= first.seen_at
    assert 0 <= first.unseen_s < 10
    assert await store.forget_nodes(unseen_s=60) == 0
    assert await store.forget_nodes(unseen_s=60, node="a") == 1
    assert [each.node for each in await store.nodes()] == ["b"]
    assert await store.forget_nodes(unseen_s=0) == 1


async def test_who_wants_the_database_alone_waits_for_all_nodes(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    async with await postgres.open_again(alone=False):
        with pytest.raises(StoreOpenError, match="stop all that do"):
            await postgres.open_again(alone=True, patience_s=0.1)


async def test_nobody_joins_who_has_the_database_alone(
    store: PostgresqlStore, postgres: PostgresDatabase
) -> None:
    await store.close()
    async with await postgres.open_again(alone=True):
        with pytest.raises(StoreOpenError, match="has it to itself"):
            await postgres.open_again(alone=False, patience_s=0.1)
