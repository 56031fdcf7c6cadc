"""The vendor's notification server: what it sends when, and when it tries again. Pure in time and chance.

It must hear 200 within 3 seconds. Else it tries again after 10, 20 and 30 seconds, 5 and 20 minutes,
2, 4 and 6 hours, and then every 6 hours; meanwhile it withholds all that is behind (Intuit's webhook
pages). Whoever carries its deliveries asks `due` and reports with `answered`.
"""

import enum
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.quickbooks.mutation_log import MutationKind, MutationLog
from daemon.sandbox.quickbooks.timestamps import epoch_us
from daemon.sandbox.quickbooks.webhook_events import (
    WebhookEvent,
    cloud_events,
    event_of,
    legacy,
    signature,
)

DEFAULT_VERIFIER_TOKEN = "sandbox-verifier-token"  # noqa: S105 - of a stand-in
LADDER_S = (10, 20, 30, 300, 1200, 7200, 14_400, 21_600)
"""Waits before the next attempts; the last one repeats."""

_STRANGER = "1000000000000000"
_OK = 200


class WebhookForm(enum.StrEnum):
    """How a body is written."""

    CLOUD_EVENTS = "cloud_events"
    LEGACY = "legacy"


@dataclass(slots=True)
class WebhookMode:
    """How webhooks are sent; every field may be set at any time. Probabilities are from 0 to 1.

    Attributes:
        on: Whether any are sent.
        form: How bodies are written.
        delay_s: Bounds of how long after a change its event is sent, drawn evenly.
        most_events: How many events one delivery holds at most.
        drop: How likely an event is never sent.
        duplicate: How likely an event is sent a second time, in a later delivery.
        reorder: How likely an event is sent behind those that follow it.
        forge: How likely a delivery is preceded by one with a wrong signature, by somebody else.
        stranger: How likely a delivery also holds an event of a company that is not connected.
        unknown_type: How likely a delivery also holds an event of a type that few know.
        side_effects: Whether changes that follow from others (balances) are told of too.
    """

    on: bool = False
    form: WebhookForm = WebhookForm.CLOUD_EVENTS
    delay_s: tuple[float, float] = (0.0, 0.0)
    most_events: int = 1000
    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    forge: float = 0.0
    stranger: float = 0.0
    unknown_type: float = 0.0
    side_effects: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery to be made now.

    Attributes:
        is_genuine: Whether the vendor makes it; another's is not tried again.
    """

    headers: Mapping[str, str]
    body: bytes
    events: int
    is_genuine: bool = True


@dataclass(slots=True)
class _Delivery:
    """What is sent until it is taken."""

    body: bytes
    events: int
    failures: int = 0


@dataclass(slots=True)
class WebhookSender:
    """Turns the changes of connected companies into deliveries.

    Attributes:
        mode: The switches.
        on_news: Called when something changed, so that a carrier need not keep asking.
        counts: Deliveries and events so far: by what became of them.
    """

    log: MutationLog
    chance: Random
    is_connected: Callable[[str], bool]
    verifier_token: str = DEFAULT_VERIFIER_TOKEN
    mode: WebhookMode = field(default_factory=WebhookMode)
    on_news: Callable[[], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _seen: int = 0
    _waiting: list[tuple[int, int, WebhookEvent]] = field(default_factory=list)
    _head: _Delivery | None = None
    _retry_at_us: int = 0
    _others: deque[Attempt] = field(default_factory=deque)
    _under_way: bool = False

    def turn_on(self) -> None:
        """Begin with what changes from now on."""
        self.mode.on = True
        self._seen = len(self.log)
        self.log.on_append = self._news

    def turn_off(self) -> None:
        """Send nothing more."""
        self.mode.on = False
        self.log.on_append = None
        self._waiting.clear()
        self._head = None

    def due(self, now: datetime) -> Attempt | None:
        """Return what is to be delivered now, one at a time; None when nothing is."""
        if not self.mode.on or self._under_way:
            return None
        self._collect()
        if self._others:
            self._under_way = True
            return self._others.popleft()
        now_us = epoch_us(now)
        if self._head is None:
            self._head = self._next_delivery(now_us)
            if self._head is not None and self._happens(self.mode.forge):
                self._others.append(self._forged(self._head))
                return self.due(now)
        if self._head is None or self._retry_at_us > now_us:
            return None
        self._under_way = True
        return self._attempt(self._head)

    def wait_s(self, now: datetime) -> float | None:
        """Return how long to wait before asking `due` again; None until there is news."""
        if not self.mode.on or self._under_way:
            return None
        now_us = epoch_us(now)
        if self._head is not None:
            return max(0.0, (self._retry_at_us - now_us) / 1e6)
        if not self._waiting:
            return None
        return max(0.0, (min(at_us for at_us, _, _ in self._waiting) - now_us) / 1e6)

    def answered(self, attempt: Attempt, status: int | None, now: datetime) -> None:
        """Take in how a delivery was answered; None when it was not within the time."""
        self._under_way = False
        taken = status == _OK
        kind = "genuine" if attempt.is_genuine else "forged"
        self.counts[f"{kind}_{'taken' if taken else 'refused'}"] += 1
        if not attempt.is_genuine or self._head is None:
            return
        if taken:
            self.counts["events_taken"] += self._head.events
            self._head, self._retry_at_us = None, 0
            return
        wait_s = LADDER_S[min(self._head.failures, len(LADDER_S) - 1)]
        self._head.failures += 1
        self._retry_at_us = epoch_us(now + timedelta(seconds=wait_s))

    def _news(self) -> None:
        if self.on_news is not None:
            self.on_news()

    def _collect(self) -> None:
        """Take down what changed since the last time."""
        first, self._seen = self._seen, len(self.log)
        for mutation in self.log.since(first):
            is_told = mutation.kind is not MutationKind.SIDE_EFFECT or self.mode.side_effects
            event = event_of(mutation) if is_told else None
            if event is None or not self.is_connected(event.realm_id):
                continue
            if self._happens(self.mode.drop):
                self.counts["events_dropped"] += 1
                continue
            self._wait(event)
            if self._happens(self.mode.duplicate):
                self.counts["events_duplicated"] += 1
                self._wait(event, later_s=self.chance.uniform(0.0, 600.0))

    def _wait(self, event: WebhookEvent, later_s: float = 0.0) -> None:
        low, high = self.mode.delay_s
        delay_s = later_s + (self.chance.uniform(low, high) if high else 0.0)
        order = len(self._waiting)
        if self._happens(self.mode.reorder):
            self.counts["events_reordered"] += 1
            delay_s += self.chance.uniform(0.0, 120.0)
            order = -order
        self._waiting.append((event.at_us + round(delay_s * 1e6), order, event))

    def _next_delivery(self, now_us: int) -> _Delivery | None:
        ripe = sorted(
            (entry for entry in self._waiting if entry[0] <= now_us), key=lambda each: each[:2]
        )[: self.mode.most_events]
        if not ripe:
            return None
        taken = set(map(id, ripe))
        self._waiting = [entry for entry in self._waiting if id(entry) not in taken]
        events = [event for _, _, event in ripe]
        if self._happens(self.mode.stranger):
            events.append(replace(events[0], realm_id=_STRANGER, event_id="of-a-stranger"))
        if self._happens(self.mode.unknown_type):
            events.append(replace(events[0], object_type="Budget", event_id="of-a-budget"))
        return _Delivery(self._written(events), len(events))

    def _written(self, events: list[WebhookEvent]) -> bytes:
        return legacy(events) if self.mode.form is WebhookForm.LEGACY else cloud_events(events)

    def _attempt(self, delivery: _Delivery) -> Attempt:
        return Attempt(
            {
                "content-type": "application/json; charset=utf-8",
                "user-agent": "intuit_notification_server/0.1",
                "intuit-notification-schema-version": "0.1",
                "intuit-signature": signature(delivery.body, self.verifier_token),
            },
            delivery.body,
            delivery.events,
        )

    def _forged(self, delivery: _Delivery) -> Attempt:
        attempt = self._attempt(delivery)
        forged = signature(delivery.body, "not the verifier token")
        return replace(
            attempt, headers={**attempt.headers, "intuit-signature": forged}, is_genuine=False
        )

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self.chance.random() < probability
