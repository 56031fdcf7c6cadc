"""Shards find a node, each one of its own, and move as nodes come and go."""

import anyio

from support.placed_nodes import evenly_held, node
from support.postgres_database import PostgresDatabase
from support.store_fixtures import own

SHARDS = 8


async def test_one_node_holds_everything(database: PostgresDatabase) -> None:
    async with node(database, "a", shards=SHARDS) as alone:
        await evenly_held([alone], SHARDS)
        assert [each.node for each in await alone.store.nodes()] == ["a"]
        assert len(alone.houses) == 1
    async with node(database, "b", shards=99) as next_one:
        await evenly_held([next_one], SHARDS)
        assert [each.node for each in await next_one.store.nodes()] == ["b"]
        moves = await next_one.store.shard_moves(within_s=60)
        assert all(move.was_let_go for move in moves if move.node == "b")


async def test_nodes_share_what_there_is_as_they_come_and_go(database: PostgresDatabase) -> None:
    async with await database.open_again(alone=False) as before:
        for number in range(20):
            await own(before, f"realm-{number}")
    async with node(database, "a", shards=SHARDS) as first:
        await evenly_held([first], SHARDS)
        assert len(first.supervisor.hosted()) == 20
        async with node(database, "b", shards=SHARDS) as second:
            await evenly_held([first, second], SHARDS)
            async with node(database, "c", shards=SHARDS) as third:
                await evenly_held([first, second, third], SHARDS)
                hosted = [each.supervisor.hosted() for each in (first, second, third)]
                assert sum(len(each) for each in hosted) == len(set().union(*hosted)) == 20
            await evenly_held([first, second], SHARDS)
        await evenly_held([first], SHARDS)
        assert len(first.supervisor.hosted()) == 20
        moves = await first.store.shard_moves(within_s=60)
        assert all(move.was_let_go for move in moves if move.before)
        assert max(move.unheld_s for move in moves if move.before) < 3


async def test_nodes_that_start_together_agree(database: PostgresDatabase) -> None:
    async with (
        node(database, "a", shards=SHARDS) as first,
        node(database, "b", shards=SHARDS) as second,
        node(database, "c", shards=SHARDS) as third,
    ):
        await evenly_held([first, second, third], SHARDS)
        await anyio.sleep(0.5)
        await evenly_held([first, second, third], SHARDS)
