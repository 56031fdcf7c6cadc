"""Webhooks: one CloudEvent a change, of all tenants to one address (§1.13). Pure in time and chance.

What is not answered 200 comes again after 10, 30, 60 and 300 seconds, under another id, and then no
more.
"""

import base64
import enum
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from daemon.sandbox.servicetitan.problems import encoded
from daemon.sandbox.servicetitan.tenant import Json, Tenant, Version
from daemon.sandbox.servicetitan.times import instant_text
from daemon.sandbox.webhook_queue import Attempt, WebhookMode, WebhookQueue

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
class SigningMode(WebhookMode):
    """How webhooks are sent and signed; every field may be set at any time."""

    form: SignatureForm = SignatureForm.HEX


class WebhookSender(WebhookQueue[tuple[Tenant, Version]]):
    """Turns changes into deliveries.

    Attributes:
        key: What deliveries are signed with.
    """

    ladder_s = LADDER_S
    mode: SigningMode

    def __init__(self, chance: Random, key: str = DEFAULT_KEY) -> None:
        super().__init__(chance, SigningMode())
        self.key = key

    def tell(self, tenant: Tenant, version: Version) -> None:
        """Take in that something changed."""
        if self.mode.on and version.kind in _EVENTS:
            self.add((tenant, version), version.committed_at)

    def is_taken(self, status: int) -> bool:
        """Tell whether it is the one status that the vendor takes."""
        return status == _OK

    def forged_headers(self) -> Mapping[str, str]:
        """Return a signature that is none."""
        return {SIGNATURE_HEADER: "0" * 64}

    def attempt(self, what: tuple[Tenant, Version], now: datetime) -> Attempt:
        """Write and sign a delivery."""
        del now
        tenant, version = what
        name, member = _EVENTS[version.kind]
        subject: Json = json.loads(version.body)
        document = {
            "specversion": "1.0",
            "id": f"{self.chance.getrandbits(128):032x}",
            "type": name,
            "source": "https://webhooks.servicetitan.io",
            "time": instant_text(version.committed_at),
            "userassignedid": f"{tenant.tenant_id}-{version.number}",
            "datacontenttype": "application/json",
            "data": {
                member: subject,
                "tenantId": int(tenant.tenant_id),
                "tenantName": tenant.name,
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
