"""Any node shows the cluster; a daemon that has its database to itself shows nothing of one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from daemon.cluster.watch import ClusterWatch
from support.cluster_seen import three_nodes
from support.web_house import TOKEN, Visitor, WebHouse, house, serving


@asynccontextmanager
async def signed_in_browser(web: WebHouse) -> AsyncIterator[httpx.AsyncClient]:
    origin = f"http://127.0.0.1:{web.port}"
    async with web.stranger(headers={"Accept": "text/html", "Origin": origin}) as client:
        reply = await client.post("/dashboard/login", data={"token": TOKEN})
        client.cookies.clear()  # it is for https alone
        client.cookies.set("syncline_session", reply.cookies["syncline_session"])
        yield client


@pytest.fixture
async def clustered(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with house(tmp_path) as within:
        watch = ClusterWatch(three_nodes(), "id of alpha", within.clock)
        within.metrics.cluster.read = lambda: watch.overview
        async with serving(within, cluster=watch) as web_house:
            yield web_house


async def test_cluster_shows_nodes_shards_and_moves(clustered: WebHouse) -> None:
    shown = await clustered.visitor.get("/cluster")
    assert [(each["name"], each["state"], each["shards"]) for each in shown["nodes"]] == [
        ("alpha", "live", 2),
        ("beta", "live", 2),
        ("gamma", "gone", 2),
    ]
    assert (shown["node"], shown["house"], shown["shards"]) == ("alpha", "beta", 6)
    assert [each["shard"] for each in shown["unheld"]] == [2, 5]
    assert [
        (each["shard"], each["before"], each["was_let_go"]) for each in shown["last_moves"]
    ] == [
        (4, "gamma", False),
        (1, "alpha", True),
        (0, "delta", True),
    ]
    assert [(each["shard"], each["node"], each["epoch"]) for each in shown["all_shards"]][:2] == [
        (-1, "beta", 7),
        (0, "alpha", 7),
    ]


async def test_summary_and_overview_have_it_once_it_was_looked_at(clustered: WebHouse) -> None:
    assert "cluster" not in await clustered.visitor.get("/health/summary")
    watch = clustered.context.cluster
    assert watch is not None
    await watch.look()
    for path in ("/health/summary", "/health/overview"):
        shown = (await clustered.visitor.get(path))["cluster"]
        assert [each["name"] for each in shown["nodes"]] == ["alpha", "beta", "gamma"]
        assert len(shown["unheld"]) == 2


async def test_metrics_count_nodes_and_shards(clustered: WebHouse) -> None:
    await clustered.visitor.get("/cluster")
    text = (await clustered.visitor.call("GET", "/metrics")).text
    for line in (
        'syncline_cluster_nodes{state="live"} 2.0',
        'syncline_cluster_nodes{state="gone"} 1.0',
        "syncline_cluster_versions 2.0",
        "syncline_cluster_shards_unheld 2.0",
        "syncline_cluster_unheld_seconds 42.0",
        "syncline_cluster_moves_total 49.0",
        "syncline_node_shards_held 2.0",
        "syncline_node_holds_house 0.0",
    ):
        assert f"\n{line}\n" in text


async def test_dashboard_has_a_section_of_nodes(clustered: WebHouse) -> None:
    watch = clustered.context.cluster
    assert watch is not None
    await watch.look()
    async with signed_in_browser(clustered) as client:
        page = (await client.get("/dashboard")).text
    assert 'href="http://beta:8321/dashboard"' in page
    assert "2 of 7 shards, with 20 accounts, are held by nobody for 42 s: 2, 5." in page
    assert "shard 4 came to beta, taken from gamma" in page


async def test_daemon_with_its_database_to_itself_shows_none(
    web: WebHouse, visitor: Visitor
) -> None:
    await visitor.get("/cluster", expect=404)
    assert "cluster" not in await visitor.get("/health/summary")
    assert "cluster" not in await visitor.get("/health/overview")
    async with signed_in_browser(web) as client:
        assert "Nodes</h2>" not in (await client.get("/dashboard")).text
    text = (await visitor.call("GET", "/metrics")).text
    assert "syncline_cluster" not in text
    assert "syncline_node" not in text
