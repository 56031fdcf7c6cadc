"""What is counted of metered reads, as values."""

from dataclasses import dataclass
from datetime import datetime

from actors.vendors.base import Priority


@dataclass(frozen=True, slots=True)
class Ticket:
    """One metered call that was counted."""

    month: str
    began_s: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """The vendor said that nothing is left.

    Attributes:
        probe_at_s: when one call tries again.
        probes: how many did.
    """

    since_s: float
    wait_s: float
    probe_at_s: float
    probes: int = 0


@dataclass(frozen=True, slots=True)
class ReadsState:
    """The budget as it is now.

    Attributes:
        used: calls counted this month; up to a block too many after a crash.
        forecast: calls by the month's end if nothing were stretched; None while no account polls.
        refused: whether the vendor says that nothing is left.
        resting: the priorities of which no look is begun now.
        reason: why, in words, when polls are among them.
        until: when that ends at the latest: the month's turn.
    """

    month: str
    used: int
    allowance: int | None
    forecast: int | None
    stretch: float
    refused: bool
    resting: tuple[Priority, ...]
    reason: str | None
    until: datetime
