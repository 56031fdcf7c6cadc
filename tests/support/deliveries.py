"""What QuickBooks would deliver to a webhook, signed or not."""

import hashlib
import hmac
from base64 import b64encode
from itertools import count

import httpx
import msgspec

from support.web_house import VERIFIER, Visitor

_NUMBERS = count(1)


def cloud_event(
    realm_id: str, object_type: str = "Invoice", object_id: str = "1", **changes: object
) -> dict[str, object]:
    """Return an event of its own."""
    return {
        "specversion": "1.0",
        "id": f"event-{next(_NUMBERS)}",
        "source": "intuit.c2FuZGJveA==",
        "type": f"qbo.{object_type.lower()}.updated.v1",
        "datacontenttype": "application/json",
        "time": "2026-11-21T09:00:00Z",
        "intuitentityid": object_id,
        "intuitaccountid": realm_id,
        "data": {},
    } | changes


def signed(body: bytes, secret: str = VERIFIER) -> dict[str, str]:
    """Return the headers that a body comes with."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"intuit-signature": b64encode(digest).decode(), "Content-Type": "application/json"}


async def deliver(
    visitor: Visitor, *events: dict[str, object], expect: int = 200
) -> httpx.Response:
    """Deliver events, and fail unless the status is the expected one."""
    body = msgspec.json.encode(list(events))
    return await visitor.call(
        "POST", "/webhooks/quickbooks", content=body, headers=signed(body), expect=expect
    )
