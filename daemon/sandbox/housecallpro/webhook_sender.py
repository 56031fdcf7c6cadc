"""Webhooks: one event a change, with the whole object and no id of its own (§2.7). Pure in time and chance.

The vendor publishes no schedule for what is not answered well; this one tries again after the waits of
`LADDER_S`, and then no more.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.housecallpro.business import Json, Version, encoded, instant_text

DEFAULT_SECRET = "sandbox-signing-secret"  # noqa: S105 - of a stand-in
LADDER_S = (10, 60, 300)

_MEMBERS = {"jobs": "job", "customers": "customer", "estimates": "estimate", "leads": "lead"}
_OK, _BEYOND_OK = 200, 300


@dataclass(slots=True)
class WebhookMode:
    """How webhooks are sent; every field may be set at any time. Probabilities are from 0 to 1.

    Attributes:
        duplicate: How likely an event is sent a second time.
        forge: How likely a delivery is preceded by one with a wrong signature.
        tells_time: Whether events say when they occurred: older ones do not.
    """

    on: bool = False
    duplicate: float = 0.0
    forge: float = 0.0
    tells_time: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery to be made now."""

    headers: Mapping[str, str]
    body: bytes
    is_genuine: bool = True


@dataclass(slots=True)
class _Event:
    """One change that is told until it is heard, or given up."""

    body: bytes
    at: datetime
    failures: int = 0


@dataclass(slots=True)
class WebhookSender:
    """Turns changes into deliveries, of all companies to one address with one secret.

    Attributes:
        secret: What deliveries are signed with.
        on_news: Called when something changed, so that a carrier need not keep asking.
        counts: Deliveries so far, by what became of them.
    """

    chance: Random
    secret: str = DEFAULT_SECRET
    mode: WebhookMode = field(default_factory=WebhookMode)
    on_news: Callable[[], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: list[_Event] = field(default_factory=list)
    _under_way: _Event | None = None

    def turn_on(self) -> None:
        """Begin with what changes from now on."""
        self.mode.on = True

    def turn_off(self) -> None:
        """Send nothing more."""
        self.mode.on = False
        self._waiting.clear()

    def tell(self, company_id: str, version: Version) -> None:
        """Take in that something changed."""
        if not self.mode.on or version.kind not in _MEMBERS:
            return
        body = self.event(company_id, version)
        for _ in range(1 + self._happens(self.mode.duplicate)):
            self._waiting.append(_Event(body, version.at))
        if self.on_news is not None:
            self.on_news()

    def event(self, company_id: str, version: Version) -> bytes:
        """Return the body that tells of a change."""
        member = _MEMBERS[version.kind]
        subject: Json = {"id": version.object_id}
        word = "deleted"
        if version.body is not None:
            subject = json.loads(version.body)
            word = "created" if version.is_new else _word(subject)
        at = {"event_occurred_at": instant_text(version.at)} if self.mode.tells_time else {}
        return encoded(
            {"event": f"{member}.{word}", **at, "company_id": company_id, member: subject}
        )

    def due(self, now: datetime) -> Attempt | None:
        """Return what is to be delivered now, one at a time; None when nothing is."""
        if self._under_way is not None or not self._waiting:
            return None
        event = min(self._waiting, key=lambda each: each.at)
        if event.at > now:
            return None
        self._under_way = event
        if self._happens(self.mode.forge):
            headers = {**self.signed(event.body, now), "api-signature": "0" * 64}
            return Attempt(headers, event.body, is_genuine=False)
        return Attempt(self.signed(event.body, now), event.body)

    def wait_s(self, now: datetime) -> float | None:
        """Return how long to wait before asking `due` again; None until there is news."""
        if self._under_way is not None or not self._waiting:
            return None
        return max(0.0, (min(each.at for each in self._waiting) - now).total_seconds())

    def answered(self, attempt: Attempt, status: int | None, now: datetime) -> None:
        """Take in how a delivery was answered; None when it was not within the time."""
        event, self._under_way = self._under_way, None
        taken = status is not None and _OK <= status < _BEYOND_OK
        kind = "genuine" if attempt.is_genuine else "forged"
        self.counts[f"{kind}_{'taken' if taken else 'refused'}"] += 1
        if event is None or not attempt.is_genuine:
            return
        if taken or event.failures == len(LADDER_S):
            self._waiting.remove(event)
            return
        event.at = now + timedelta(seconds=LADDER_S[event.failures])
        event.failures += 1

    def signed(self, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a delivery that is made at a time."""
        timestamp = str(int(at.timestamp()))
        message = timestamp.encode() + b"." + body
        digest = hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()
        return {
            "content-type": "application/json",
            "api-timestamp": timestamp,
            "api-signature": digest,
        }

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self.chance.random() < probability


_WORDS = {
    "in progress": "started",
    "complete unrated": "completed",
    "pro canceled": "canceled",
    "won": "converted",
    "lost": "lost",
}


def _word(body: Json) -> str:
    """Name a change by where the object stands after it."""
    return _WORDS.get(str(body.get("work_status") or body.get("status")), "updated")
