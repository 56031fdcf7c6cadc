"""What the vendor's webhooks say of a change, in both payload forms (Intuit's webhook pages)."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from daemon.sandbox.quickbooks.json_text import Document, encode
from daemon.sandbox.quickbooks.mutation_log import Mutation, MutationKind

_SILENT_TYPES = frozenset({"CompanyInfo", "TaxCode", "TaxRate"})
"""No webhook tells of these."""
_OPERATIONS = {
    MutationKind.CREATE: "created",
    MutationKind.UPDATE: "updated",
    MutationKind.VOID: "voided",
    MutationKind.DELETE: "deleted",
    MutationKind.MERGE: "updated",
    MutationKind.EMAIL: "emailed",
    MutationKind.SIDE_EFFECT: "updated",
}
_LEGACY_NAMES = {
    "created": "Create",
    "updated": "Update",
    "voided": "Void",
    "deleted": "Delete",
    "merged": "Merge",
    "emailed": "Emailed",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event: what happened to which object.

    Attributes:
        loser_id: for a merge, the object that went.
    """

    event_id: str
    realm_id: str
    object_type: str
    object_id: str
    operation: str
    at_us: int
    loser_id: str | None = None


def event_of(mutation: Mutation) -> WebhookEvent | None:
    """Return what a webhook says of a change; None when it says nothing."""
    operation = _OPERATIONS.get(mutation.kind)
    if operation is None or mutation.object_type in _SILENT_TYPES:
        return None
    event_id = f"00000000-0000-4000-8000-{mutation.sequence:012x}"
    keys = (event_id, mutation.realm_id, mutation.object_type)
    if mutation.merged_into is not None:
        loser = mutation.object_id
        return WebhookEvent(*keys, mutation.merged_into, "merged", mutation.at_us, loser)
    return WebhookEvent(*keys, mutation.object_id, operation, mutation.at_us)


def cloud_events(events: Sequence[WebhookEvent]) -> bytes:
    """Write the current form: an array, which may mix companies."""
    return encode([_cloud_event(event) for event in events])


def legacy(events: Sequence[WebhookEvent]) -> bytes:
    """Write the older form: by company."""
    by_realm: dict[str, list[Document]] = {}
    for event in events:
        by_realm.setdefault(event.realm_id, []).append(_legacy_entity(event))
    notifications = [
        {"realmId": realm_id, "dataChangeEvent": {"entities": entities}}
        for realm_id, entities in by_realm.items()
    ]
    return encode({"eventNotifications": notifications})


def signature(body: bytes, verifier_token: str) -> str:
    """Sign a body as the vendor does."""
    return b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


def _cloud_event(event: WebhookEvent) -> Document:
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": "intuit.c2FuZGJveA==",
        "type": f"qbo.{event.object_type.lower()}.{event.operation}.v1",
        "datacontenttype": "application/json",
        "time": _time(event),
        "intuitentityid": event.object_id,
        "intuitaccountid": event.realm_id,
        "data": {} if event.loser_id is None else {"deletedid": event.loser_id},
    }


def _legacy_entity(event: WebhookEvent) -> Document:
    entity: Document = {
        "id": event.object_id,
        "operation": _LEGACY_NAMES[event.operation],
        "name": event.object_type,
        "lastUpdated": _time(event),
    }
    if event.loser_id is not None:
        entity["deletedId"] = event.loser_id
    return entity


def _time(event: WebhookEvent) -> str:
    at = _EPOCH + timedelta(microseconds=event.at_us)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
