"""Leads and bookings that others make. Nothing keeps a second one out (§1.6, §1.7).

What was made is in the tenant's record of writes, with the body that it came by.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from daemon.sandbox.applied_write import AppliedWrite
from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.servicetitan.lists import as_listed
from daemon.sandbox.servicetitan.problems import ok, problem
from daemon.sandbox.servicetitan.tenant import Json, Tenant

_INVALID = "One or more validation errors occurred."


def create_lead(tenant: Tenant, body: bytes, now: datetime) -> SandboxReply:
    """Make a lead."""
    given = _read(body)
    missing = [name for name in ("campaignId", "summary") if not given or not given.get(name)]
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
    return _made(tenant, "leads", lead, body, now)


def create_booking(tenant: Tenant, provider: str, body: bytes, now: datetime) -> SandboxReply:
    """Make a booking, with whatever external id, known or not."""
    if int(provider) not in tenant.provider_tags:
        return problem(404, f"Booking provider {provider} does not exist.")
    given = _read(body)
    wanted = ("source", "name", "summary", "isFirstTimeClient", "externalId")
    missing = [name for name in wanted if not given or given.get(name) is None]
    if given is None or missing:
        return _required(missing)
    booking = {
        "status": "New",
        "jobId": None,
        "dismissingReasonId": None,
        **_without_id(given),
        "bookingProviderId": int(provider),
    }
    return _made(tenant, "bookings", booking, body, now)


def create_provider_tag(tenant: Tenant, body: bytes, now: datetime) -> SandboxReply:
    """Make a booking provider tag; a name is taken once."""
    given = _read(body)
    missing = [name for name in ("tagName", "description") if not given or not given.get(name)]
    if given is None or missing:
        return _required(missing)
    if any(tag["tagName"] == given["tagName"] for tag in tenant.provider_tags.values()):
        return problem(409, f"A booking provider tag {given['tagName']} exists.")
    tag_id = tenant.new_id()
    tenant.add_provider_tag(tag_id, str(given["tagName"]), str(given["description"]), now)
    return ok(tenant.provider_tags[tag_id])


def _made(tenant: Tenant, kind: str, made: Json, body: bytes, now: datetime) -> SandboxReply:
    object_id = tenant.put(kind, made, now)
    tenant.writes.append(AppliedWrite(now, tenant.tenant_id, kind, str(object_id), body))
    return ok(as_listed(kind, tenant.objects[kind][object_id]))


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
