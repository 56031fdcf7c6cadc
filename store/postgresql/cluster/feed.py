"""Knows the newest change of all nodes: by the wire at once, and by looking once a second at the latest."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

import anyio

from store.errors import StoreUnavailableError
from store.postgresql.cluster.wire import PostgresqlWire
from store.relational.change_signal import ChangeSignal

_TOPIC = "feed"
_APART_S = 0.02
"""A word on new changes is said so often at most: they come by the thousand."""
_LOOK_EVERY_S = 1.0


class SharedFeed:
    """Moves a signal by what other nodes say, and says what this one committed."""

    def __init__(
        self, signal: ChangeSignal, wire: PostgresqlWire, last_seq: Callable[[], Awaitable[int]]
    ) -> None:
        self._signal = signal
        self._wire = wire
        self._last_seq = last_seq
        self._loop = asyncio.get_running_loop()
        self._newest = 0
        self._told = 0
        self._looked_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        wire.listen(self._heard)

    def move(self, last_seq: int) -> None:
        """Note the newest change after a commit of this node."""
        self._signal.move(last_seq)
        self._newest = max(self._newest, last_seq)
        if self._newest > self._told and self._timer is None:
            self._timer = self._loop.call_later(_APART_S, self._say)

    async def wait_beyond(self, seq: int) -> None:
        """Return once there is a change behind `seq`; a database that is away is waited for.

        Raises:
            StoreUnavailableError: the store was closed before there was one.
        """
        while True:
            with anyio.move_on_after(_LOOK_EVERY_S):
                await self._signal.wait_beyond(seq)
                return
            # However many wait, one of them looks.
            if self._loop.time() - self._looked_s >= _LOOK_EVERY_S:
                self._looked_s = self._loop.time()
                with suppress(StoreUnavailableError):
                    self._signal.move(await self._last_seq())

    def close(self) -> None:
        """Say no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _say(self) -> None:
        self._timer = None
        if self._newest > self._told:
            self._told = self._newest
            self._wire.say(_TOPIC, [str(self._newest)])

    def _heard(self, words: Mapping[str, Collection[str]]) -> None:
        for word in words.get(_TOPIC, ()):
            if word.isdecimal():
                self._told = max(self._told, int(word))
                self._signal.move(int(word))
