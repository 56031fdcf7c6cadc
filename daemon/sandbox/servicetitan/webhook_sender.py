"""Webhooks: one CloudEvent a change, of all tenants to one address (§1.13). Pure in time and chance.

What is not answered 200 comes again after 10, 30, 60 and 300 seconds, under another id, and then no
more.
"""

import base64
import enum
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from daemon.sandbox.servicetitan.problems import encoded
from daemon.sandbox.servicetitan.tenant import Json, Tenant, Version
from daemon.sandbox.servicetitan.times import instant_text

DEFAULT_KEY = "sandbox-webhook-key-of-32-letters-and-more"
SIGNATURE_HEADER = "x-servicetitan-signature"
LADDER_S = (10, 30, 60, 300)

_OK = 200
_EVENTS: Mapping[str, tuple[str, str]] = {
    "jobs": ("tn.jpm.job-updated", "job"),
    "appointments": ("tn.jpm.job-appointment-updated", "appointment"),
    "bookings": ("tn.crm.booking-updated", "booking"),
    "leads": ("tn.crm.lead-updated", "lead"),
    "invoices": ("tn.acc.invoice-updated", "invoice"),
}
"""Of which kinds is told, and how."""


class SignatureForm(enum.StrEnum):
    """How a signature is written: nobody knows for sure."""

    HEX = "hex"
    BASE64 = "base64"


@dataclass(slots=True)
class WebhookMode:
    """How webhooks are sent; every field may be set at any time. Probabilities are from 0 to 1.

    Attributes:
        duplicate: How likely an event is sent a second time.
        forge: How likely a delivery is preceded by one with a wrong signature.
    """

    on: bool = False
    form: SignatureForm = SignatureForm.HEX
    duplicate: float = 0.0
    forge: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery to be made now."""

    headers: Mapping[str, str]
    body: bytes
    is_genuine: bool = True


@dataclass(slots=True)
class _Event:
    """One change that is told until it is heard, or given up."""

    tenant: Tenant
    version: Version
    at: datetime
    failures: int = 0


@dataclass(slots=True)
class WebhookSender:
    """Turns changes into deliveries.

    Attributes:
        key: What deliveries are signed with.
        on_news: Called when something changed, so that a carrier need not keep asking.
        counts: Deliveries so far, by what became of them.
    """

    chance: Random
    key: str = DEFAULT_KEY
    mode: WebhookMode = field(default_factory=WebhookMode)
    on_news: Callable[[], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: list[_Event] = field(default_factory=list)
    _forged: Attempt | None = None
    _under_way: _Event | None = None

    def turn_on(self) -> None:
        """Begin with what changes from now on."""
        self.mode.on = True

    def turn_off(self) -> None:
        """Send nothing more."""
        self.mode.on = False
        self._waiting.clear()

    def tell(self, tenant: Tenant, version: Version) -> None:
        """Take in that something changed."""
        if not self.mode.on or version.kind not in _EVENTS:
            return
        for _ in range(1 + self._happens(self.mode.duplicate)):
            self._waiting.append(_Event(tenant, version, version.committed_at))
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
        attempt = self._attempt(event)
        if self._happens(self.mode.forge):
            return Attempt(
                {**attempt.headers, SIGNATURE_HEADER: "0" * 64}, attempt.body, is_genuine=False
            )
        return attempt

    def wait_s(self, now: datetime) -> float | None:
        """Return how long to wait before asking `due` again; None until there is news."""
        if self._under_way is not None or not self._waiting:
            return None
        return max(0.0, (min(each.at for each in self._waiting) - now).total_seconds())

    def answered(self, attempt: Attempt, status: int | None, now: datetime) -> None:
        """Take in how a delivery was answered; None when it was not within the time."""
        event, self._under_way = self._under_way, None
        taken = status == _OK
        kind = "genuine" if attempt.is_genuine else "forged"
        self.counts[f"{kind}_{'taken' if taken else 'refused'}"] += 1
        if event is None or not attempt.is_genuine:
            return
        if taken or event.failures == len(LADDER_S):
            self._waiting.remove(event)
            return
        event.at = now + timedelta(seconds=LADDER_S[event.failures])
        event.failures += 1

    def _attempt(self, event: _Event) -> Attempt:
        version = event.version
        name, member = _EVENTS[version.kind]
        subject: Json = json.loads(version.body)
        document = {
            "specversion": "1.0",
            "id": f"{self.chance.getrandbits(128):032x}",
            "type": name,
            "source": "https://webhooks.servicetitan.io",
            "time": instant_text(version.committed_at),
            "userassignedid": f"{event.tenant.tenant_id}-{version.number}",
            "datacontenttype": "application/json",
            "data": {
                member: subject,
                "tenantId": int(event.tenant.tenant_id),
                "tenantName": event.tenant.name,
            },
        }
        body = encoded(document)
        headers = {"content-type": "application/json", SIGNATURE_HEADER: self._signature(body)}
        return Attempt(headers, body)

    def _signature(self, body: bytes) -> str:
        digest = hmac.new(self.key.encode(), body, hashlib.sha256).digest()
        if self.mode.form is SignatureForm.HEX:
            return digest.hex()
        return base64.b64encode(digest).decode()

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self.chance.random() < probability
