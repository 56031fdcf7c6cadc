"""Forgets old timelines and resolved alerts, a few at a time so that others can write in between."""

from datetime import timedelta

import anyio

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.watch_ports import WatchStore

_EVERY_S = 600.0
_AT_ONCE = 1_000
_BETWEEN_S = 0.2
KEPT_EVENTS = timedelta(days=30)
KEPT_ALERTS = timedelta(days=90)


class WatchRetention:
    """Keeps what is watched small. `run` is its life."""

    def __init__(self, store: WatchStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Forget what is old, every ten minutes, until cancelled."""
        while True:
            try:
                forgotten = await self.forget_some()
            except StoreUnavailableError:
                forgotten = 0
            await anyio.sleep(_BETWEEN_S if forgotten else _EVERY_S)

    async def forget_some(self) -> int:
        """Forget a few; return how many. Raises `StoreUnavailableError`."""
        now = self._clock.now().utc
        events = await self._store.prune_account_events(now - KEPT_EVENTS, limit=_AT_ONCE)
        return events + await self._store.prune_alerts(now - KEPT_ALERTS, limit=_AT_ONCE)
