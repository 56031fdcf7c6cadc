"""Forgets old notices, a few at a time so that others can write in between."""

from datetime import timedelta

import anyio

from actors.clock import Clock
from store.errors import StoreUnavailableError
from store.ports import Store

_EVERY_S = 3600.0
_AT_ONCE = 2_000
_BETWEEN_S = 0.5
KEPT_OPEN = timedelta(days=30)
"""A paused account's notices; what they tell of is found by comparing after so long."""


class NoticeRetention:
    """Keeps the inbox of notices small. `run` is its life."""

    def __init__(self, store: Store, clock: Clock, keep_answered_s: float) -> None:
        """Keep answered ones for `keep_answered_s`: longer than any vendor delivers one event again."""
        self._store = store
        self._clock = clock
        self._keep_answered = timedelta(seconds=keep_answered_s)

    async def run(self) -> None:
        """Forget what is old, every hour, until cancelled."""
        while True:
            try:
                forgotten = await self._forget_some()
            except StoreUnavailableError:
                forgotten = 0
            await anyio.sleep(_BETWEEN_S if forgotten == _AT_ONCE else _EVERY_S)

    async def _forget_some(self) -> int:
        now = self._clock.now().utc
        answered_before = now - self._keep_answered
        return await self._store.prune_notices(answered_before, now - KEPT_OPEN, limit=_AT_ONCE)
