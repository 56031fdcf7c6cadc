"""ServiceTitan's webhooks: whether it sent one, and what it says (servicetitan facts §1.13). Pure.

A delivery is one CloudEvent of one tenant; all tenants of the app come to the same address. Neither
the signature's header nor how it is written is documented, and public integrations disagree: the
header is configured, and hexadecimal and base64 both count.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType

import msgspec

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.instant import as_utc
from actors.vendors.notice import Delivery, UnreadableDeliveryError, WebhookDoor
from actors.vendors.servicetitan.settings import ServiceTitanSettings
from store.notice import Notice

_MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "lead": "leads",
        "booking": "bookings",
        "job": "jobs",
        "appointment": "appointments",
        "invoice": "invoices",
    }
)
"""Where an event's data holds what it is about, and which type that is."""

NOTICED_TYPES: frozenset[str] = frozenset()
"""Types whose every change is told. Of none is it known: nothing counts as a webhook missed."""

_PREFIX = "tn."


class _Subject(msgspec.Struct):
    id: int | str


class _Event(msgspec.Struct):
    type: str
    time: datetime
    data: dict[str, msgspec.Raw]
    id: str = ""
    occurrence: str | None = msgspec.field(name="userassignedid", default=None)


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_subject = msgspec.json.Decoder(_Subject).decode
_decode_tenant = msgspec.json.Decoder(int | str).decode


def verify(
    header: str, raw_body: bytes | bytearray, headers: Mapping[str, str], secret: str
) -> bool:
    """Tell whether the body is signed with the app's key. In constant time.

    Args:
        header: the lower-case name of the header with the signature.
        raw_body: as it came.
        headers: by lower-case name.
        secret: the key that was entered for the webhook.
    """
    digest = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
    given = headers.get(header, "").strip().removeprefix("sha256=")
    as_given = given.encode(errors="surrogateescape")
    is_hex = hmac.compare_digest(digest.hex().encode(), as_given.lower())
    is_base64 = hmac.compare_digest(b64encode(digest), as_given)
    return is_hex or is_base64


def parse(raw_body: bytes | bytearray) -> Delivery:
    """Read a delivery.

    Raises:
        UnreadableDeliveryError: it is no event of ServiceTitan's.
    """
    try:
        event = _decode_event(raw_body)
        tenant = str(_decode_tenant(event.data["tenantId"]))
        at = as_utc(event.time)
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        RecursionError,
        KeyError,
        UnreadableReplyError,
    ) as error:
        raise UnreadableDeliveryError("the body is no event that is known") from error
    if not event.type.startswith(_PREFIX):
        raise UnreadableDeliveryError("the body is no event of ServiceTitan's")
    name = _subject_of(event)
    if name is None:
        return Delivery((), unknown_types=1)
    try:
        object_id = str(_decode_subject(event.data[name]).id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Delivery((), unreadable=1)
    # The delivery's id may change when it is made again; the occurrence's does not.
    event_id = event.occurrence or event.id
    if not all((event_id, tenant, object_id)) or "\0" in event_id + tenant + object_id:
        return Delivery((), unreadable=1)
    operation = "created" if event.type.endswith("-created") else "updated"
    return Delivery([Notice(event_id, tenant, _MEMBERS[name], object_id, operation, at)])


def _subject_of(event: _Event) -> str | None:
    """Return what the event is about, by its type; an appointment may come with its job alone."""
    kind = event.type.rpartition(".")[2]
    named = [name for name in _MEMBERS if name in event.data and name in kind]
    return named[-1] if named else next((name for name in _MEMBERS if name in event.data), None)


def door(settings: ServiceTitanSettings) -> WebhookDoor:
    """Return how deliveries are let in."""
    header = settings.webhook_signature_header.lower()
    return WebhookDoor(header, partial(verify, header), parse, NOTICED_TYPES)
