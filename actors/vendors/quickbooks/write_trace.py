"""What shows, afterwards, that a write happened or did not. Pure.

The marker decides for what carries one. Where something like it is there without a mark, nobody but
a person can tell, and that is what is answered.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from actors.vendors.quickbooks.action_payload import ADDRESSING, decoded, display_name
from actors.vendors.quickbooks.timestamps import as_utc
from actors.vendors.quickbooks.write_request import Base, mark_of, target_of
from actors.vendors.writing import Unclear
from store.models import ObjectRecord

_PARTY = {"Payment": "CustomerRef", "Invoice": "CustomerRef"}
VOIDED = "Voided"
DELETED_SUFFIX = " (deleted)"


class _Meta(msgspec.Struct):
    created_at: datetime = msgspec.field(name="CreateTime")


class _Created(msgspec.Struct):
    meta: _Meta = msgspec.field(name="MetaData")


def is_marked(action_id: str, record: bytes) -> bool:
    """Tell whether the object carries the action's mark."""
    return mark_of(action_id).encode() in record


def created_at(record: ObjectRecord) -> datetime:
    """Return when the object was created."""
    return as_utc(msgspec.json.decode(record.payload, type=_Created).meta.created_at)


def marked(action_id: str, candidates: Sequence[ObjectRecord]) -> ObjectRecord | None:
    """Return the object that carries the mark."""
    return next((each for each in candidates if is_marked(action_id, each.payload)), None)


def unmarked_twin(
    action_type: str, payload: bytes, candidates: Sequence[ObjectRecord]
) -> Unclear | None:
    """Look for an object without any mark that was made since, with the same party, amount and date.

    Somebody may have entered it by hand, or taken our mark off.
    """
    asked = decoded(payload)
    object_type = target_of(action_type, payload).object_type
    party = _PARTY.get(object_type, "VendorRef")
    for candidate in candidates:
        if b"[syncline:" in candidate.payload:
            continue
        found = decoded(candidate.payload)
        same_party = _same(asked.get(party), found.get(party))
        same_amount = "TotalAmt" not in asked or _same(asked["TotalAmt"], found.get("TotalAmt"))
        same_day = "TxnDate" not in asked or asked["TxnDate"] == found.get("TxnDate")
        if same_party and same_amount and same_day:
            return Unclear(
                f"{object_type} {candidate.object_id} was made since, for the same party"
                " and amount, but does not carry this action's mark"
            )
    return None


def name_condition(payload: bytes) -> tuple[str, str]:
    """Return the names under which an object of this payload may be found: as made, or inactive."""
    name = display_name(decoded(payload))
    return name, f"{name}{DELETED_SUFFIX}"


def has_changes(payload: bytes, record: bytes) -> bool:
    """Tell whether the object is as a sparse update wanted it."""
    found = decoded(record)
    asked = {name: value for name, value in decoded(payload).items() if name not in ADDRESSING}
    asked.pop("SyncToken", None)
    return all(_holds(value, found.get(name)) for name, value in asked.items())


def is_void(record: bytes) -> bool:
    """Tell whether a transaction is voided: it says so in its note, and has no amount (§10.12)."""
    found = decoded(record)
    note = str(found.get("PrivateNote", ""))
    return note.startswith(VOIDED) and _same(found.get("TotalAmt", 0), 0)


def was_sent(base: Base, record: bytes) -> bool:
    """Tell whether it was sent by e-mail since the base was noted."""
    delivery = decoded(record).get("DeliveryInfo")
    delivered = delivery.get("DeliveryTime", "") if isinstance(delivery, Mapping) else ""
    return bool(delivered) and delivered != base.delivered


def _holds(asked: Any, found: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Tell whether all that was asked for is there; the vendor adds more of its own."""
    if isinstance(asked, Mapping) and isinstance(found, Mapping):
        return all(_holds(value, found.get(name)) for name, value in asked.items())
    if isinstance(asked, list) and isinstance(found, list):
        return len(asked) <= len(found) and all(map(_holds, asked, found))
    return _same(asked, found)


def _same(asked: Any, found: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    """Compare values as the vendor means them: references by id, numbers by value."""
    if isinstance(asked, Mapping) and isinstance(found, Mapping) and "value" in asked:
        return bool(asked["value"] == found.get("value"))
    if asked in (None, ""):
        return found in (None, "")
    one, other = _number(asked), _number(found)
    if one is not None and other is not None:
        return one == other
    return bool(asked == found)


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None
