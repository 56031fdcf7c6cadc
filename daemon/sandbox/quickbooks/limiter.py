"""The vendor's call limits, as sliding windows.

500 calls a minute for each company over all apps; 10 a second, and 10 at once, for each company
and app (Intuit's limits page of 2025; the blog of 2016-08-08 for the calls at once). Of batches, 120
a minute for each company and 40 for each company and app. No header tells how much is left.
"""

import enum
import heapq
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import datetime

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.quickbooks.fault_bodies import fault_reply, throttle_fault, xml_reply
from daemon.sandbox.quickbooks.timestamps import SECOND_US, epoch_us

_MINUTE_US = 60 * SECOND_US
_TOO_MANY, _FORBIDDEN = 429, 403


class ThrottleForm(enum.StrEnum):
    """How a refused call is answered."""

    XML = "xml"
    """As recorded: XML, though JSON was asked for."""
    JSON = "json"
    HISTORIC = "historic"
    """Status 403, as in 2016."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force; None lifts one.

    Attributes:
        per_minute: Calls in 60 s for each company.
        per_second: Calls in 1 s for each company and app.
        in_flight: Calls at once for each company and app.
        batches_per_minute: Batches in 60 s for each company and app.
        company_batches_per_minute: Batches in 60 s for each company.
        form: How a refused call is answered.
        enforced: Calls above a limit are refused; else they are only counted.
    """

    per_minute: int | None = 500
    per_second: int | None = 10
    in_flight: int | None = 10
    batches_per_minute: int | None = 40
    company_batches_per_minute: int | None = 120
    form: ThrottleForm = ThrottleForm.XML
    enforced: bool = True


class Limiter:
    """Counts calls against the limits.

    Attributes:
        limits: The limits in force; None switches the limiter off.
        violations: Calls above a limit, by company and name of the limit.
    """

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self.violations: Counter[tuple[str, str]] = Counter()
        self._minutes: defaultdict[str, deque[int]] = defaultdict(deque)
        self._seconds: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._batches: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._company_batches: defaultdict[str, deque[int]] = defaultdict(deque)
        self._ends: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def admit(
        self, realm_id: str, client_id: str, now: datetime, *, is_batch: bool = False
    ) -> bool:
        """Count one call; return whether it may go on."""
        limits = self.limits
        if limits is None:
            return True
        us = epoch_us(now)
        key = (realm_id, client_id)
        exceeded = self._exceeded(limits, realm_id, key, us)
        if is_batch and not exceeded:
            exceeded = self._batches_exceeded(limits, realm_id, key, us)
        if exceeded:
            self.violations[realm_id, exceeded] += 1
            if limits.enforced:
                return False
        self._minutes[realm_id].append(us)
        self._seconds[key].append(us)
        if is_batch:
            self._batches[key].append(us)
            self._company_batches[realm_id].append(us)
        return True

    def occupy(self, realm_id: str, client_id: str, now: datetime, duration_s: float) -> None:
        """Count a call as in flight for as long as its answer takes."""
        if self.limits is not None and duration_s > 0:
            end = epoch_us(now) + round(duration_s * SECOND_US)
            heapq.heappush(self._ends[realm_id, client_id], end)

    def refusal(self, now: datetime) -> SandboxReply:
        """Return the answer to a call above a limit."""
        form = self.limits.form if self.limits else ThrottleForm.XML
        return throttled(form, now)

    def _exceeded(self, limits: Limits, realm_id: str, key: tuple[str, str], us: int) -> str | None:
        minute, second, ends = self._minutes[realm_id], self._seconds[key], self._ends[key]
        _forget(minute, us - _MINUTE_US)
        _forget(second, us - SECOND_US)
        while ends and ends[0] <= us:
            heapq.heappop(ends)
        counts = {
            "per_minute": (len(minute), limits.per_minute),
            "per_second": (len(second), limits.per_second),
            "in_flight": (len(ends), limits.in_flight),
        }
        for name, (count, limit) in counts.items():
            if limit is not None and count >= limit:
                return name
        return None

    def _batches_exceeded(
        self, limits: Limits, realm_id: str, key: tuple[str, str], us: int
    ) -> str | None:
        of_app, of_company = self._batches[key], self._company_batches[realm_id]
        _forget(of_app, us - _MINUTE_US)
        _forget(of_company, us - _MINUTE_US)
        if limits.batches_per_minute is not None and len(of_app) >= limits.batches_per_minute:
            return "batches_per_minute"
        most = limits.company_batches_per_minute
        return (
            "company_batches_per_minute" if most is not None and len(of_company) >= most else None
        )


def throttled(form: ThrottleForm, now: datetime) -> SandboxReply:
    """Return a throttle answer in one of its forms."""
    if form is ThrottleForm.JSON:
        return fault_reply(throttle_fault(_TOO_MANY), now)
    status = _FORBIDDEN if form is ThrottleForm.HISTORIC else _TOO_MANY
    return xml_reply(status, throttle_fault(status), now)


def _forget(instants: deque[int], until_us: int) -> None:
    while instants and instants[0] <= until_us:
        instants.popleft()
