"""Where QuickBooks has something else than a write asked for (quickbooks facts §5, §7). Pure.

Only what was asked for is compared, and as the vendor means it: references by id, amounts by value,
days without a time zone. What it adds or works out by itself does not count: ids and numbers of
lines, subtotals, taxes, our own mark in the note.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from actors.vendors.quickbooks.action_payload import ADDRESSING, decoded, display_name
from actors.vendors.quickbooks.action_types import ACTION_TYPES, NAMED, Act
from actors.vendors.quickbooks.write_request import target_of
from actors.vendors.quickbooks.write_trace import DELETED_SUFFIX, is_void
from actors.vendors.writing import Difference, Target

Document = Mapping[str, Any]

_THE_OBJECT = "(object)"
_UNCOMPARED = frozenset(
    {
        *ADDRESSING,
        "Id",
        "SyncToken",
        "sparse",
        "domain",
        "MetaData",
        "TxnTaxDetail",
        "GlobalTaxCalculation",
        "ProcessPayment",
        "AutoDocNumber",
        "OpenBalanceDate",
        "Balance",
        "BalanceWithJobs",
        "EmailStatus",
        "PrintStatus",
        "PrimaryTaxIdentifier",
        "SecondaryTaxIdentifier",
        "TaxIdentifier",
        "CreditChargeInfo",
        "VendorPaymentBankDetail",
    }
)
"""Not the object's own; worked out by the vendor from all of it, or moved on by what happens to it
(what was to be mailed is mailed); shown with all but its last digits masked. Wherever it stands."""

_LINE_UNCOMPARED = frozenset({"Id", "LineNum", "LinkedTxn", "LineEx"})
_SUBTOTAL = "SubTotalLineDetail"
_MARK = re.compile(r"\s*\[syncline:[0-9a-f]+\]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAY_CHARS = 10
_LONGEST = 200
_DEBTS = frozenset({"Invoice", "Bill"})
_LINKS = {"Payment": ("Payment",), "BillPayment": ("BillPayment", "BillPaymentCheck")}


def differences(action_type: str, payload: bytes, record: bytes | None) -> Iterator[Difference]:
    """Compare what was asked for with the object as it is; None when it is gone."""
    act = ACTION_TYPES[action_type].act
    if act is Act.DELETE:
        if record is not None:
            yield Difference(_THE_OBJECT, "deleted", "there")
    elif record is None:
        yield Difference(_THE_OBJECT, "there", "deleted")
    elif act is Act.VOID:
        if not is_void(record):
            yield Difference(_THE_OBJECT, "void", "not void")
    elif act is Act.SEND:
        status = decoded(record).get("EmailStatus")
        if status != "EmailSent":
            yield Difference("EmailStatus", "EmailSent", _text(status))
    else:
        yield from _fields(action_type, decoded(payload), decoded(record))


def overwrites(action_type: str) -> bool:
    """Tell whether what the object was before may be otherwise after such a write."""
    return ACTION_TYPES[action_type].act is not Act.SEND


def ends(action_type: str) -> bool:
    """Tell whether payments are taken off the object by such a write: an update leaves them on it."""
    return ACTION_TYPES[action_type].act in (Act.VOID, Act.DELETE)


def related(action_type: str, payload: bytes) -> Sequence[Target]:
    """Return the other objects that a write is to show in: what a payment pays."""
    if target_of(action_type, payload).object_type not in _LINKS:
        return ()
    if ACTION_TYPES[action_type].act is not Act.CREATE:
        return ()
    found = {
        Target(link["TxnType"], link["TxnId"]): None
        for line in _documents(decoded(payload).get("Line"))
        for link in line["LinkedTxn"]
        if link["TxnType"] in _DEBTS
    }
    return tuple(found)


def related_differences(
    action_type: str, payload: bytes, object_id: str, record: bytes
) -> Iterator[Difference]:
    """Compare another object that a write is to show in: it names the payment that pays it."""
    object_type = target_of(action_type, payload).object_type
    wanted = _LINKS.get(object_type, ())
    if not any(
        str(link.get("TxnId")) == object_id and str(link.get("TxnType")).startswith(wanted)
        for link in _documents(decoded(record).get("LinkedTxn"))
    ):
        yield Difference("LinkedTxn", f"{object_type} {object_id}", "nothing")


def _fields(action_type: str, asked: Document, found: Document) -> Iterator[Difference]:
    object_type = ACTION_TYPES[action_type].object_type or asked["object_type"]
    for name, value in asked.items():
        if name in _UNCOMPARED:
            continue
        if name == "Line" and isinstance(value, list):
            yield from _lines(value, found.get("Line"))
        elif name == "DisplayName" and object_type in NAMED:
            yield from _name(asked, found)
        else:
            yield from _compared(name, value, found.get(name))


def _name(asked: Document, found: Document) -> Iterator[Difference]:
    """Compare names: who made it inactive did not rename it."""
    wanted, has = display_name(asked), str(found.get("DisplayName") or "")
    if has.removesuffix(DELETED_SUFFIX) != wanted:
        yield Difference("DisplayName", wanted, has or _text(None))


def _compared(path: str, asked: object, found: object) -> Iterator[Difference]:
    if isinstance(asked, Mapping) and "value" not in asked:
        inside = found if isinstance(found, Mapping) else {}
        for name, value in asked.items():
            if name not in _UNCOMPARED:
                yield from _compared(f"{path}.{name}", value, inside.get(name))
    elif isinstance(asked, list):
        others = found if isinstance(found, list) else []
        for number, value in enumerate(asked):
            other = others[number] if number < len(others) else None
            yield from _compared(f"{path}[{number}]", value, other)
    elif not _same(asked, found):
        yield Difference(path, _text(asked), _text(found))


def _lines(asked: list[Any], found: object) -> Iterator[Difference]:
    """Compare lines: those that settle something by what they settle, all others by their order."""
    left = [each for each in _documents(found) if each.get("DetailType") != _SUBTOTAL]
    for number, line in enumerate(_documents(asked)):
        path, links = f"Line[{number}]", _links(line)
        other = _taken(left, line, links)
        if other is None:
            what = ", ".join(f"{kind} {id_}" for kind, id_ in sorted(links))
            field = f"{path}.LinkedTxn" if links else path
            yield Difference(field, what or _text(line.get("Amount")), _text(None))
            continue
        for name, value in line.items():
            if name not in _LINE_UNCOMPARED:
                yield from _compared(f"{path}.{name}", value, other.get(name))


def _taken(left: list[Document], line: Document, links: frozenset[tuple[str, str]]) -> Any:  # noqa: ANN401
    """Take the line out that stands for this one; None when there is none."""
    for place, other in enumerate(left):
        same_id = "Id" in line and line["Id"] == other.get("Id")
        if same_id or ("Id" not in line and links <= _links(other)):
            return left.pop(place)
    return None


def _links(line: Document) -> frozenset[tuple[str, str]]:
    links = _documents(line.get("LinkedTxn"))
    return frozenset((str(link.get("TxnType")), str(link.get("TxnId"))) for link in links)


def _documents(value: object) -> list[Document]:
    """Return the objects of a list. Neither users nor the vendor can be held to write nothing else."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _same(asked: object, found: object) -> bool:
    if isinstance(asked, Mapping):
        return isinstance(found, Mapping) and str(asked["value"]) == str(found.get("value"))
    if not asked and not found:
        return True  # empty, false and zero are left out, or shown
    if _is_number(asked) or _is_number(found):
        return _number(asked) == _number(found) is not None
    if isinstance(asked, str) and isinstance(found, str):
        return _plain(asked) == _plain(found)
    return asked == found


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _plain(text: str) -> str:
    """Return a text without what the vendor or we put around it."""
    text = _MARK.sub("", text).strip()
    return text[:_DAY_CHARS] if _DAY.match(text) else text


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("value")
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
