"""How often somebody may ask. Pure: it is told the time."""

from dataclasses import dataclass

_BURST_S = 2.0
_MOST_KEYS = 10_000


@dataclass(slots=True)
class _Asker:
    """What is left to somebody, as of an instant."""

    left: float
    at_s: float


class RequestRate:
    """A bucket for each who asks: so many requests a second, and twice as many at once."""

    def __init__(self, per_second: int | None) -> None:
        """Take the rate; None is no limit."""
        self._per_second = per_second
        self._askers: dict[str, _Asker] = {}

    def wait_s(self, who: str, now_s: float) -> float:
        """Take a request of somebody's; 0, or how many seconds too early it comes.

        Args:
            who: names who asks.
            now_s: seconds of a clock that never jumps.
        """
        if self._per_second is None:
            return 0.0
        most = self._per_second * _BURST_S
        asker = self._askers.get(who)
        if asker is None:
            if len(self._askers) >= _MOST_KEYS:
                self._forget_rested(now_s, most)
            asker = self._askers[who] = _Asker(most, now_s)
        passed_s = max(0.0, now_s - asker.at_s)
        asker.left = min(most, asker.left + passed_s * self._per_second)
        asker.at_s = now_s
        if asker.left >= 1:
            asker.left -= 1
            return 0.0
        return (1 - asker.left) / self._per_second

    def _forget_rested(self, now_s: float, most: float) -> None:
        """Forget whose bucket is full again; the oldest, when that is nobody's."""
        rested = [
            who
            for who, asker in self._askers.items()
            if asker.left + (now_s - asker.at_s) * (self._per_second or 0) >= most
        ]
        for who in rested or [next(iter(self._askers))]:
            del self._askers[who]
