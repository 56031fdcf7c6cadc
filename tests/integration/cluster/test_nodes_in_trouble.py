"""Nodes that are killed or frozen, and a database that goes away."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import psycopg
import pytest
import structlog

from daemon.cluster import placement
from store.cluster_models import HOUSE, NodeStanding, ShardHold
from store.errors import NewerSchemaError
from store.models import ClaimedAccount
from store.postgresql import PostgresqlStore
from support.placed_nodes import QUICK, Node, evenly_held, node, until
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.store_fixtures import own, record

SHARDS = 8


@contextmanager
def process(
    database: PostgresDatabase, name: str, folder: Path, *options: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a node of its own; it is killed at the end if it still runs."""
    with (folder / name).open("wb") as log:
        running = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "support.node_process",
                database.url,
                name,
                str(SHARDS),
                *options,
            ],
            cwd=Path(__file__).parents[2],
            stdout=log,
            stderr=log,
        )
    try:
        yield running
    finally:
        running.kill()
        running.wait(10)


def held(database: PostgresDatabase) -> dict[str, int]:
    """Return how many shards each node holds, the house too."""
    return dict(database.query("SELECT node, count(*) FROM shards WHERE node <> '' GROUP BY node"))


async def test_others_have_what_a_frozen_and_what_a_killed_node_held(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    with process(database, "a", tmp_path) as first, process(database, "b", tmp_path) as second:
        for name in ("a", "b"):
            await until(lambda: "ready" in (tmp_path / name).read_text())  # noqa: B023 - used at once
        await until(lambda: sorted(held(database).values()) == [4, 5])
        first.send_signal(signal.SIGSTOP)
        await until(lambda: held(database) == {"b": SHARDS + 1})
        first.send_signal(signal.SIGCONT)
        await until(lambda: sorted(held(database).values()) == [4, 5])
        second.send_signal(signal.SIGKILL)
        await until(lambda: held(database) == {"a": SHARDS + 1})
        first.send_signal(signal.SIGTERM)
        assert first.wait(10) == 0
        assert held(database) == {}
    said = (tmp_path / "a").read_text()
    assert "node_silent" in said
    assert "Traceback" not in said
    assert said.endswith("left\n")


async def test_node_that_would_wait_longer_than_the_others_lets_go_of_what_they_took(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    with (
        process(database, "patient", tmp_path, "20") as patient,
        process(database, "strict", tmp_path),
    ):
        for name in ("patient", "strict"):
            await until(lambda: "ready" in (tmp_path / name).read_text())  # noqa: B023 - used at once
        await until(lambda: sorted(held(database).values()) == [4, 5])
        patient.send_signal(signal.SIGSTOP)
        await until(lambda: held(database) == {"strict": SHARDS + 1})
        patient.send_signal(signal.SIGCONT)
        await until(lambda: sorted(held(database).values()) == [4, 5])
        patient.send_signal(signal.SIGTERM)
        assert patient.wait(10) == 0
        await until(lambda: held(database) == {"strict": SHARDS + 1})
    said = (tmp_path / "patient").read_text()
    assert "node_silent" not in said
    assert "Traceback" not in said


@asynccontextmanager
async def server_of_its_own() -> AsyncIterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    try:
        yield server
    finally:
        server.remove()


def is_as_stored(nodes: Sequence[Node], database: PostgresDatabase) -> bool:
    """Tell whether the nodes hold what the database says; it may have lost its last commits."""
    mine = {(hold.shard, hold.epoch) for each in nodes for hold in each.placement.holds().values()}
    return len(mine) == SHARDS + 1 and mine == set(
        database.query("SELECT shard, epoch FROM shards WHERE node IS NOT NULL")
    )


async def test_nodes_go_on_when_the_database_is_back() -> None:
    async with server_of_its_own() as server:
        database = PostgresDatabase(server)
        async with (
            node(database, "a", shards=SHARDS) as first,
            node(database, "b", shards=SHARDS) as second,
        ):
            for down_s in (0.0, 3.0):
                await evenly_held([first, second], SHARDS)
                server.stop(signal.SIGQUIT)
                await anyio.sleep(down_s)
                if down_s:
                    assert first.placement.holds() == {}
                server.start()
                await until(lambda: is_as_stored([first, second], database))
            await evenly_held([first, second], SHARDS)


async def test_lost_connections_move_nothing(database: PostgresDatabase) -> None:
    patient = replace(QUICK, stalled_after_s=10.0)
    async with node(database, "a", shards=SHARDS, timing=patient) as alone:
        await evenly_held([alone], SHARDS)
        moves = len(await alone.store.shard_moves(within_s=100))
        for _ in range(3):
            with psycopg.connect(database.url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            await anyio.sleep(0.3)
        await evenly_held([alone], SHARDS)
        assert len(await alone.store.shard_moves(within_s=100)) == moves


async def test_waiting_for_a_change_outlasts_an_outage() -> None:
    # Whoever keeps the house waits like this, and what ends that ends the daemon.
    async with server_of_its_own() as server:
        database = PostgresDatabase(server)
        async with (
            await database.open_again(alone=False) as store,
            await database.open_again(alone=False) as other,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(other.changed, 0)
            await anyio.wait_all_tasks_blocked()
            server.stop(signal.SIGQUIT)
            await anyio.sleep(2.5)
            server.start()
            company = await own(store)
            with anyio.fail_after(10):
                await store.apply_page(company.page(record("1")))


async def test_node_that_cannot_see_the_others_keeps_what_it_holds(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nodes(_: PostgresqlStore) -> Sequence[NodeStanding]:
        raise ZeroDivisionError("a poisonous row")

    with structlog.testing.capture_logs() as logs:
        async with node(database, "a", shards=4) as first:
            await evenly_held([first], 4)
            before = dict(first.placement.holds())
            with monkeypatch.context() as poisoned:
                poisoned.setattr(PostgresqlStore, "nodes", nodes)
                await until(lambda: sum(each["log_level"] == "error" for each in logs) > 2)
                assert first.placement.holds() == before
            async with node(database, "b", shards=4) as second:
                await evenly_held([first, second], 4)
    assert {each["event"] for each in logs if each["log_level"] == "error"} == {
        "placement_look_failed"
    }


@pytest.mark.parametrize("poisoned", [2, HOUSE])
async def test_shard_that_cannot_be_taken_ends_no_node(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch, poisoned: int
) -> None:
    take = PostgresqlStore.take_shard

    async def take_shard(
        self: PostgresqlStore, shard: int, node: str
    ) -> tuple[ShardHold, Sequence[ClaimedAccount]]:
        if shard == poisoned:
            raise ZeroDivisionError("a poisonous row")
        return await take(self, shard, node)

    monkeypatch.setattr(placement, "_FAILED_AGAIN_S", 0.1)
    monkeypatch.setattr(PostgresqlStore, "take_shard", take_shard)
    healthy = {HOUSE, 0, 1, 2, 3} - {poisoned}
    with structlog.testing.capture_logs() as logs:
        async with (
            node(database, "a", shards=4) as first,
            node(database, "b", shards=4) as second,
        ):

            def held_now() -> set[int]:
                return {*first.placement.holds(), *second.placement.holds()}

            await until(lambda: held_now() == healthy)
            await until(lambda: len([each for each in logs if each["event"] == "shard_failed"]) > 2)
            await until(lambda: held_now() == healthy)
            monkeypatch.setattr(PostgresqlStore, "take_shard", take)
            await evenly_held([first, second], 4)


async def test_shard_that_cannot_be_let_go_ends_no_node(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def let_go(_self: PostgresqlStore, _hold: ShardHold) -> bool:
        raise ZeroDivisionError("a poisonous row")

    monkeypatch.setattr(placement, "_FAILED_AGAIN_S", 0.1)
    with structlog.testing.capture_logs() as logs:
        async with node(database, "a", shards=4) as first:
            await evenly_held([first], 4)
            with monkeypatch.context() as poisoned:
                poisoned.setattr(PostgresqlStore, "let_go", let_go)
                async with node(database, "b", shards=4) as second:
                    await evenly_held([first, second], 4)
            await evenly_held([first], 4)
    errors = {each["event"] for each in logs if each["log_level"] == "error"}
    assert errors == {"shard_failed", "shard_not_let_go"}


async def test_store_that_cannot_be_used_any_more_ends_the_node(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def take_shard(_self: PostgresqlStore, _shard: int, _node: str) -> None:
        async with anyio.create_task_group():
            raise NewerSchemaError("a later version changed it")

    monkeypatch.setattr(PostgresqlStore, "take_shard", take_shard)
    with pytest.RaisesGroup(pytest.RaisesExc(NewerSchemaError), flatten_subgroups=True):
        async with node(database, "a", shards=1):
            await anyio.sleep(5)
