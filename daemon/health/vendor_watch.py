"""Tells a vendor's incident from the trouble of single accounts. Pure: takes `now`.

Everything is as of the last one to two minutes, so that it tells at once when most accounts that
were tried failed, however few of all accounts that are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from daemon.health.judge import SLOW_S, VERY_SLOW_S

_WINDOW_S = 60.0
_FEWEST = 3
"""Fewer accounts that fail at once are no incident, whatever their share."""
_MOST = 0.5
_PROBERS = 5
_SLOW_SHARE = 0.2
_FEWEST_SLOW = 5

FAILING_REASONS = frozenset({"transient", "not_sent", "unknown_outcome"})
"""Failures that say that the vendor does not answer, or not sensibly."""


@dataclass(slots=True)
class _Tried:
    """What was seen within one window."""

    well: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    calls: int = 0
    slow: int = 0
    very_slow: int = 0


class VendorWatch:
    """What was seen of one vendor's accounts of late.

    Attributes:
        probers: the accounts that go on during an incident; None while there is none.
    """

    def __init__(self) -> None:
        self._now, self._before = _Tried(), _Tried()
        self._turned_s = 0.0
        self.probers: frozenset[str] | None = None

    def went_well(self, account_id: str) -> None:
        """An account was read."""
        self._now.well.add(account_id)
        self._now.failed.discard(account_id)
        self._before.failed.discard(account_id)

    def failed(self, account_id: str) -> None:
        """An account could not be read, for the vendor did not answer."""
        self._now.failed.add(account_id)
        self._now.well.discard(account_id)
        self._before.well.discard(account_id)

    def called(self, duration_s: float) -> None:
        """A call ended, well or not."""
        self._now.calls += 1
        if duration_s > SLOW_S:
            self._now.slow += 1
            self._now.very_slow += duration_s > VERY_SLOW_S

    def turn(self, now_s: float) -> None:
        """Let what is old go."""
        if now_s - self._turned_s >= _WINDOW_S:
            self._before, self._now, self._turned_s = self._now, _Tried(), now_s

    def counts(self) -> tuple[int, int]:
        """Return how many accounts failed, and how many were tried."""
        failed = len(self._now.failed | self._before.failed)
        return failed, failed + len(self._now.well | self._before.well)

    def look(self, probers: Iterable[str] = ()) -> bool | None:
        """Tell whether an incident begins (True) or ends (False) now; None when nothing changes.

        Args:
            probers: who is to go on, should one begin; those that failed are, without.
        """
        failed, tried = self.counts()
        if self.probers is None and failed >= _FEWEST and failed > _MOST * tried:
            known = sorted(probers) or sorted(self._now.failed | self._before.failed)
            self.probers = frozenset(known[:_PROBERS])
            return True
        if self.probers is not None and tried and failed < _MOST * tried:
            self.probers = None
            return False
        return None

    def slow_share(self) -> tuple[float, bool]:
        """Return which share of calls was slow, and whether it is told; (0, False) of too few."""
        calls = self._now.calls + self._before.calls
        slow = self._now.slow + self._before.slow
        if slow < _FEWEST_SLOW:
            return 0.0, False
        return slow / calls, slow / calls >= _SLOW_SHARE

    def is_very_slow(self) -> bool:
        """Tell whether as many calls were very slow."""
        calls = self._now.calls + self._before.calls
        return self._now.very_slow + self._before.very_slow >= max(1.0, _SLOW_SHARE * calls)
