"""How an action is put to QuickBooks: path, parameters and body (quickbooks facts §5). Pure.

A write carries two things by which it is known again: a request id, which the vendor may heed, and
a mark in the private note, which people can read. Types without a note have unique names instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from actors.vendors.quickbooks.action_payload import (
    ADDRESSING,
    decoded,
    display_name,
    has_note,
)
from actors.vendors.quickbooks.action_types import (
    ACTION_TYPES,
    REQUIRED_IN_UPDATE,
    VOID_PARAMETERS,
    Act,
)
from actors.vendors.writing import Intent, Target

JSON = "application/json"


class Base(msgspec.Struct, frozen=True):
    """What was noted of the object before the write. All of it is written: older versions need `kept`.

    Attributes:
        version: its SyncToken.
        delivered: when it was last sent by e-mail, as the vendor wrote it.
        kept: fields that an update must repeat.
    """

    version: str
    delivered: str = ""
    kept: dict[str, msgspec.Raw] = {}


class _Delivery(msgspec.Struct):
    at: str = msgspec.field(name="DeliveryTime", default="")


class _Noted(msgspec.Struct):
    version: str = msgspec.field(name="SyncToken", default="")
    delivery: _Delivery | None = msgspec.field(name="DeliveryInfo", default=None)


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One call: path segments below the company, parameters, body and its type."""

    path: tuple[str, ...]
    params: Mapping[str, str]
    content: bytes
    content_type: str = JSON


def target_of(action_type: str, payload: bytes) -> Target:
    """Return what a sound payload is about."""
    kind = ACTION_TYPES[action_type]
    if kind.act is Act.CREATE:
        return Target(str(kind.object_type), None)
    document = decoded(payload)
    object_type = kind.object_type or document["object_type"]
    return Target(object_type, document["object_id"])


def base_of(action_type: str, payload: bytes, record: bytes) -> str:
    """Note what the write and its read-back have to know of the object as it is before."""
    noted = msgspec.json.decode(record, type=_Noted)
    fields: dict[str, msgspec.Raw] = {}
    target = target_of(action_type, payload)
    document = decoded(payload)
    if ACTION_TYPES[action_type].act is Act.UPDATE:
        members = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
        fields = {
            name: members[name]
            for name in REQUIRED_IN_UPDATE.get(target.object_type, ())
            if name in members and name not in document
        }
    version = str(document.get("SyncToken") or noted.version)
    delivered = noted.delivery.at if noted.delivery else ""
    return msgspec.json.encode(Base(version, delivered, fields)).decode()


def read_base(intent: Intent) -> Base:
    """Read what `base_of` wrote."""
    return msgspec.json.decode(intent.base or '{"version":""}', type=Base)


def request_id(intent: Intent) -> str:
    """Return the vendor's idempotency id: 32 to 50 characters, the same for the same try (§2.1)."""
    return f"{intent.action_id.replace('-', '')[:40]}-{intent.generation}"


def batch_request_id(intents: Sequence[Intent]) -> str:
    """Return the id of a batch, at most 36 characters: no two batches, and no single write, share it."""
    first = intents[0]
    return f"b{first.action_id.replace('-', '')[:32]}-{first.generation}"[:36]


def batch_item_ids(intents: Sequence[Intent]) -> Sequence[str]:
    """Return the items' ids, at most 10 characters: the actions' own ends, where those are distinct."""
    ends = [intent.action_id.replace("-", "")[-10:] for intent in intents]
    return ends if len(set(ends)) == len(ends) else [str(n) for n in range(len(ends))]


def batch_item(item_id: str, intent: Intent) -> Mapping[str, object]:
    """Build the item of a batch for an action that creates something."""
    object_type = target_of(intent.action_type, intent.payload).object_type
    body = msgspec.Raw(request_of(intent).content)
    return {"bId": item_id, "operation": "create", object_type: body}


def mark_of(action_id: str) -> str:
    """Return the mark that is left in the private note."""
    return f"[syncline:{action_id.replace('-', '')}]"


def request_of(intent: Intent) -> WriteRequest:
    """Build the call for an action whose payload is sound."""
    kind = ACTION_TYPES[intent.action_type]
    target = target_of(intent.action_type, intent.payload)
    params = {"requestid": request_id(intent)}
    entity = target.object_type.lower()
    match kind.act:
        case Act.CREATE:
            return WriteRequest((entity,), params, _created(intent, target.object_type))
        case Act.SEND:
            send_to = decoded(intent.payload).get("send_to")
            if send_to:
                params["sendTo"] = send_to
            path = (entity, str(target.object_id), "send")
            return WriteRequest(path, params, b"", "application/octet-stream")
        case Act.UPDATE:
            return WriteRequest((entity,), params, _updated(intent, target))
        case Act.VOID:
            params |= VOID_PARAMETERS[target.object_type]
            sparse = params["operation"] == "update"
            return WriteRequest((entity,), params, _named(intent, target, sparse=sparse))
        case Act.DELETE:
            params["operation"] = "delete"
            return WriteRequest((entity,), params, _named(intent, target, sparse=False))


def _created(intent: Intent, object_type: str) -> bytes:
    """Keep the user's own bytes of every field but the one that takes the mark."""
    members = msgspec.json.decode(intent.payload, type=dict[str, msgspec.Raw])
    document = decoded(intent.payload)
    if has_note(object_type):
        note = f"{document.get('PrivateNote') or ''} {mark_of(intent.action_id)}".strip()
        members["PrivateNote"] = _raw(note)
    else:
        members["DisplayName"] = _raw(display_name(document))
    return msgspec.json.encode(members)


def _updated(intent: Intent, target: Target) -> bytes:
    given = msgspec.json.decode(intent.payload, type=dict[str, msgspec.Raw])
    base = read_base(intent)
    changes = {name: value for name, value in given.items() if name not in ADDRESSING}
    identity = {
        "Id": _raw(str(target.object_id)),
        "SyncToken": _raw(base.version),
        "sparse": msgspec.Raw(b"true"),
    }
    return msgspec.json.encode({**base.kept, **changes, **identity})


def _named(intent: Intent, target: Target, *, sparse: bool) -> bytes:
    body: dict[str, object] = {
        "Id": str(target.object_id),
        "SyncToken": read_base(intent).version,
    }
    if sparse:
        body["sparse"] = True
    return msgspec.json.encode(body)


def _raw(value: str) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
