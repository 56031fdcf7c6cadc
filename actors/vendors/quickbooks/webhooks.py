"""QuickBooks' webhooks: whether Intuit sent one, and what it says (quickbooks facts §9). Pure.

Two forms: an array of CloudEvents, which may mix companies, and the older object by company. An
event names an object and what happened to it, and holds no data.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

import msgspec

from actors.vendors.failed_call import UnreadableReplyError
from actors.vendors.notice import Delivery, UnreadableDeliveryError, WebhookDoor
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.quickbooks.settings import QuickBooksSettings
from actors.vendors.quickbooks.timestamps import as_utc
from store.notice import Notice

SIGNATURE = "intuit-signature"

NOTICED_TYPES = frozenset(
    {
        "Account",
        "Bill",
        "BillPayment",
        "Class",
        "CreditMemo",
        "Customer",
        "Department",
        "Deposit",
        "Employee",
        "Estimate",
        "Invoice",
        "Item",
        "JournalEntry",
        "Payment",
        "PaymentMethod",
        "Purchase",
        "PurchaseOrder",
        "RefundReceipt",
        "SalesReceipt",
        "TaxAgency",
        "Term",
        "TimeActivity",
        "Transfer",
        "Vendor",
        "VendorCredit",
    }
).intersection(OBJECT_TYPES)

_BY_LOWER_NAME = MappingProxyType({name.lower(): name for name in OBJECT_TYPES})
_OPERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "create": "created",
        "update": "updated",
        "delete": "deleted",
        "merge": "merged",
        "void": "voided",
        "emailed": "emailed",
    }
)
"""What the older form calls what the CloudEvents call otherwise."""
_OPERATIONS_KNOWN = frozenset(_OPERATIONS.values())
_MERGED, _DELETED = "merged", "deleted"
_DERIVED_ID_BYTES = 16

_Item = TypeVar("_Item")


class _Merged(msgspec.Struct):
    deleted_id: str | int | None = msgspec.field(default=None, name="deletedid")


class _CloudEvent(msgspec.Struct):
    id: str
    type: str
    time: datetime
    entity_id: str | int = msgspec.field(name="intuitentityid")
    realm_id: str | int = msgspec.field(name="intuitaccountid")
    data: _Merged | None = None


class _Entity(msgspec.Struct):
    id: str | int
    operation: str
    name: str
    last_updated: datetime = msgspec.field(name="lastUpdated")
    deleted_id: str | int | None = msgspec.field(default=None, name="deletedId")


class _DataChange(msgspec.Struct):
    entities: list[msgspec.Raw] = []


class _Notification(msgspec.Struct):
    realm_id: str | int = msgspec.field(name="realmId")
    change: _DataChange | None = msgspec.field(default=None, name="dataChangeEvent")


class _Legacy(msgspec.Struct):
    notifications: list[_Notification] = msgspec.field(name="eventNotifications")


def verify(raw_body: bytes | bytearray, headers: Mapping[str, str], secret: str) -> bool:
    """Tell whether the body is signed with the verifier token. In constant time.

    Args:
        raw_body: as it came; a body that was decoded and written again is another one.
        headers: by lower-case name.
        secret: the verifier token of the app.
    """
    digest = hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
    given = headers.get(SIGNATURE, "").strip().encode(errors="surrogateescape")
    return hmac.compare_digest(b64encode(digest), given)


def parse(raw_body: bytes | bytearray) -> Delivery:
    """Read a delivery of either form. One event that cannot be read does not spoil the others.

    Raises:
        UnreadableDeliveryError: it has neither form.
    """
    reading = _Reading()
    try:
        if raw_body.lstrip()[:1] == b"[":
            for raw in msgspec.json.decode(raw_body, type=list[msgspec.Raw]):
                reading.take(_cloud_event(raw))
        else:
            for notification in msgspec.json.decode(raw_body, type=_Legacy).notifications:
                change = notification.change or _DataChange()
                for raw in change.entities:
                    reading.take(_entity(str(notification.realm_id), raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDeliveryError(f"the body has no form that is known: {error}") from error
    return Delivery(reading.notices, reading.unknown_types, reading.unreadable)


class _Reading:
    """Gathers what the events of one body say."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.unknown_types = 0
        self.unreadable = 0

    def take(self, notices: Iterable[Notice] | None) -> None:
        """Add one event's notices; None is an event that could not be read."""
        if notices is None:
            self.unreadable += 1
            return
        for notice in notices:
            if not notice.object_type:
                self.unknown_types += 1
            elif _is_storable(notice):
                self.notices.append(notice)
            else:
                self.unreadable += 1


def _cloud_event(raw: msgspec.Raw) -> Iterable[Notice] | None:
    event = _read(raw, _CloudEvent)
    if event is None:
        return None
    name, _, operation = event.type.removeprefix("qbo.").partition(".")
    operation = operation.partition(".")[0]
    deleted_id = event.data.deleted_id if event.data else None
    return _notices(
        event.id,
        str(event.realm_id),
        (name, str(event.entity_id)),
        operation,
        event.time,
        deleted_id,
    )


def _entity(realm_id: str, raw: msgspec.Raw) -> Iterable[Notice] | None:
    entity = _read(raw, _Entity)
    if entity is None:
        return None
    operation = _OPERATIONS.get(entity.operation.lower(), entity.operation.lower())
    parts = (realm_id, entity.name, str(entity.id), operation, entity.last_updated.isoformat())
    # It comes again under the same name when it is delivered again.
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=_DERIVED_ID_BYTES)
    return _notices(
        digest.hexdigest(),
        realm_id,
        (entity.name, str(entity.id)),
        operation,
        entity.last_updated,
        entity.deleted_id,
    )


def _notices(
    event_id: str,
    realm_id: str,
    entity: tuple[str, str],
    operation: str,
    time: datetime,
    deleted_id: str | int | None,
) -> Iterable[Notice] | None:
    """Return what an event says: of a merge that one object changed and another is gone."""
    name, object_id = entity
    object_type = _BY_LOWER_NAME.get(name.lower(), "")
    try:
        at = as_utc(time)
    except UnreadableReplyError:
        return None
    known = operation if operation in _OPERATIONS_KNOWN else "updated"
    first = Notice(event_id, realm_id, object_type, object_id, known, at)
    return [first, *_loser(first, deleted_id)]


def _loser(merge: Notice, deleted_id: str | int | None) -> Iterator[Notice]:
    if merge.operation == _MERGED and deleted_id is not None:
        yield msgspec.structs.replace(merge, object_id=str(deleted_id), operation=_DELETED)


def _read(raw: msgspec.Raw, kind: type[_Item]) -> _Item | None:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _is_storable(notice: Notice) -> bool:
    """A key without text names nothing, and one with U+0000 cannot be kept."""
    keys = (notice.event_id, notice.external_account_id, notice.object_id)
    return all(keys) and not any("\0" in key for key in keys)


DOOR = WebhookDoor(SIGNATURE, verify, parse, NOTICED_TYPES)


def door(_settings: QuickBooksSettings) -> WebhookDoor:
    """Return how deliveries are let in, which is the same for every app."""
    return DOOR
