"""Leads and bookings that others make. Nothing keeps a second one out (§1.6, §1.7)."""

import json
from collections.abc import Mapping
from datetime import datetime

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.servicetitan.lists import as_listed
from daemon.sandbox.servicetitan.problems import ok, problem
from daemon.sandbox.servicetitan.tenant import Json, Tenant

_INVALID = "One or more validation errors occurred."


def create_lead(tenant: Tenant, body: bytes, now: datetime) -> SandboxReply:
    """Make a lead."""
    given = _read(body)
    missing = [name for name in ("campaignId", "summary") if not given or given.get(name) is None]
    if given is not None and not (given.get("followUpDate") or given.get("callReasonId")):
        missing.append("followUpDate")
    if given is None or missing:
        return _required(missing)
    lead = {
        "status": "Open",
        "priority": "Normal",
        "customerId": None,
        "locationId": None,
        "businessUnitId": None,
        "jobTypeId": None,
        "followUpDate": None,
        "callReasonId": None,
        "bookingId": None,
        **_without_id(given),
    }
    lead_id = tenant.put("leads", lead, now)
    return ok(as_listed("leads", tenant.objects["leads"][lead_id]))


def create_booking(tenant: Tenant, provider: str, body: bytes, now: datetime) -> SandboxReply:
    """Make a booking, with whatever external id, known or not."""
    given = _read(body)
    wanted = ("source", "name", "summary", "isFirstTimeClient", "externalId")
    missing = [name for name in wanted if not given or given.get(name) is None]
    if given is None or missing:
        return _required(missing)
    booking = {
        "status": "New",
        "jobId": None,
        "dismissingReasonId": None,
        "bookingProviderId": int(provider),
        **_without_id(given),
    }
    booking_id = tenant.put("bookings", booking, now)
    return ok(as_listed("bookings", tenant.objects["bookings"][booking_id]))


def _read(body: bytes) -> Json | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _without_id(given: Mapping[str, object]) -> Json:
    own = {"id", "active", "createdOn", "modifiedOn", "status", "jobId"}
    return {name: value for name, value in given.items() if name not in own}


def _required(missing: list[str]) -> SandboxReply:
    return problem(
        400, _INVALID, {name: ["The field is required."] for name in missing or ["body"]}
    )
