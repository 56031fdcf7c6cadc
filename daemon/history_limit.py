"""Forgets versions of objects that were replaced long ago."""

from datetime import timedelta

import anyio
import structlog

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.ports import Store

_EVERY_S = 60.0
_ROWS_AT_ONCE = 500
_BETWEEN_S = 0.05
"""Pages come first: after each piece, whoever waits to store one has its turn."""

log = structlog.get_logger()


class HistoryLimit:
    """Keeps what the store remembers of the past within the time that is configured."""

    def __init__(self, store: Store, clock: Clock, keep_s: float) -> None:
        """Keep versions for `keep_s` after they were replaced."""
        self._store = store
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)

    async def run(self) -> None:
        """Forget what is too old, each minute, until cancelled."""
        while True:
            try:
                forgotten = await self.forget()
            except StoreUnavailableError:
                forgotten = 0  # it says so itself
            if forgotten:
                log.debug("history_forgotten", versions=forgotten)
            await anyio.sleep(_EVERY_S)

    async def forget(self) -> int:
        """Forget all that is too old now, in small pieces; return how much that was.

        Raises:
            StoreUnavailableError: the store takes no writes; what was forgotten stays forgotten.
        """
        now = self._clock.now().utc
        if now.timestamp() < self._keep.total_seconds():
            return 0  # from before there were computers: no such instant may exist
        forgotten = 0
        while piece := await self._store.prune_history(now - self._keep, limit=_ROWS_AT_ONCE):
            forgotten += piece
            await anyio.sleep(_BETWEEN_S)
        return forgotten
