"""When a delivery that failed is tried again, and when it is given up. Pure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 300.0
_JITTER = 0.2

GIVE_UP_REFUSED_AFTER_S = 3_600.0
"""A receiver that says no (3xx, 4xx) may be deployed wrongly for a moment; an hour is none."""
GIVE_UP_AFTER_S = 86_400.0
"""One that is away, busy or hangs."""
LONGEST_ASKED_WAIT_S = 3_600.0
"""No receiver may ask for more rest than this."""


class DeliveryError(Exception):
    """A delivery failed. The text says how, for an operator; it never has a secret.

    Attributes:
        refused: whether the receiver does not want it, or just could not take it.
        retry_after_s: how long it asked us to wait; 0 when it did not.
    """

    def __init__(self, message: str, *, refused: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.refused = refused
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Wait for so long, then try again."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Go on with what comes next. What is given up stays in the feed of alerts' events."""


def after_failure(
    error: DeliveryError, attempts: int, failing_for_s: float, random: "Random"
) -> TryAgain | GiveUp:
    """Decide what to do after a delivery failed.

    Args:
        error: how it failed.
        attempts: how often it was tried, this time included.
        failing_for_s: since how long it fails.
        random: spreads what would come in step.
    """
    longest_s = GIVE_UP_REFUSED_AFTER_S if error.refused else GIVE_UP_AFTER_S
    if failing_for_s >= longest_s:
        return GiveUp()
    wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts - 1, 16))
    wait_s *= 1.0 + _JITTER * random.random()
    return TryAgain(max(wait_s, min(error.retry_after_s, LONGEST_ASKED_WAIT_S)))
