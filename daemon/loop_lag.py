"""Measures how late the event loop is: what blocks it delays everything."""

from collections.abc import Callable

import anyio

from actors.clock import Clock

_EVERY_S = 0.5


class LoopLag:
    """Asks to be woken and sees how much later it is."""

    def __init__(self, clock: Clock, observe: Callable[[float], None]) -> None:
        self._clock = clock
        self._observe = observe

    async def run(self) -> None:
        """Tell `observe` the seconds of delay, twice a second, until cancelled."""
        while True:
            self._observe(await self.measure(_EVERY_S))

    async def measure(self, wait_s: float) -> float:
        """Wait, and return how many seconds longer it took."""
        began_s = self._clock.now().monotonic_s
        await anyio.sleep(wait_s)
        return max(0.0, self._clock.now().monotonic_s - began_s - wait_s)
