"""The vendor's limit: 60 calls a second for each app and tenant (§1.11), as a sliding window."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Limiter:
    """Counts calls against the limit.

    Attributes:
        per_second: Calls in a second for each tenant; None lifts it.
        violations: Calls above it, by tenant.
    """

    per_second: int | None = 60
    violations: Counter[str] = field(default_factory=Counter)
    _recent: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, tenant_id: str, now: datetime) -> bool:
        """Count one call; return whether it may go on."""
        recent = self._recent[tenant_id]
        while recent and recent[0] <= now - _SECOND:
            recent.popleft()
        if self.per_second is not None and len(recent) >= self.per_second:
            self.violations[tenant_id] += 1
            return False
        recent.append(now)
        return True
