"""Whether an account's vendor is worth calling at all. Pure: takes the time, keeps no clock.

closed ──`failures` in a row──► open ──`reset_after_s`──► half-open ──one success──► closed
                                  ▲                            │
                                  └────────one failure─────────┘
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from actors.settings import BreakerPolicy
from actors.vendor_rest import NO_REST, VendorRest

if TYPE_CHECKING:
    from random import Random

_RESET_JITTER = 0.1
"""Open breakers of many accounts must not all try again in the same second."""


class BreakerState(StrEnum):
    """What the breaker lets through: everything, nothing, or one call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Counts failed calls in a row, and says how long to leave the vendor alone."""

    __slots__ = ("_policy", "failures", "probing", "retry_at_s")

    def __init__(self, policy: BreakerPolicy, rest: VendorRest = NO_REST) -> None:
        """Begin closed, or go on where an earlier one was."""
        self._policy = policy
        self.retry_at_s = rest.retry_at_s
        self.probing = False
        self.failures = rest.failures

    def state(self, now_s: float) -> BreakerState:
        """Say which of the three states it is in."""
        if self.retry_at_s is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now_s < self.retry_at_s else BreakerState.HALF_OPEN

    def wait_s(self, now_s: float) -> float:
        """Return how long the vendor is to be left alone yet; 0 when a call may be made.

        While `probing`, one call is testing the vendor: the others had better wait for how it ends.
        """
        return 0.0 if self.retry_at_s is None else max(0.0, self.retry_at_s - now_s)

    def began(self, now_s: float) -> None:
        """A call begins; the first one after the rest is the test."""
        self.probing = self.state(now_s) is BreakerState.HALF_OPEN

    def succeeded(self) -> None:
        """The vendor answered."""
        self.failures = 0
        self.retry_at_s = None
        self.probing = False

    def failed(self, now_s: float, random: "Random") -> None:
        """The vendor did not answer, or not sensibly."""
        self.failures += 1
        if self.probing or self.failures >= self._policy.failures:
            rest_s = self._policy.reset_after_s * (1.0 + _RESET_JITTER * random.random())
            self.retry_at_s = now_s + rest_s
        self.probing = False

    def abandoned(self) -> None:
        """A call was given up by us: it says nothing about the vendor."""
        self.probing = False
