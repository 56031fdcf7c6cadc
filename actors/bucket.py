"""How many calls may be made now. Pure: takes the time, says how long to wait.

A token bucket of `capacity` and `rate` lets at most `capacity + rate * window` calls into any
window, wherever the window begins. `capacity` and `rate` are chosen so that this sum is the
vendor's limit, so no window of the vendor's can overflow.
"""

from dataclasses import dataclass
from math import inf

from actors.settings import CallLimits

_BURST_SHARE = 10
"""The part of a window's allowance (one in so many) that may be used at once; the rest comes evenly."""
_MINUTE_S = 60.0
_SPARED_FROM = 5
"""From this limit on one call of each window is spared for who must not wait; a smaller limit is too dear."""
_SLOWEST = 0.99
"""Calls in a window for a limit of one: with a whole one, two calls that are a window apart would
share a window that counts both its ends."""
_SHORTEST_WAIT_S = 0.001
"""Rounding may leave a hair of a call missing: less than a clock can tell apart, so that waiting
for it would be spinning."""


@dataclass(slots=True)
class TokenBucket:
    """One limit: so many calls in a window of so many seconds.

    Attributes:
        spare: how many calls ordinary ones leave in it, so that an urgent one need not wait.
    """

    capacity: float
    rate_per_s: float
    tokens: float
    updated_s: float
    spare: int = 0

    @classmethod
    def empty(cls, limit: int, window_s: float, now_s: float, *, spare: int = 0) -> "TokenBucket":
        """Make an empty bucket that never lets more than `limit` calls into any window.

        It begins empty because the one before it, of an actor that was just restarted, may have
        been emptied a moment ago: together they still keep the limit.
        """
        spare = spare if limit >= _SPARED_FROM else 0
        capacity, rate_per_s = _shares(limit, window_s, spare)
        return cls(float(capacity), rate_per_s, 0.0, now_s, spare)

    def wait_s(self, now_s: float, *, urgent: bool = True) -> float:
        """Return how long until one call may be made; 0 when it may be made now."""
        missing = 1.0 + (0 if urgent else self.spare) - self.available(now_s)
        return max(missing / self.rate_per_s, _SHORTEST_WAIT_S) if missing > 0 else 0.0

    def available(self, now_s: float) -> float:
        """Return how many calls could be made at once now."""
        elapsed_s = max(0.0, now_s - self.updated_s)
        return min(self.capacity, self.tokens + elapsed_s * self.rate_per_s)

    def is_full(self, now_s: float) -> bool:
        """Tell whether it is as if nothing had ever been taken, and its first minute were over."""
        return self.available(now_s) >= self.capacity

    def take(self, now_s: float) -> None:
        """Count one call. The caller has seen that `wait_s` was 0."""
        self.tokens = max(0.0, self.available(now_s) - 1.0)
        self.updated_s = max(self.updated_s, now_s)


def least_s(calls: int, limit: int, window_s: float) -> float:
    """Return how long so many calls take under one limit, when the account has been idle before."""
    capacity, rate_per_s = _shares(limit, window_s, spare=0)
    return max(0, calls - capacity) / rate_per_s


def _shares(limit: int, window_s: float, spare: int) -> tuple[int, float]:
    """Return how many calls a bucket holds, and how many come into it each second."""
    capacity = max(1 + spare, limit // _BURST_SHARE)
    return capacity, max(limit - capacity, _SLOWEST) / window_s


class CallBucket:
    """All limits of one account together: per minute, per second, in flight, batches per minute.

    Few accounts make batches at any time: what counts them is there only while it is not full.
    """

    __slots__ = ("_batches", "_buckets", "_limits", "in_flight")

    def __init__(self, limits: CallLimits, now_s: float) -> None:
        windows = ((limits.per_minute, _MINUTE_S), (limits.per_second, 1.0))
        self._buckets = tuple(
            TokenBucket.empty(limit, window_s, now_s, spare=1)
            for limit, window_s in windows
            if limit is not None
        )
        self._limits = limits
        self._batches: TokenBucket | float = now_s  # a time: none, and empty at that time
        self.in_flight = 0

    def wait_s(self, now_s: float, *, reserve: int = 0, is_batch: bool = False) -> float:
        """Return how long until a call may be made; infinite while too many are in flight.

        Args:
            now_s: the time.
            reserve: how many places in flight to leave for more urgent calls; at least one place is
                always open. With any, the next call of each window is left for them too.
            is_batch: whether it does several things at once.
        """
        if self.in_flight >= max(1, self._limits.in_flight - reserve):
            return inf
        urgent = reserve == 0
        wait_s = max((each.wait_s(now_s, urgent=urgent) for each in self._buckets), default=0.0)
        batches = self._batch_bucket() if is_batch else None
        return wait_s if batches is None else max(wait_s, batches.wait_s(now_s))

    def take(self, now_s: float, *, is_batch: bool = False) -> None:
        """Count a call that begins now."""
        for bucket in self._buckets:
            bucket.take(now_s)
        self.in_flight += 1
        if is_batch and (batches := self._batch_bucket()) is not None:
            batches.take(now_s)
            self._batches = batches
        elif isinstance(self._batches, TokenBucket) and self._batches.is_full(now_s):
            self._batches = self._batches.updated_s

    def _batch_bucket(self) -> TokenBucket | None:
        if isinstance(self._batches, TokenBucket):
            return self._batches
        limit = self._limits.batches_per_minute
        return None if limit is None else TokenBucket.empty(limit, _MINUTE_S, self._batches)

    def takes_batch(self, now_s: float) -> bool:
        """Tell whether a batch need not wait for the limit on batches."""
        batches = self._batch_bucket()
        return batches is None or batches.wait_s(now_s) <= 0

    def give_back(self) -> None:
        """Count a call's end."""
        self.in_flight -= 1

    def within_a_second(self, now_s: float) -> int:
        """Return how many calls could begin within a second from now."""
        free = self._limits.in_flight - self.in_flight
        rates = [bucket.available(now_s) + bucket.rate_per_s for bucket in self._buckets]
        return max(0, int(min([free, *rates])))
