"""How a vendor meters reads, as its package says it."""

from dataclasses import dataclass
from datetime import tzinfo


@dataclass(frozen=True, slots=True)
class Metering:
    """What a vendor's package knows of how its reads are metered.

    Attributes:
        operations: those of `CallMade.operation` that count.
        zone: the time zone in which its month turns.
    """

    operations: frozenset[str]
    zone: tzinfo
