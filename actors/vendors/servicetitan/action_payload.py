"""What must be in the payload of an action, and what is sent for it (servicetitan facts §1.6, §1.7). Pure.

A payload is the body that the vendor takes. Of a booking `booking_provider` is ours: the number of
the booking provider tag, which is part of the address. A booking's `externalId` is ours as well: it
is the action's id, by which a lost one is found, and nobody else's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from actors.vendors.create_only import stamped
from actors.vendors.loose_row import LooseRow
from actors.vendors.payload_problem import (
    Document,
    choice,
    document_of,
    is_number,
    needed_texts,
    numbers,
    part,
    shown,
    texts,
    wrong,
)
from actors.vendors.servicetitan.dispatching import BOOKING_CREATE, LEAD_CREATE
from actors.vendors.writing import PayloadProblem

PROVIDER = "booking_provider"
OBJECT_TYPES: Mapping[str, str] = MappingProxyType(
    {BOOKING_CREATE: "bookings", LEAD_CREATE: "leads"}
)
"""What an action of each type makes."""

EXTERNAL_ID = "externalId"
_PRIORITIES = ("Low", "Normal", "High", "Urgent")
_CONTACTS = ("Phone", "Email", "Fax", "MobilePhone")
_LEAD_TEXTS = (
    "leadCustomerName",
    "leadPhone",
    "leadEmail",
    "leadStreet",
    "leadUnit",
    "leadCity",
    "leadState",
    "leadZip",
    "leadCountry",
)
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class Creation:
    """One call that makes an object: its address below the tenant, module first, and its body."""

    path: tuple[str, ...]
    content: bytes


def problems(action_type: str, payload: bytes) -> Sequence[PayloadProblem]:
    """Say everything that keeps the payload from being sent."""
    document = document_of(payload)
    if isinstance(document, PayloadProblem):
        return [document]
    return sorted(_CHECKS[action_type](document), key=lambda problem: problem.path)


def creation(action_type: str, payload: bytes, action_id: str) -> Creation:
    """Build the call for a sound payload, with the action's mark in it."""
    members = _decode_members(payload)
    if action_type == BOOKING_CREATE:
        members.pop(PROVIDER)
        members[EXTERNAL_ID] = msgspec.Raw(msgspec.json.encode(action_id))
    else:
        summary = LooseRow.read(payload).text("summary")
        members["summary"] = msgspec.Raw(msgspec.json.encode(stamped(summary, action_id)))
    return Creation(address(action_type, payload), msgspec.json.encode(members))


def address(action_type: str, payload: bytes) -> tuple[str, ...]:
    """Return where such objects are made and listed, module first."""
    if action_type == BOOKING_CREATE:
        provider = str(LooseRow.read(payload).id(PROVIDER))
        return ("crm", "booking-provider", provider, "bookings")
    return ("crm", "leads")


def _booking(document: Document) -> Iterator[PayloadProblem]:
    provider = document.get(PROVIDER)
    is_text = isinstance(provider, str) and provider.isascii() and provider.isdigit()
    if not (is_text or is_number(provider)):
        yield wrong(f"payload.{PROVIDER}", "the number of a booking provider tag", provider)
    if EXTERNAL_ID in document:
        expected = "nothing: it is the action's own id, by which a lost answer is found"
        yield PayloadProblem(f"payload.{EXTERNAL_ID}", expected, shown(document[EXTERNAL_ID]))
    yield from needed_texts(document, ("source", "name", "summary"))
    if not isinstance(document.get("isFirstTimeClient"), bool):
        yield wrong("payload.isFirstTimeClient", "true or false", document.get("isFirstTimeClient"))
    place = part(document, "address")
    if isinstance(place, PayloadProblem):
        yield place
    elif place is not None:
        needed = ("street", "city", "state", "zip", "country")
        yield from needed_texts(place, needed, "payload.address")
        yield from texts(place, ("unit",), "payload.address")
    yield from _contacts(document)
    yield from choice(document, "customerType", ("Residential", "Commercial"))
    yield from _references(document)


def _contacts(document: Document) -> Iterator[PayloadProblem]:
    contacts = document.get("contacts")
    if contacts is None:
        return
    if not isinstance(contacts, list):
        yield wrong("payload.contacts", "a list of contacts", contacts)
        return
    for number, contact in enumerate(contacts):
        within = f"payload.contacts[{number}]"
        if not isinstance(contact, Mapping):
            yield wrong(within, "an object", contact)
            continue
        if contact.get("type") not in _CONTACTS:
            yield wrong(f"{within}.type", f"one of {', '.join(_CONTACTS)}", contact.get("type"))
        yield from needed_texts(contact, ("value",), within)


def _lead(document: Document) -> Iterator[PayloadProblem]:
    if not is_number(document.get("campaignId")):
        yield wrong("payload.campaignId", "the number of a campaign", document.get("campaignId"))
    yield from needed_texts(document, ("summary",))
    if not document.get("followUpDate") and not document.get("callReasonId"):
        yield PayloadProblem(
            "payload.followUpDate", "a time, or else callReasonId", "neither of them"
        )
    elif document.get("followUpDate") and LooseRow(document).moment("followUpDate") is None:
        yield wrong("payload.followUpDate", "a time in RFC 3339", document["followUpDate"])
    yield from numbers(document, ("callReasonId", "customerId", "locationId", "bookingId"))
    yield from texts(document, _LEAD_TEXTS)
    yield from _references(document, but_for="campaignId")


def _references(document: Document, but_for: str = "") -> Iterator[PayloadProblem]:
    names = ("campaignId", "businessUnitId", "jobTypeId")
    yield from numbers(document, [name for name in names if name != but_for])
    yield from choice(document, "priority", _PRIORITIES)


_CHECKS: Mapping[str, Callable[[Document], Iterator[PayloadProblem]]] = MappingProxyType(
    {BOOKING_CREATE: _booking, LEAD_CREATE: _lead}
)
