"""What a node shows may be added up: its own accounts, and of what is the same for all one node's."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from daemon.cluster.watch import ClusterWatch
from daemon.metrics import Metrics
from store.sqlite import SqliteStore
from support.cluster_seen import three_nodes
from support.ready_store import open_ready
from support.store_fixtures import own
from support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from daemon.hosting import Hosting

FOR_ALL = (
    "syncline_last_change_seq",
    "syncline_drifts_open",
    "syncline_alerts_open",
    "syncline_routings",
)


class Here:
    """Hosts nothing, and is to look after one account."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id

    def hosted(self) -> dict[str, object]:
        return {}

    def is_here(self, account_id: str) -> bool:
        return account_id == self._account_id


@asynccontextmanager
async def scraped(path: Path, node: str) -> AsyncIterator[Sequence[str]]:
    """Yield what a node shows that looks after one of two accounts."""
    clock = VirtualClock()
    async with await open_ready(path / "syncline.db") as store:
        mine, _ = [await own(store, name) for name in ("mine", "theirs")]
        watch = ClusterWatch(three_nodes(), f"id of {node}", clock)
        yield await lines_of(store, clock, watch, mine.account_id)


async def lines_of(
    store: SqliteStore, clock: VirtualClock, watch: ClusterWatch, mine: str
) -> Sequence[str]:
    metrics, here = Metrics(clock, {"quickbooks": ["query"]}, "1"), cast("Hosting", Here(mine))
    await metrics.load(store)
    metrics.share(here, lambda: watch.overview)
    await watch.look()
    exposed = await metrics.scrape(store, here, "")
    return exposed.body.decode().splitlines()


@pytest.mark.parametrize(("node", "keeps"), [("alpha", False), ("beta", True)])
async def test_what_is_the_same_for_all_is_shown_by_who_keeps_house(
    tmp_path: Path, node: str, *, keeps: bool
) -> None:
    async with scraped(tmp_path, node) as lines:
        for name in FOR_ALL:
            assert any(line.startswith(name) for line in lines) is keeps, name
        assert f"syncline_node_holds_house {float(keeps)}" in lines


async def test_each_account_is_counted_by_its_node(tmp_path: Path) -> None:
    async with scraped(tmp_path, "alpha") as lines:
        counts = [
            float(line.split()[-1]) for line in lines if line.startswith("syncline_accounts{")
        ]
        assert sum(counts) == 1
