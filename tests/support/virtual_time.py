"""An event loop whose clock jumps to the next timer instead of waiting for it.

Hours of polling pass in milliseconds, always in the same order, and each timer fires at exactly its
own time. Nothing in such a test may wait for a thread or a socket: the loop would see that nothing
is left to do and say so. Nor may it go round and round at one instant: the loop would say that too.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVarTuple

from actors.moment import Moment

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

Arguments = TypeVarTuple("Arguments")

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

_MAX_TURNS = 100_000
"""How often the loop may turn at one instant; a thousand accounts that start together need fewer."""


class StuckError(RuntimeError):
    """The test would hang for ever: nothing is left to wait for, or time stands still."""


class _FileSelector(selectors.BaseSelector):
    """Looks at what is ready without waiting. The loop asks it when nothing else is left to do."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(0)
        if not ready and timeout is None:
            raise StuckError("nothing is ready and no timer is set")
        return ready

    def register(
        self, fileobj: "FileDescriptorLike", events: int, data: object = None
    ) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: "FileDescriptorLike") -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(
        self, fileobj: "FileDescriptorLike", events: int, data: object = None
    ) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class _Handle(asyncio.TimerHandle):
    """A call to come. The base's own asks the loop for its mode, and keeps what only that would show."""

    __slots__ = ()

    _callback: Callable[..., object] | None
    _context: Context

    def __init__(
        self,
        when_s: float,
        callback: Callable[..., object],
        arguments: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._when = when_s
        self._callback = callback
        self._args = arguments
        self._loop = loop
        self._context = copy_context() if context is None else context
        self._cancelled = False
        self._scheduled = False
        self._repr = self._source_traceback = None

    def cancel(self) -> None:
        """Let go at once of what was to be called: the loop finds the handle only when it is due."""
        self._cancelled = True
        self._callback, self._args = None, ()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop under virtual time; starts at 0.

    Calls at one instant are made in the order in which they were asked for. To compare
    and to count timers as the base does, and to ask for files at each turn, was a twentieth of a
    simulation.

    Attributes:
        now_s: the virtual time.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        self.now_s = 0.0
        self._turns = 0
        self._timers: list[tuple[float, int, _Handle]] = []
        self._numbers = count()
        super().__init__(_FileSelector())

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.now_s

    def call_soon(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Make the call at the next turn."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        handle = _Handle(0.0, callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Make the call so much later."""
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Make the call when its time has come."""
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        handle = _Handle(when, callback, args, self, context)
        heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def _run_once(self) -> None:
        """Turn once. While there is something to do or to wait for, nobody asks for files."""
        ready, timers = self._ready, self._timers
        while timers and timers[0][2].cancelled():
            heappop(timers)
        if not (ready or timers):
            super()._run_once()  # type: ignore[misc]
            return
        if ready or self._stopping or timers[0][0] <= self.now_s:
            self._turned()
        else:
            self._turns, self.now_s = 0, timers[0][0]
        while timers and timers[0][0] <= self.now_s:
            ready.append(heappop(timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - as the base does

    def _turned(self) -> None:
        """Count one more turn at the same instant."""
        self._turns += 1
        if self._turns > _MAX_TURNS:
            raise StuckError(f"time stands still at {self.now_s} s: something is spinning")


class VirtualClock:
    """The clock that goes with a `VirtualLoop`; its calendar can be set wrong on purpose.

    It tells the time of the loop that it is given, else of whichever runs when it is asked: to find
    that out takes longer than all else that it does.
    """

    def __init__(
        self, epoch: datetime = EPOCH, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self.epoch = epoch
        self._loop = loop
        self._last = Moment(0.0, epoch)
        self._last_epoch = epoch

    def now(self) -> Moment:
        elapsed_s, last = (self._loop or asyncio.get_running_loop()).time(), self._last
        if elapsed_s == last.monotonic_s and self.epoch is self._last_epoch:
            return last
        self._last_epoch = self.epoch
        self._last = Moment(elapsed_s, self.epoch + timedelta(seconds=elapsed_s))
        return self._last

    def utc(self) -> datetime:
        return self.now().utc

    def since_boot_s(self) -> float:
        return self.now().monotonic_s


VIRTUAL_BACKEND = ("asyncio", {"loop_factory": VirtualLoop})
