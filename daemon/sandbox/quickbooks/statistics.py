"""What the sandbox has counted, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.sandbox.quickbooks.faults import FaultKind
from daemon.sandbox.quickbooks.routes import Route


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts since the start.

    Attributes:
        calls: Calls by company (nothing for the OAuth host) and route.
        statuses: Answers by status.
        violations: Calls above a limit, by company and limit (``per_minute``, ``per_second``,
            ``in_flight``, ``batches_per_minute``, ``company_batches_per_minute``), whether they
            were refused or only counted.
        reads: Metered reads served in the present month.
        reads_refused: Metered reads refused since the start, because the month's were used up.
        throttled: Answers that were a throttle: by the limiter or injected.
        code_exchanges: Authorization codes turned into tokens.
        refreshes: Successful refreshes.
        refresh_traps: Overlapping refreshes and codes used twice.
        faults: Injected faults that hit, by kind.
        mutations: Changes of objects so far, generated ones included.
        applied_writes: Writes through the API that took effect.
    """

    calls: Mapping[tuple[str, Route], int]
    statuses: Mapping[int, int]
    violations: Mapping[tuple[str, str], int]
    reads: int
    reads_refused: int
    throttled: int
    code_exchanges: int
    refreshes: int
    refresh_traps: int
    faults: Mapping[FaultKind, int]
    mutations: int
    applied_writes: int

    def calls_to(self, route: Route, realm_id: str | None = None) -> int:
        """Return how many calls a route had, of one company or of all."""
        return sum(
            count
            for (realm, called), count in self.calls.items()
            if called is route and realm_id in (None, realm)
        )
