"""Webhooks: one event a change, with the whole object and no id of its own (§2.7). Pure in time and chance.

The vendor publishes no schedule for what is not answered well; this one tries again after the waits of
`LADDER_S`, and then no more.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from daemon.sandbox.housecallpro.business import Json, Version, encoded, instant_text
from daemon.sandbox.webhook_queue import Attempt, WebhookMode, WebhookQueue

DEFAULT_SECRET = "sandbox-signing-secret"  # noqa: S105 - of a stand-in
LADDER_S = (10, 60, 300)

_MEMBERS = {"jobs": "job", "customers": "customer", "estimates": "estimate", "leads": "lead"}


@dataclass(slots=True)
class TellingMode(WebhookMode):
    """How webhooks are sent; every field may be set at any time.

    Attributes:
        tells_time: Whether events say when they occurred: older ones do not.
    """

    tells_time: bool = True


class WebhookSender(WebhookQueue[bytes]):
    """Turns changes into deliveries, of all companies with one secret.

    Attributes:
        secret: What deliveries are signed with.
    """

    ladder_s = LADDER_S
    mode: TellingMode

    def __init__(self, chance: Random, secret: str = DEFAULT_SECRET) -> None:
        super().__init__(chance, TellingMode())
        self.secret = secret

    def tell(self, company_id: str, version: Version) -> None:
        """Take in that something changed."""
        if self.mode.on and version.kind in _MEMBERS:
            self.add(self.event(company_id, version), version.at)

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

    def attempt(self, what: bytes, now: datetime) -> Attempt:
        """Sign a delivery that is made now."""
        return Attempt(self.signed(what, now), what)

    def forged_headers(self) -> Mapping[str, str]:
        """Return a signature that is none."""
        return {"api-signature": "0" * 64}

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
