"""Leads that others make, and how they are found (§2.4). Nothing keeps a second one out."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from daemon.sandbox.applied_write import AppliedWrite
from daemon.sandbox.exchange import SandboxReply, json_reply
from daemon.sandbox.housecallpro.business import NAMED_BY, Business, Json, encoded
from daemon.sandbox.housecallpro.office import Office

_OFFICE_WANTS = encoded(
    {
        "error": "an `act` (convert, lose; go_on, complete, cancel) and the `id` of the lead or job it"
        " is about; with complete its `cents`"
    }
)
_CREATED, _UNPROCESSABLE = 201, 422


def create_lead(business: Business, body: bytes, now: datetime) -> SandboxReply:
    """Make a lead, and a customer for it if one comes with it."""
    given = _read(body)
    if given is None:
        return json_reply(400, b'{"message":"The body is no JSON object"}')
    customer, customer_id = given.get("customer"), given.get("customer_id")
    if (customer is None) == (customer_id is None):
        return _refused("customer", "exactly one of customer_id or customer is required")
    if isinstance(customer, dict):
        if not any(customer.get(name) for name in NAMED_BY):
            return _refused("customer", "a name, an email or a phone number is required")
        customer_id = business.add("customers", _as_kept(customer), now)
    if customer_id not in business.objects["customers"]:
        return _refused("customer_id", "is not a customer")
    known = business.objects["customers"][str(customer_id)]
    lead = {
        "number": str(len(business.objects["leads"]) + 1),
        "customer": {name: known.get(name) for name in ("id", *NAMED_BY)},
        "address": given.get("address"),
        "lead_source": given.get("lead_source"),
        "tags": given.get("tags") or [],
        "assigned_employee": None,
        "status": "open",
        "pipeline_status": "New",
        "lost_at": None,
        "total_amount": 0,
    }
    lead_id = business.add("leads", lead, now)
    business.writes.append(AppliedWrite(now, business.company_id, "leads", lead_id, body))
    return json_reply(_CREATED, encoded(business.objects["leads"][lead_id]))


def convert_lead(office: Office, lead_id: str, body: bytes, now: datetime) -> SandboxReply:
    """Make a job or an estimate of a lead."""
    wanted = (_read(body) or {}).get("type")
    if wanted == "job":
        return json_reply(_CREATED, encoded({"job_id": office.convert(lead_id, now)}))
    if wanted == "estimate":
        return json_reply(_CREATED, encoded({"estimate_id": office.estimate(lead_id, now)}))
    return _refused("type", "is not included in the list")


def listed(business: Business, kind: str, params: Mapping[str, str]) -> Iterable[tuple[str, Json]]:
    """Return the rows of a list by id: it knows few filters, and ignores all others."""
    if kind == "customers" and (sought := params.get("q")):
        return business.called(sought)
    if kind in {"jobs", "leads"} and "customer_id" in params:
        return business.of_customer(kind, params["customer_id"])
    rows = business.objects[kind].items()
    if kind == "leads" and "status" in params:
        return [row for row in rows if row[1]["status"] == params["status"]]
    return rows


def acted(office: Office, body: bytes, now: datetime) -> SandboxReply:
    """Let something happen that a test, or somebody with curl, asks for."""
    given = _read(body) or {}
    object_id = str(given.get("id"))
    acts: Mapping[str, Callable[[], str | None]] = {
        "convert": lambda: office.convert(object_id, now),
        "lose": lambda: office.lose(object_id, now),
        "go_on": lambda: office.go_on(object_id, now),
        "complete": lambda: office.complete(object_id, int(str(given.get("cents", 0))), now),
        "cancel": lambda: office.cancel(object_id, now),
    }
    try:
        made = acts[str(given.get("act"))]()
    except (KeyError, ValueError):
        return json_reply(400, _OFFICE_WANTS)
    return json_reply(200, encoded({"job_id": made} if made is not None else {}))


def _as_kept(customer: Mapping[str, object]) -> Json:
    kept = {name: customer.get(name) for name in NAMED_BY}
    tells = customer.get("notifications_enabled", True)
    return {**kept, "notifications_enabled": tells, "addresses": []}


def _read(body: bytes) -> Json | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _refused(field: str, why: str) -> SandboxReply:
    return json_reply(_UNPROCESSABLE, encoded({"errors": {field: [why]}}))
