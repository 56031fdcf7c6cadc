"""Wakes those who wait for changes."""

import asyncio

from store.errors import StoreUnavailableError


class ChangeSignal:
    """Knows the newest change's number, and who waits for a newer one."""

    def __init__(self, last_seq: int) -> None:
        self._last_seq = last_seq
        self._moved = asyncio.Event()
        self._closed = False

    def move(self, last_seq: int) -> None:
        """Note the newest change; wakes the waiting when it is new."""
        if last_seq > self._last_seq:
            self._last_seq = last_seq
            self._wake()

    def close(self) -> None:
        """End all waiting."""
        self._closed = True
        self._wake()

    async def wait_beyond(self, seq: int) -> None:
        """Return once there is a change behind `seq`.

        Raises:
            StoreUnavailableError: the store was closed before there was one.
        """
        while self._last_seq <= seq:
            if self._closed:
                raise StoreUnavailableError("the store is closed")
            await self._moved.wait()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()
