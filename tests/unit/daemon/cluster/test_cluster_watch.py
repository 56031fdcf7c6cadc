"""How often a node looks at the cluster, and how often it counts what is in it."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec.structs import replace

from daemon.cluster.watch import ClusterWatch
from support.alert_house import alert_house
from support.cluster_seen import three_nodes
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


async def test_holders_are_seen_within_seconds_and_accounts_are_counted_twice_a_minute(
    tmp_path: Path,
) -> None:
    cluster = three_nodes()
    async with alert_house(tmp_path) as house, anyio.create_task_group() as tasks:
        watch = ClusterWatch(cluster, "id of alpha", house.clock)
        tasks.start_soon(watch.run, house.desk)
        await anyio.sleep(1)
        assert watch.overview is not None
        assert [each.accounts for each in watch.overview.nodes] == [20, 20, 20]
        cluster.all_shards[1] = replace(cluster.all_shards[1], node="id of beta")
        cluster.all_shards[2] = replace(cluster.all_shards[2], accounts=17)
        await anyio.sleep(3)
        assert [each.accounts for each in watch.overview.nodes] == [10, 30, 20]
        await anyio.sleep(30)
        assert [each.accounts for each in watch.overview.nodes] == [10, 37, 20]
        await anyio.sleep(300 - 34)
        assert cluster.counts == 10
        tasks.cancel_scope.cancel()


async def test_who_asks_for_the_cluster_has_its_accounts_counted(tmp_path: Path) -> None:
    cluster = three_nodes()
    async with alert_house(tmp_path) as house:
        watch = ClusterWatch(cluster, "id of alpha", house.clock)
        for _ in range(2):
            await watch.look()
    assert cluster.counts == 2
