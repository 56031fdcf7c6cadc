"""How long the vendor's changes take to get here. Pure: it is told what happened, and when."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """One object of one company."""

    company_id: str
    object_type: str
    object_id: str


@dataclass(slots=True)
class Arrivals:
    """Matches changes at the vendor with changes here.

    Attributes:
        delays_s: how long each took, in the order of arrival, by company.
    """

    delays_s: dict[str, list[float]] = field(default_factory=dict)
    _on_their_way: dict[ObjectKey, datetime] = field(default_factory=dict)

    def left(self, key: ObjectKey, at: datetime) -> None:
        """Note that an object changed at the vendor; the oldest change under way counts."""
        self._on_their_way.setdefault(key, at)

    def arrived(self, key: ObjectKey, at: datetime) -> float | None:
        """Note that an object changed here; return the delay when we knew that it would."""
        left_at = self._on_their_way.pop(key, None)
        if left_at is None:
            return None
        delay_s = max(0.0, (at - left_at).total_seconds())
        self.delays_s.setdefault(key.company_id, []).append(delay_s)
        return delay_s

    def all_delays_s(self) -> Sequence[float]:
        """Return the delays of all companies, shortest first."""
        return sorted(delay_s for delays_s in self.delays_s.values() for delay_s in delays_s)
