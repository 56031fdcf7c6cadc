"""Housecall Pro's webhooks: whether it sent one, and what it says (housecallpro facts §2.7). Pure.

One event a delivery, with the whole object. It has no id: one is made of what it says.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.housecallpro.settings import HousecallProSettings
from actors.vendors.instant import as_utc
from actors.vendors.notice import Delivery, UnreadableDeliveryError, WebhookDoor
from store.notice import Notice

SIGNATURE = "api-signature"
TIMESTAMP = "api-timestamp"

NOTICED_TYPES: frozenset[str] = frozenset()
"""Types whose every change is told. Of none is it known: nothing counts as a webhook missed."""

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "job": "jobs",
        "customer": "customers",
        "estimate": "estimates",
        "lead": "leads",
        "invoice": "invoices",
        "employee": "employees",
        "pro": "employees",
    }
)
_DERIVED_ID_BYTES = 16


class _Event(msgspec.Struct):
    event: str
    company_id: str
    event_occurred_at: datetime | None = None


class _Subject(msgspec.Struct):
    id: str
    job_id: str | None = None
    updated_at: datetime | None = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_subject = msgspec.json.Decoder(_Subject).decode


def verify(raw_body: bytes | bytearray, headers: Mapping[str, str], secret: str) -> bool:
    """Tell whether time and body are signed with the webhook's secret. In constant time."""
    timestamp = headers.get(TIMESTAMP, "").encode(errors="surrogateescape")
    message = timestamp + b"." + bytes(raw_body)
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    given = headers.get(SIGNATURE, "").strip().removeprefix("sha256=")
    as_given = given.encode(errors="surrogateescape").lower()
    return bool(timestamp) and hmac.compare_digest(expected.encode(), as_given)


def parse(raw_body: bytes | bytearray) -> Delivery:
    """Read a delivery.

    Raises:
        UnreadableDeliveryError: it is no JSON object.
    """
    try:
        members = _decode_members(raw_body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDeliveryError("the body is no event that is known") from error
    try:
        event = _decode_event(raw_body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # The vendor tries an address out with a body that says nothing.
        return Delivery((), unreadable=1)
    name, *rest = event.event.split(".")
    if name not in _TYPES:
        return Delivery((), unknown_types=1)
    is_appointment = "appointment" in "".join(rest)
    subject = _subject(members, "appointment" if is_appointment else name)
    if subject is None:
        return Delivery((), unreadable=1)
    object_id = subject.job_id if is_appointment else subject.id
    at = _instant(event.event_occurred_at or subject.updated_at)
    # Older deliveries don't say when it happened; of what says it nowhere, polls must do.
    if not object_id or at is None or not event.company_id or "\0" in object_id + event.company_id:
        return Delivery((), unreadable=1)
    digest = hashlib.blake2b(raw_body, digest_size=_DERIVED_ID_BYTES).hexdigest()
    operation = rest[-1] if rest and rest[-1] in {"created", "deleted"} else "updated"
    return Delivery([Notice(digest, event.company_id, _TYPES[name], object_id, operation, at)])


def _subject(members: Mapping[str, msgspec.Raw], name: str) -> _Subject | None:
    """Return what an event is about."""
    try:
        return _decode_subject(members[name])
    except (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _instant(moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else as_utc(moment)
    except UnreadableReplyError:
        return None


DOOR = WebhookDoor(SIGNATURE, verify, parse, NOTICED_TYPES)


def door(_settings: HousecallProSettings) -> WebhookDoor:
    """Return how deliveries are let in, which is the same for every company."""
    return DOOR
