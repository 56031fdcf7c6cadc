"""Turns: how many requests are worked on at once, so that many clients do not make the loop late.

All that is ready is done in one turn of the loop. With hundreds of requests ready, that would be a
quarter of a second in which no poll goes on. Who waits, for changes or for a vendor, gives the turn back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

AT_ONCE = 8
_LASTS_S = 0.1
"""A turn that lasts longer is one of somebody who waits: another may begin."""


class Turns:
    """Who is at work, and who is next."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._ends: dict[asyncio.Task[object], asyncio.TimerHandle] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the end, or until it is given back."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task has a turn")
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        self._ends[task] = loop.call_later(_LASTS_S, self._end, task)
        try:
            yield
        finally:
            self._end(task)

    def give_back(self) -> None:
        """End the turn of who calls, if they have one."""
        task = asyncio.current_task()
        if task is not None:
            self._end(task)

    def _end(self, task: asyncio.Task[object]) -> None:
        timer = self._ends.pop(task, None)
        if timer is not None:
            timer.cancel()
            self._places.release()
