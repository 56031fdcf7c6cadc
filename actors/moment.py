"""One reading of a clock. Pure: who reads it says what time it is."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of the clock.

    Attributes:
        monotonic_s: never goes back; for measuring and waiting. Comparable only within one process.
        utc: the calendar's time; for what is stored or shown. May jump.
    """

    monotonic_s: float
    utc: datetime
