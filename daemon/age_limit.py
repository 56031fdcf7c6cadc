"""Forgets what is older than it is to be kept, whatever that is."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import anyio

from actors.clock import Clock
from store.errors import StoreUnavailableError

_EVERY_S = 60.0
_ROWS_AT_ONCE = 500
_BETWEEN_S = 0.05
"""Pages come first: after each piece, whoever waits to store one has its turn."""


class Prune(Protocol):
    """Forgets at most `limit` rows from before an instant; returns how many."""

    async def __call__(self, before: datetime, /, *, limit: int) -> int:
        """Raise `StoreUnavailableError` when nothing was forgotten."""
        ...


class AgeLimit:
    """Keeps something for as long as is configured. `run` is its life."""

    def __init__(
        self, prune: Prune, clock: Clock, keep_s: float, tell: Callable[[int], None]
    ) -> None:
        """Forget with `prune` what is older than `keep_s`; `tell` hears how much that was, when it was any."""
        self._prune = prune
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)
        self._tell = tell

    async def run(self) -> None:
        """Forget what is too old, each minute, until cancelled."""
        while True:
            try:
                forgotten = await self.forget()
            except StoreUnavailableError:
                forgotten = 0  # it says so itself
            if forgotten:
                self._tell(forgotten)
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
        while piece := await self._prune(now - self._keep, limit=_ROWS_AT_ONCE):
            forgotten += piece
            await anyio.sleep(_BETWEEN_S)
        return forgotten
