"""Time, as the rest of the program is given it. The only place that asks the machine what time it is."""

import time
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Protocol

from actors.moment import Moment


class Clock(Protocol):
    """Where time comes from. `monotonic_s` runs with the event loop's own time."""

    def now(self) -> Moment:
        """Read the clock."""
        ...


class LastingClock(Clock, Protocol):
    """A clock that also tells how much time was slept through."""

    def since_boot_s(self) -> float:
        """Return seconds that went on while the machine slept too, or the process was frozen."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Moment:
        """Read the clock."""
        return Moment(time.monotonic(), datetime.now(UTC))

    def since_boot_s(self) -> float:
        """Return how long the machine has been up."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def system_random() -> Random:
    """Return a source of chance that nobody can foresee."""
    return SystemRandom()
