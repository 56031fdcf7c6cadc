"""What looking costs, before it is done. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from actors.settings import CallLimits

_CALL_S = 1.0
"""What a call that brings a whole page usually takes."""


@dataclass(frozen=True, slots=True)
class Price:
    """What it takes to look at one account.

    Attributes:
        calls: by what is read; at the least: deletions and changes meanwhile cost more.
        duration_s: how long it takes at the least.
    """

    calls: Mapping[str, int]
    duration_s: float

    @property
    def total(self) -> int:
        """All calls together."""
        return sum(self.calls.values())


def price(calls: Mapping[str, int], limits: CallLimits) -> Price:
    """Return the price of these calls: each type's come one after the other, within the limits."""
    total = sum(calls.values())
    windows = ((limits.per_minute, 60.0), (limits.per_second, 1.0))
    by_limits_s = [total * window_s / limit for limit, window_s in windows if limit is not None]
    by_turns_s = total * _CALL_S / max(1, limits.in_flight - 1)
    longest_s = max(calls.values(), default=0) * _CALL_S
    return Price(calls, max([*by_limits_s, by_turns_s, longest_s]))
