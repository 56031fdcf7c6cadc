"""Where an actor waits to be told something."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Generic, TypeVar

_CAPACITY = 16


Event = TypeVar("Event")


class MailboxFullError(Exception):
    """The actor is told more than it can take in; try again in a moment."""


class Mailbox(Generic[Event]):
    """A queue that one actor waits on.

    What others `post` is bounded; what the actor's own operations `report` is not, for it began
    them.

    Ten thousand actors wait here at the same time, for minutes: a list, a future and a timer are a
    tenth of what a deque, an event and a cancel scope would take.
    """

    __slots__ = ("_arrived", "_events", "_posted")

    def __init__(self) -> None:
        self._events: list[tuple[Event, bool]] = []
        self._posted = 0
        self._arrived: asyncio.Future[None] | None = None

    def post(self, event: Event) -> None:
        """Put a message in.

        Raises:
            MailboxFullError: the actor has too many unread ones already.
        """
        if self._posted >= _CAPACITY:
            raise MailboxFullError
        self._posted += 1
        self._put(event, bounded=True)

    def report(self, event: Event) -> None:
        """Put in what must not be lost: a result, or the wish to stop."""
        self._put(event, bounded=False)

    def merge(self, event: Event, join: Callable[[Event], Event | None]) -> None:
        """Put in what is told in one with an unread event of its kind, so that it is always taken.

        Args:
            event: what is told.
            join: makes one of it and an unread event; None when they are not of a kind.
        """
        for place, (unread, bounded) in enumerate(self._events):
            joined = join(unread)
            if joined is not None:
                self._events[place] = (joined, bounded)
                return
        self._put(event, bounded=False)

    async def receive(self, timeout_s: float) -> Event | None:
        """Return the next event, or None after `timeout_s` without one."""
        if not self._events:
            await self._wait(timeout_s)
        if not self._events:
            return None
        event, bounded = self._events.pop(0)
        self._posted -= bounded
        return event

    async def _wait(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._arrived = loop.create_future()
        timer = None if timeout_s == inf else loop.call_later(timeout_s, self._wake)
        try:
            await self._arrived
        finally:
            self._arrived = None
            if timer is not None:
                timer.cancel()

    def _put(self, event: Event, *, bounded: bool) -> None:
        self._events.append((event, bounded))
        self._wake()

    def _wake(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
