"""How much is going on: what was read and changed lately, counted as it happens, kept in memory."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from actors.clock import Clock
from actors.events import CallMade, Event, PageStored

INTERVAL_S = 10.0
KEPT = 360
"""How many intervals are kept: an hour."""


@dataclass(slots=True)
class Interval:
    """What happened in one interval.

    Attributes:
        ended_at_s: when it ended, in seconds since 1970.
        calls: calls to vendors that ended.
        failed: those of them that failed.
        objects: objects that vendors showed.
        changes: those that were different here.
    """

    ended_at_s: float = 0.0
    calls: int = 0
    failed: int = 0
    objects: int = 0
    changes: int = 0


@dataclass(slots=True)
class Throughput:
    """Counts events by intervals of ten seconds, and keeps the last hour."""

    clock: Clock
    _current: Interval = field(default_factory=Interval)
    _ended: deque[Interval] = field(default_factory=lambda: deque(maxlen=KEPT))

    def listen(self, event: Event) -> None:
        """Take in an event of the actors."""
        match event:
            case CallMade():
                self._current.calls += 1
                self._current.failed += event.reason is not None
            case PageStored():
                self._current.objects += event.objects
                self._current.changes += event.upserts + event.deletes

    def intervals(self) -> Sequence[Interval]:
        """Return the intervals that ended, the oldest first."""
        return tuple(self._ended)

    async def run(self) -> None:
        """End an interval every ten seconds, until cancelled."""
        while True:
            await anyio.sleep(INTERVAL_S)
            self._current.ended_at_s = self.clock.now().utc.timestamp()
            self._ended.append(self._current)
            self._current = Interval()
