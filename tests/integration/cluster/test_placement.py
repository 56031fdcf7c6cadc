"""Shards find a node, each one of its own, and move as nodes come and go."""

from collections.abc import Mapping
from functools import partial

import anyio
import psycopg
import pytest
from structlog.testing import capture_logs

from store.errors import StoreOpenError
from support.placed_nodes import evenly_held, node, serve_node, until
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
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


async def test_node_that_is_given_another_number_of_shards_says_that_it_has_no_effect(
    database: PostgresDatabase,
) -> None:
    async with node(database, "a", shards=SHARDS):
        pass
    with capture_logs() as logs:
        async with node(database, "b", shards=99):
            pass
        async with node(database, "c", shards=SHARDS):
            pass
    (said,) = [each for each in logs if each["event"] == "shard_count_ignored"]
    assert (said["log_level"], said["configured"], said["shards"]) == ("warning", 99, SHARDS)


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


HARM = [
    "DELETE FROM procrastinate_jobs",
    "UPDATE procrastinate_jobs SET status = 'failed'",
    "UPDATE procrastinate_jobs SET status = 'succeeded'",
    "UPDATE procrastinate_jobs SET worker_id = NULL",
    "DELETE FROM procrastinate_workers",
    "UPDATE shards SET epoch = epoch + 1, node = 'thief'",
    "UPDATE shards SET node = NULL",
]


async def test_whatever_happens_to_the_tables_every_shard_is_held_again(
    database: PostgresDatabase,
) -> None:
    async with (
        node(database, "a", shards=SHARDS) as first,
        node(database, "b", shards=SHARDS) as second,
    ):
        for harm in HARM:
            await evenly_held([first, second], SHARDS)
            epochs = dict(database.query("SELECT shard, epoch FROM shards"))
            with psycopg.connect(
                database.url, options="-c search_path=procrastinate,public"
            ) as hand:
                hand.execute(harm.encode())
            await until(partial(are_taken_since, epochs, database))
        await evenly_held([first, second], SHARDS)
        for each in (first, second):
            holds = list(each.placement.holds().values())
            assert list(await each.store.still_held(holds)) == holds


def are_taken_since(epochs: Mapping[int, int], database: PostgresDatabase) -> bool:
    now = database.query("SELECT shard, epoch FROM shards WHERE node IN ('a', 'b')")
    return len(now) == SHARDS + 1 and all(epoch > epochs[shard] for shard, epoch in now)


async def test_database_that_does_not_let_the_engine_in_is_said_so(
    server: PostgresServer, database: PostgresDatabase
) -> None:
    server.administer("CREATE ROLE guest LOGIN")
    await (await database.open_again(alone=False)).close()
    with psycopg.connect(database.url) as owner:
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
    guest = database.url.replace("postgres@", "guest@")
    with pytest.RaisesGroup(
        pytest.RaisesExc(StoreOpenError, match="permission denied.*a schema called procrastinate"),
        flatten_subgroups=True,
        allow_unwrapped=True,
    ):
        async with serve_node(guest, "a", shards=SHARDS):
            pytest.fail("it began")


async def test_database_that_goes_away_during_the_start_is_said_so_and_no_schema_is_blamed(
    database: PostgresDatabase,
) -> None:
    with pytest.RaisesGroup(
        pytest.RaisesExc(StoreOpenError, match="^the database went away during the start: "),
        flatten_subgroups=True,
        allow_unwrapped=True,
    ):
        async with serve_node(
            database.url, "a", shards=SHARDS, engine_url="postgresql://nobody@127.0.0.1:1/nothing"
        ):
            pytest.fail("it began")
