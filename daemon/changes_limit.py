"""Forgets changes that are too old to be followed."""

from datetime import timedelta

import anyio
import structlog

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.ports import Store

_EVERY_S = 60.0
_ROWS_AT_ONCE = 1_000
_BETWEEN_S = 0.05

log = structlog.get_logger()


class ChangesLimit:
    """Keeps changes for as long as is configured, and for as long as anybody in the house needs them."""

    def __init__(self, store: Store, clock: Clock, keep_s: float) -> None:
        """Keep changes for `keep_s` after they were seen."""
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
                log.debug("changes_forgotten", changes=forgotten)
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
        while piece := await self._store.prune_changes(now - self._keep, limit=_ROWS_AT_ONCE):
            forgotten += piece
            await anyio.sleep(_BETWEEN_S)
        return forgotten
