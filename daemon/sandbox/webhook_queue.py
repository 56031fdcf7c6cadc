"""What waits to be delivered by webhook, told again until it is heard, or given up.

What a delivery looks like is each vendor's own. Pure in time and chance.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar, Generic, TypeVar

What = TypeVar("What")

_OK, _BEYOND_OK = 200, 300


@dataclass(slots=True)
class WebhookMode:
    """How webhooks are sent; every field may be set at any time. Probabilities are from 0 to 1.

    Attributes:
        duplicate: How likely an event is sent a second time.
        forge: How likely a delivery is preceded by one with a wrong signature.
    """

    on: bool = False
    duplicate: float = 0.0
    forge: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery to be made now."""

    headers: Mapping[str, str]
    body: bytes
    is_genuine: bool = True


@dataclass(slots=True)
class _Event(Generic[What]):
    """One change that is told until it is heard, or given up."""

    what: What
    at: datetime
    failures: int = 0


class WebhookQueue(ABC, Generic[What]):
    """Deliveries of all companies to one address, one at a time.

    Attributes:
        ladder_s: How long to wait after each refusal; then no more.
        on_news: Called when something changed, so that a carrier need not keep asking.
        counts: Deliveries so far, by what became of them.
    """

    ladder_s: ClassVar[tuple[int, ...]] = ()

    def __init__(self, chance: Random, mode: WebhookMode) -> None:
        self.chance = chance
        self.mode = mode
        self.on_news: Callable[[], None] | None = None
        self.counts: Counter[str] = Counter()
        self._waiting: list[_Event[What]] = []
        self._under_way: _Event[What] | None = None

    def turn_on(self) -> None:
        """Begin with what changes from now on."""
        self.mode.on = True

    def turn_off(self) -> None:
        """Send nothing more."""
        self.mode.on = False
        self._waiting.clear()

    def add(self, what: What, at: datetime) -> None:
        """Take in that something changed at a time."""
        for _ in range(1 + self._happens(self.mode.duplicate)):
            self._waiting.append(_Event(what, at))
        if self.on_news is not None:
            self.on_news()

    def due(self, now: datetime) -> Attempt | None:
        """Return what is to be delivered now, one at a time; None when nothing is."""
        if self._under_way is not None or not self._waiting:
            return None
        event = min(self._waiting, key=lambda each: each.at)
        if event.at > now:
            return None
        self._under_way = event
        attempt = self.attempt(event.what, now)
        if self._happens(self.mode.forge):
            headers = {**attempt.headers, **self.forged_headers()}
            return replace(attempt, headers=headers, is_genuine=False)
        return attempt

    @abstractmethod
    def attempt(self, what: What, now: datetime) -> Attempt:
        """Write and sign a delivery that is made at a time."""

    @abstractmethod
    def forged_headers(self) -> Mapping[str, str]:
        """Return what a stranger would sign with."""

    def is_taken(self, status: int) -> bool:
        """Tell whether the vendor takes this status for an answer."""
        return _OK <= status < _BEYOND_OK

    def wait_s(self, now: datetime) -> float | None:
        """Return how long to wait before asking `due` again; None until there is news."""
        if self._under_way is not None or not self._waiting:
            return None
        return max(0.0, (min(each.at for each in self._waiting) - now).total_seconds())

    def answered(self, attempt: Attempt, status: int | None, now: datetime) -> None:
        """Take in how a delivery was answered; None when it was not within the time."""
        event, self._under_way = self._under_way, None
        taken = status is not None and self.is_taken(status)
        kind = "genuine" if attempt.is_genuine else "forged"
        self.counts[f"{kind}_{'taken' if taken else 'refused'}"] += 1
        if event is None or not attempt.is_genuine:
            return
        if taken or event.failures == len(self.ladder_s):
            self._waiting.remove(event)
            return
        event.at = now + timedelta(seconds=self.ladder_s[event.failures])
        event.failures += 1

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self.chance.random() < probability
