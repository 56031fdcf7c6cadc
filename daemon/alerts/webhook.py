"""Alerts as signed requests to an address of the operator's, as Standard Webhooks describes them.

webhook-id: alerts-17           the last `seq`: the same when it is tried again
webhook-timestamp: 1772366400   when it was sent, in seconds
webhook-signature: v1,...       HMAC-SHA256 of "id.timestamp.body", base64
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http import HTTPStatus

import anyio
import httpx
import msgspec

from actors.clock import Clock
from daemon.alerts.delivery_policy import DeliveryError
from daemon.alerts.document import AlertEventsDocument, event_document
from daemon.config.alerts import WebhookConfig
from store.watch_models import Alert, AlertEvent

_SECRET_PREFIX = "whsec_"  # noqa: S105 - not a secret
_MAY_COME_LATER = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


class AlertWebhook:
    """Posts alerts to one address. Redirects are not followed: what is signed goes where it was meant to."""

    name = "webhook"
    resend_every_s: float | None = None

    def __init__(self, config: WebhookConfig, http: httpx.AsyncClient, clock: Clock) -> None:
        self._config = config
        self._http = http
        self._clock = clock

    async def send(self, events: Sequence[AlertEvent], open_alerts: Sequence[Alert]) -> None:
        """Deliver these events.

        Raises:
            DeliveryError: it did not take them.
        """
        del open_alerts
        last = events[-1].seq
        body = msgspec.json.encode(
            AlertEventsDocument([event_document(event) for event in events], last)
        )
        now = self._clock.now().utc
        message_id = f"alerts-{last}" if last else f"alerts-0-{events[-1].at:%Y%m%d%H%M%S}"
        timestamp = str(int(now.timestamp()))
        secret = self._config.secret.reveal()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "syncline",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(secret, message_id, timestamp, body),
        }
        check_reply(
            await post(self._http, self._config.url, body, headers, self._config.timeout_s), now
        )


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign a delivery. A secret that begins with `whsec_` is base64; another one is taken as it is."""
    key = secret.encode()
    if secret.startswith(_SECRET_PREFIX):
        key = b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, sha256)
    return f"v1,{b64encode(signed.digest()).decode()}"


async def post(
    http: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str], timeout_s: float
) -> httpx.Response:
    """Post, within a deadline for all of it.

    Raises:
        DeliveryError: no answer came.
    """
    try:
        with anyio.fail_after(timeout_s):
            return await http.post(
                url, content=body, headers=headers, timeout=timeout_s, follow_redirects=False
            )
    except TimeoutError as error:
        raise DeliveryError(f"no answer within {timeout_s:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise DeliveryError(f"no answer: {type(error).__name__}") from error


def check_reply(reply: httpx.Response, now: datetime) -> None:
    """See that a receiver took what it was sent.

    Raises:
        DeliveryError: it did not.
    """
    status = reply.status_code
    if reply.is_success:
        return
    may_come_later = status in _MAY_COME_LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise DeliveryError(
        f"it answered HTTP {status}",
        refused=not may_come_later,
        retry_after_s=_retry_after_s(reply.headers.get("Retry-After", ""), now),
    )


def _retry_after_s(text: str, now: datetime) -> float:
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
