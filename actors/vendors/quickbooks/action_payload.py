"""What must be in the payload of an action, and what is wrong with one. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from actors.vendors.payload_problem import Document, shown, wrong
from actors.vendors.quickbooks.action_types import (
    ACTION_TYPES,
    DELETABLE,
    NAMED,
    VOID_PARAMETERS,
    Act,
)
from actors.vendors.quickbooks.object_types import OBJECT_TYPES
from actors.vendors.writing import PayloadProblem

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
ADDRESSING = frozenset({"object_type", "object_id"})
"""What of an `object.…` payload is ours; all else is the vendor's."""

LONGEST_NOTE = 3900
"""The vendor takes 4,000 characters; the rest is for our mark."""

_MOST_OF_A_NAME = 100
_OURS_ALONE = ("Id", "SyncToken", "sparse")

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def decoded(payload: bytes) -> Document:
    """Read a payload that was found sound; numbers are exact."""
    document: Document = _decode(payload)
    return document


def problems(action_type: str, payload: bytes) -> Sequence[PayloadProblem]:
    """Say everything that keeps the payload from being sent."""
    try:
        document = _decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return [PayloadProblem("payload", "a JSON object", "something else")]
    if not isinstance(document, Mapping):
        return [wrong("payload", "a JSON object", document)]
    return sorted(_checked(action_type, document), key=lambda problem: problem.path)


def _checked(action_type: str, document: Document) -> Iterator[PayloadProblem]:
    kind = ACTION_TYPES[action_type]
    if kind.act is Act.CREATE:
        for name in _OURS_ALONE:
            if name in document:
                yield PayloadProblem(
                    f"payload.{name}", "nothing: it creates an object", shown(document[name])
                )
        yield from _note(document)
        yield from _CREATES[action_type](document)
    elif kind.act is Act.SEND:
        yield from _sendable(document)
    else:
        yield from _addressed(kind.act, document)


def _sendable(document: Document) -> Iterator[PayloadProblem]:
    yield from _object_id(document)
    for name in document.keys() - {"object_id", "send_to"}:
        yield PayloadProblem(f"payload.{name}", "object_id and send_to alone", "an unknown field")
    send_to = document.get("send_to")
    if send_to is not None and not (isinstance(send_to, str) and "@" in send_to):
        yield wrong("payload.send_to", "an e-mail address", send_to)


def _addressed(act: Act, document: Document) -> Iterator[PayloadProblem]:
    taken = {
        Act.UPDATE: OBJECT_TYPES.keys(),
        Act.VOID: VOID_PARAMETERS.keys(),
        Act.DELETE: DELETABLE,
    }[act]
    if document.get("object_type") not in taken:
        expected = f"one of {', '.join(sorted(taken))}"
        yield wrong("payload.object_type", expected, document.get("object_type"))
    yield from _object_id(document)
    token = document.get("SyncToken")
    if token is not None and not isinstance(token, str):
        yield wrong("payload.SyncToken", "a string", token)
    for name in ("Id", "sparse"):
        if name in document:
            yield PayloadProblem(
                f"payload.{name}", "nothing: object_id says which", shown(document[name])
            )
    rest = document.keys() - ADDRESSING - set(_OURS_ALONE)
    if act is Act.UPDATE and not rest:
        yield PayloadProblem("payload", "at least one field to change", "none")
    if act is not Act.UPDATE:
        for name in sorted(rest):
            yield PayloadProblem(
                f"payload.{name}", "object_type and object_id alone", "an unknown field"
            )


def _object_id(document: Document) -> Iterator[PayloadProblem]:
    object_id = document.get("object_id")
    if not (isinstance(object_id, str) and object_id.isascii() and object_id.isdigit()):
        yield wrong("payload.object_id", "the object's id, a string of digits", object_id)


def _payment(document: Document) -> Iterator[PayloadProblem]:
    yield from _reference(document, "CustomerRef")
    yield from _amount(document, "TotalAmt")
    yield from _applied_lines(document, needed=False)


def _bill_payment(document: Document) -> Iterator[PayloadProblem]:
    yield from _reference(document, "VendorRef")
    yield from _amount(document, "TotalAmt")
    yield from _applied_lines(document, needed=True)
    way = {"Check": ("CheckPayment", "BankAccountRef"), "CreditCard": _BY_CARD}
    pay_type = document.get("PayType")
    if not isinstance(pay_type, str) or pay_type not in way:
        yield wrong("payload.PayType", "Check or CreditCard", pay_type)
        return
    part, account = way[pay_type]
    inner = document.get(part)
    if isinstance(inner, Mapping):
        yield from _reference(inner, account, f"payload.{part}")
    else:
        yield wrong(f"payload.{part}", f"an object with {account}", inner)


_BY_CARD = ("CreditCardPayment", "CCAccountRef")


def _invoice(document: Document) -> Iterator[PayloadProblem]:
    yield from _reference(document, "CustomerRef")
    yield from _detail_lines(document)


def _bill(document: Document) -> Iterator[PayloadProblem]:
    yield from _reference(document, "VendorRef")
    yield from _detail_lines(document)


def _name(document: Document) -> Iterator[PayloadProblem]:
    for part in ("DisplayName", *NAME_PARTS):
        value = document.get(part)
        if value is not None and not isinstance(value, str):
            yield wrong(f"payload.{part}", "a text", value)
            return
    name = display_name(document)
    if not name:
        yield wrong("payload.DisplayName", "a name", document.get("DisplayName"))
    elif len(name) > _MOST_OF_A_NAME:
        found = f"{len(name)} characters"
        yield PayloadProblem("payload.DisplayName", f"at most {_MOST_OF_A_NAME} characters", found)


_CREATES = {
    "payment.create": _payment,
    "billpayment.create": _bill_payment,
    "invoice.create": _invoice,
    "bill.create": _bill,
    "customer.create": _name,
    "vendor.create": _name,
}


def display_name(document: Document) -> str:
    """Return the name, by which the vendor keeps such objects apart; made of its parts if need be."""
    given = document.get("DisplayName")
    if given:
        return str(given).strip()
    return " ".join(str(document[part]) for part in NAME_PARTS if document.get(part))


def has_note(object_type: str) -> bool:
    """Tell whether objects of the type have a private note, which can carry our mark."""
    return object_type not in NAMED


def _note(document: Document) -> Iterator[PayloadProblem]:
    note = document.get("PrivateNote")
    if note is None:
        return
    if not isinstance(note, str):
        yield wrong("payload.PrivateNote", "a text", note)
    elif len(note) > LONGEST_NOTE:
        expected = f"at most {LONGEST_NOTE} characters"
        yield PayloadProblem("payload.PrivateNote", expected, f"{len(note)} characters")


def _reference(document: Document, name: str, within: str = "payload") -> Iterator[PayloadProblem]:
    reference = document.get(name)
    value = reference.get("value") if isinstance(reference, Mapping) else None
    if not (isinstance(value, str) and value):
        yield wrong(f"{within}.{name}", '{"value": "an id"}', reference)


def _amount(
    document: Document, name: str, within: str = "payload", *, least: int | None = 0
) -> Iterator[PayloadProblem]:
    value = document.get(name)
    if not isinstance(value, int | Decimal) or not _is_number(value):
        yield wrong(f"{within}.{name}", "a number", value)
    elif least is not None and value < least:
        yield wrong(f"{within}.{name}", f"{least} or more", value)


def _is_number(value: int | Decimal) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return not isinstance(value, bool)


def _lines(document: Document, *, needed: bool) -> Iterator[tuple[str, Document] | PayloadProblem]:
    lines = document.get("Line")
    if lines is None and not needed:
        return
    if not isinstance(lines, list) or (needed and not lines):
        yield wrong("payload.Line", "a list of lines", lines)
        return
    for number, line in enumerate(lines):
        path = f"payload.Line[{number}]"
        yield (path, line) if isinstance(line, Mapping) else wrong(path, "an object", line)


def _applied_lines(document: Document, *, needed: bool) -> Iterator[PayloadProblem]:
    for each in _lines(document, needed=needed):
        if isinstance(each, PayloadProblem):
            yield each
            continue
        path, line = each
        yield from _amount(line, "Amount", path)
        links = line.get("LinkedTxn")
        sound = isinstance(links, list) and links and all(map(_is_link, links))
        if not sound:
            expected = '[{"TxnId": "…", "TxnType": "…"}]'
            yield wrong(f"{path}.LinkedTxn", expected, links)


def _is_link(link: object) -> bool:
    return isinstance(link, Mapping) and all(
        isinstance(link.get(name), str) and link[name] for name in ("TxnId", "TxnType")
    )


def _detail_lines(document: Document) -> Iterator[PayloadProblem]:
    for each in _lines(document, needed=True):
        if isinstance(each, PayloadProblem):
            yield each
            continue
        path, line = each
        detail = line.get("DetailType")
        if not (isinstance(detail, str) and detail):
            yield wrong(f"{path}.DetailType", "the kind of line", detail)
        elif detail != "DescriptionOnly":
            yield from _amount(line, "Amount", path, least=None)


def leans_on(action_type: str, payload: bytes) -> frozenset[str]:
    """Name what a sound payload shares with others: transactions that it is linked to, or its name."""
    document = decoded(payload)
    lines = document.get("Line")
    found = {
        f"{link.get('TxnType')} {link.get('TxnId')}"
        for line in (lines if isinstance(lines, list) else ())
        if isinstance(line, Mapping)
        for link in line.get("LinkedTxn") or ()
        if isinstance(link, Mapping)
    }
    if ACTION_TYPES[action_type].object_type in NAMED:
        found.add(f"name {display_name(document).casefold()}")
    return frozenset(found)
