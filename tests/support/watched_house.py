"""Companies that are kept in sync, and everything that watches them. Time is virtual."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

import anyio
import httpx

from actors.outage import Outage
from actors.vendors.quickbooks import OPERATIONS
from daemon.config import AlertsConfig
from daemon.heartbeat import HeartbeatCheck
from daemon.metrics import Metrics
from daemon.watching import Watched, Watching
from store.watch_models import Alert, AlertFilter
from support.company_house import VENDOR, CompanyHouse


@dataclass
class WatchedHouse:
    """A running daemon's watchers over companies."""

    house: CompanyHouse
    watching: Watching
    metrics: Metrics

    def open(self) -> list[tuple[str, str]]:
        """Return kind and subject of every open alert."""
        return [alert.key for alert in self.watching.desk.book.open_alerts()]

    async def alerts(self) -> Sequence[Alert]:
        """Return every alert that there ever was, oldest first."""
        return list(await self.house.real_store.alerts(AlertFilter(limit=1000)))[::-1]

    async def until_open(self, kind: str, within_s: float) -> float:
        """Wait for an alert of a kind; return how long that took."""
        began_s = self.house.now_s()
        with anyio.fail_after(within_s):
            while kind not in {name for name, _ in self.open()}:  # noqa: ASYNC110 - it has no event
                await anyio.sleep(0.5)
            took_s = self.house.now_s() - began_s
            await anyio.sleep(0.1)  # until it is written
        return took_s


@asynccontextmanager
async def watched(house: CompanyHouse) -> AsyncIterator[WatchedHouse]:
    """Run a supervisor over the companies, and all that watches, as the daemon does."""
    metrics = Metrics(house.clock, {VENDOR: OPERATIONS}, "1")
    await metrics.load(house.real_store)
    await metrics.load_tokens(house.real_store)
    house.outage = Outage()
    async with house.syncing() as supervisor:
        around = house.around
        heartbeat = HeartbeatCheck(house.real_store, supervisor, {VENDOR: around}, house.clock)
        watching = Watching(
            Watched(
                store=house.real_store,
                supervisor=supervisor,
                surroundings={VENDOR: around},
                outages={VENDOR: house.outage},
                heartbeat=heartbeat,
                metrics=metrics,
                clock=house.clock,
                random=Random(3),
                open_client=httpx.AsyncClient,
                public_url="https://sync.example.com",
            ),
            AlertsConfig(),
        )
        await watching.load()
        house.listeners[:] = [metrics.listen, watching.listen]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watching.run)
            tasks.start_soon(heartbeat.run)
            yield WatchedHouse(house, watching, metrics)
            tasks.cancel_scope.cancel()
        await watching.close()
