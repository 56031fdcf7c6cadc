"""What looking costs, before it is done. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from actors.bucket import least_s
from actors.settings import CallLimits

_CALL_S = 1.0
"""What a call that brings a whole page usually takes."""


class Bound(StrEnum):
    """What keeps a look from being done sooner."""

    CALLS_PER_MINUTE = "calls_per_minute"
    CALLS_PER_SECOND = "calls_per_second"
    CALLS_AT_ONCE = "calls_at_once"
    PAGES_IN_TURN = "pages_in_turn"


@dataclass(frozen=True, slots=True)
class Price:
    """What it takes to look at one account.

    Attributes:
        calls: by what is read; at the least: deletions and changes meanwhile cost more.
        duration_s: how long it takes, with calls of a usual length and nothing else to do.
        bound_by: what it would have to be given more of to take less.
    """

    calls: Mapping[str, int]
    duration_s: float
    bound_by: Bound

    @property
    def total(self) -> int:
        """All calls together."""
        return sum(self.calls.values())


def price(calls: Mapping[str, int], limits: CallLimits) -> Price:
    """Return the price of these calls: each type's come one after the other, within the limits."""
    total = sum(calls.values())
    bounds = {
        Bound.PAGES_IN_TURN: max(calls.values(), default=0) * _CALL_S,
        Bound.CALLS_AT_ONCE: total * _CALL_S / max(1, limits.in_flight - 1),
    }
    if limits.per_minute is not None:
        bounds[Bound.CALLS_PER_MINUTE] = least_s(total, limits.per_minute, 60.0)
    if limits.per_second is not None:
        bounds[Bound.CALLS_PER_SECOND] = least_s(total, limits.per_second, 1.0)
    bound_by = max(bounds, key=bounds.__getitem__)
    return Price(calls, bounds[bound_by], bound_by)
