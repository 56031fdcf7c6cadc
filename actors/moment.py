"""One reading of a clock. Pure: who reads it says what time it is."""

from datetime import datetime

import msgspec


class Moment(msgspec.Struct, frozen=True, gc=False):
    """One reading of the clock.

    Attributes:
        monotonic_s: never goes back; for measuring and waiting. Comparable only within one process.
        utc: the calendar's time; for what is stored or shown. May jump.
    """

    monotonic_s: float
    utc: datetime
