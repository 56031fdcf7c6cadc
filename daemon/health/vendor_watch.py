"""Tells a vendor's incident from the trouble of single accounts. Pure: takes `now`.

It looks at the last few accounts that were tried, each by how its last try ended: that tells within
seconds when most of them fail, however few of all accounts that are, and however often one of them
is tried again.
"""

from collections import OrderedDict
from dataclasses import dataclass

from daemon.health.judge import SLOW_S, VERY_SLOW_S

_LATEST = 12
_OLDEST_S = 120.0
_FEWEST = 3
"""Fewer accounts that fail at once are no incident, whatever their share."""
_PROBERS = 5
_WINDOW_S = 60.0
_SLOW_SHARE = 0.2
_FEWEST_SLOW = 5

FAILING_REASONS = frozenset({"transient", "not_sent", "unknown_outcome"})
"""Failures that say that the vendor does not answer, or not sensibly."""


@dataclass(slots=True)
class _Calls:
    """The calls of one window."""

    made: int = 0
    slow: int = 0
    very_slow: int = 0


class VendorWatch:
    """What was seen of one vendor's accounts of late.

    Attributes:
        probers: the accounts that go on during an incident; None while there is none.
    """

    def __init__(self) -> None:
        self._tried: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._calls, self._calls_before = _Calls(), _Calls()
        self._turned_s = 0.0
        self.probers: frozenset[str] | None = None

    def tried(self, account_id: str, now_s: float, *, failed: bool) -> None:
        """An account was read, or could not be, for the vendor did not answer."""
        self._tried[account_id] = (now_s, failed)
        self._tried.move_to_end(account_id)
        if len(self._tried) > _LATEST:
            self._tried.popitem(last=False)

    def called(self, duration_s: float) -> None:
        """A call ended, well or not."""
        self._calls.made += 1
        if duration_s > SLOW_S:
            self._calls.slow += 1
            self._calls.very_slow += duration_s > VERY_SLOW_S

    def turn(self, now_s: float) -> None:
        """Let what is old go."""
        if now_s - self._turned_s >= _WINDOW_S:
            self._calls_before, self._calls, self._turned_s = self._calls, _Calls(), now_s
        while self._tried and now_s - next(iter(self._tried.values()))[0] > _OLDEST_S:
            self._tried.popitem(last=False)

    def counts(self) -> tuple[int, int]:
        """Return how many of the accounts that were tried last failed, and of how many.

        During an incident only those count that go on.
        """
        known = [
            failed
            for account_id, (_, failed) in self._tried.items()
            if self.probers is None or account_id in self.probers
        ]
        return sum(known), len(known)

    def look(self) -> bool | None:
        """Tell whether an incident begins (True) or ends (False) now; None when nothing changes."""
        failed, tried = self.counts()
        if self.probers is None and failed >= _FEWEST and 2 * failed > tried:
            known = [account_id for account_id, (_, bad) in self._tried.items() if bad]
            self.probers = frozenset(known[:_PROBERS])
            return True
        if self.probers is not None and 2 * failed < tried:
            self.probers = None
            return False
        return None

    def slow_share(self) -> float:
        """Return which share of the calls of the last one to two minutes was slow; 0 of too few."""
        made = self._calls.made + self._calls_before.made
        slow = self._calls.slow + self._calls_before.slow
        return slow / made if slow >= _FEWEST_SLOW else 0.0

    def is_slow(self) -> bool:
        """Tell whether so many calls were slow that somebody should know."""
        return self.slow_share() >= _SLOW_SHARE

    def is_very_slow(self) -> bool:
        """Tell whether as many were very slow."""
        made = self._calls.made + self._calls_before.made
        return self._calls.very_slow + self._calls_before.very_slow >= max(1.0, _SLOW_SHARE * made)
