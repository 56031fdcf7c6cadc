"""An event loop whose clock jumps to the next timer instead of waiting for it.

Hours of polling pass in milliseconds, always in the same order, and each timer fires at exactly its
own time. Nothing in such a test may wait for a thread or a socket: the loop would see that nothing
is left to do and say so. Nor may it go round and round at one instant: the loop would say that too.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from actors.moment import Moment

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

EPOCH = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

_MAX_TURNS = 100_000
"""How often the loop may turn at one instant; a thousand accounts that start together need fewer."""


class StuckError(RuntimeError):
    """The test would hang for ever: nothing is left to wait for, or time stands still."""


class _JumpingSelector(selectors.BaseSelector):
    """Looks at what is ready without waiting, and lets the clock jump when nothing is."""

    def __init__(self, next_timer_s: Callable[[], float]) -> None:
        self._real = selectors.DefaultSelector()
        self._next_timer_s = next_timer_s
        self._turns = 0
        self.now_s = 0.0

    def turned(self) -> None:
        """Count one more turn at the same instant."""
        self._turns += 1
        if self._turns > _MAX_TURNS:
            raise StuckError(f"time stands still at {self.now_s} s: something is spinning")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # While there is something to do or to wait for, nobody waits for a file: asking for it each
        # time was a thirtieth of a simulation.
        ready = self._real.select(0) if timeout is None else []
        if ready or timeout == 0:
            self.turned()
            return ready
        if timeout is None:
            raise StuckError("nothing is ready and no timer is set")
        self._turns = 0
        self.now_s = max(self.now_s, self._next_timer_s())
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


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop under virtual time; starts at 0."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        self._jumping = _JumpingSelector(self._next_timer_s)
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._jumping.now_s

    def _run_once(self) -> None:
        """Turn once, in the base's order, and without its questions while there is something to do."""
        is_due = self._scheduled and self._next_timer_s() <= self._jumping.now_s
        if is_due or not self._ready or self.get_debug():
            super()._run_once()  # type: ignore[misc]
            return
        self._jumping.turned()
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()  # noqa: SLF001 - as the base does

    def _next_timer_s(self) -> float:
        return self._scheduled[0].when()


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


VIRTUAL_BACKEND = ("asyncio", {"loop_factory": VirtualLoop})
