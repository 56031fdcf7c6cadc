"""What must be in the payload of an action, and what is sent for it (housecallpro facts §2.4). Pure.

A payload is the body that the vendor takes. The action's mark goes into a tag, by which a lost lead is
found, and into the note, for people.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from actors.vendors.create_only import mark_of, stamped
from actors.vendors.housecallpro.dispatching import LEAD_CREATE
from actors.vendors.loose_row import LooseRow
from actors.vendors.payload_problem import Document, document_of, needed_texts, part, texts, wrong
from actors.vendors.writing import PayloadProblem

OBJECT_TYPES: Mapping[str, str] = MappingProxyType({LEAD_CREATE: "leads"})
"""What an action of each type makes."""

_NAMES = ("first_name", "last_name", "company")
_REACHED_BY = ("email", "mobile_number", "home_number", "work_number")
_ADDRESS = ("street", "street_line_2", "city", "state", "zip")

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def problems(payload: bytes) -> Sequence[PayloadProblem]:
    """Say everything that keeps the payload from being sent."""
    document = document_of(payload)
    if isinstance(document, PayloadProblem):
        return [document]
    return sorted(_lead(document), key=lambda problem: problem.path)


def content(payload: bytes, action_id: str) -> bytes:
    """Build the body for a sound payload, with the action's mark in it."""
    members = _decode_members(payload)
    row = LooseRow.read(payload)
    given = msgspec.json.decode(members.get("tags", b"[]"), type=list[str] | None)
    tags = [*(given or ()), mark_of(action_id)]
    members["tags"] = msgspec.Raw(msgspec.json.encode(tags))
    members["note"] = msgspec.Raw(msgspec.json.encode(stamped(row.text("note"), action_id)))
    return msgspec.json.encode(members)


def customers_id(payload: bytes) -> str | None:
    """Return the customer that the lead is for, if it is one who is known there."""
    return LooseRow.read(payload).id("customer_id")


def found_by(payload: bytes) -> str:
    """Return what a new customer is best found by."""
    customer = LooseRow.read(payload).inner("customer")
    name = " ".join(customer.text(part) for part in _NAMES[:2] if customer.text(part))
    texts_of = [customer.text(part) for part in _REACHED_BY]
    return next((text for text in [*texts_of, name] if text), customer.text("company"))


def _lead(document: Document) -> Iterator[PayloadProblem]:
    yield from _either(document, "customer_id", "customer")
    yield from needed_texts(document, ["customer_id"] if "customer_id" in document else [])
    customer = part(document, "customer")
    if isinstance(customer, PayloadProblem):
        yield customer
    elif customer is not None:
        yield from texts(customer, (*_NAMES, *_REACHED_BY), "payload.customer")
        if not any(customer.get(name) for name in (*_NAMES, *_REACHED_BY)):
            yield wrong("payload.customer", "a name, an email or a number", dict(customer))
        tells = customer.get("notifications_enabled")
        if tells is not None and not isinstance(tells, bool):
            yield wrong("payload.customer.notifications_enabled", "true or false", tells)
    if "address_id" in document and "address" in document:
        yield from _either(document, "address_id", "address")
    yield from texts(document, ("address_id",))
    place = part(document, "address")
    if isinstance(place, PayloadProblem):
        yield place
    elif place is not None:
        yield from texts(place, _ADDRESS, "payload.address")
    yield from texts(document, ("note", "lead_source", "assigned_employee_id"))
    yield from _lists(document)


def _either(document: Document, one: str, other: str) -> Iterator[PayloadProblem]:
    there = [name for name in (one, other) if document.get(name) is not None]
    if len(there) != 1:
        found = "both of them" if there else "neither of them"
        yield PayloadProblem(f"payload.{other}", f"either {other} or {one}", found)


def _lists(document: Document) -> Iterator[PayloadProblem]:
    tags = document.get("tags")
    if tags is not None and not (
        isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)
    ):
        yield wrong("payload.tags", "a list of texts", tags)
    items = document.get("line_items")
    if items is None:
        return
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        yield wrong("payload.line_items", "a list of objects", items)
