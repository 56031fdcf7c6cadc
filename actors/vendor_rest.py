"""What one actor of an account learned of its vendor and the next has to respect. Pure."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class VendorRest:
    """How long the vendor is to be left alone, on the clock that never jumps.

    Attributes:
        hold_until_s: until when the vendor asked for it; minus infinite when it did not.
        failures: how many calls in a row failed.
        retry_at_s: when to try again after so many failures; None while the breaker is closed.
    """

    hold_until_s: float = -inf
    failures: int = 0
    retry_at_s: float | None = None

    def as_asked_for(self) -> "VendorRest":
        """Return what the vendor asked for alone, without what we made of its failures."""
        return VendorRest(self.hold_until_s)


NO_REST = VendorRest()
