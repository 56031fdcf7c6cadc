"""Lists and reads by id: pages by number, and a shape of their own (§1.3).

What a list does not know as a parameter is ignored without a word.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.servicetitan.problems import encoded, ok, problem
from daemon.sandbox.servicetitan.tenant import HIDES_INACTIVE, Json, Tenant
from daemon.sandbox.servicetitan.times import read_instant

MOST_IDS = 50
DEFAULT_ROWS = 50
_INVALID = "One or more validation errors occurred."

_Bounds = tuple[str, datetime | None, datetime | None]


def listing(
    tenant: Tenant,
    kind: str,
    params: Mapping[str, str],
    *,
    most_rows: int,
    made_by: datetime | None,
) -> SandboxReply:
    """Answer with a page of a list, of what was made by then if that is not now."""
    ids = [each for each in params.get("ids", "").split(",") if each]
    if len(ids) > MOST_IDS:
        return problem(400, _INVALID, {"ids": [f"At most {MOST_IDS} ids are allowed."]})
    if any(not each.isdecimal() for each in ids):
        return problem(400, _INVALID, {"ids": ["The value is not valid."]})
    page, rows = _number(params, "page", 1), _number(params, "pageSize", DEFAULT_ROWS)
    if page is None or rows is None or rows > most_rows:
        return problem(400, _INVALID, {"pageSize": ["The value is not valid."]})
    objects = tenant.objects[kind]
    bodies = [objects[each] for each in sorted(map(int, set(ids))) if each in objects]
    found = _wanted(kind, bodies if ids else list(objects.values()), params)
    if made_by is not None:
        found = [body for body in found if _made_by(body, made_by)]
    found = _in_order(found, params.get("sort", ""))
    first = (page - 1) * rows
    return ok(
        {
            "page": page,
            "pageSize": rows,
            "hasMore": first + rows < len(found),
            "totalCount": len(found) if params.get("includeTotal", "").lower() == "true" else None,
            "data": [_as_sent(tenant, kind, body) for body in found[first : first + rows]],
        }
    )


def single(tenant: Tenant, kind: str, object_id: str) -> SandboxReply:
    """Answer with one object, inactive or not."""
    body = tenant.objects[kind].get(int(object_id)) if object_id.isdigit() else None
    if body is None:
        return problem(404, f"{kind} {object_id} does not exist.")
    return ok(as_listed(kind, body))


def as_listed(kind: str, body: Json) -> Json:
    """Return an object as lists and reads show it: only the feed adds `active` to every kind."""
    if kind in HIDES_INACTIVE or kind == "invoices":
        return body
    return {name: value for name, value in body.items() if name != "active"}


def _as_sent(tenant: Tenant, kind: str, body: Json) -> msgspec.Raw:
    """Return what lists show of an object; it is written once for each of its states."""
    key = (kind, body["id"])
    known, sent = tenant.sent.get(key, (None, msgspec.Raw()))
    if known is not body:
        sent = msgspec.Raw(encoded(as_listed(kind, body)))
        tenant.sent[key] = (body, sent)
    return sent


def _wanted(kind: str, found: list[Json], params: Mapping[str, str]) -> list[Json]:
    if kind in HIDES_INACTIVE or kind == "invoices":
        found = [body for body in found if _is_shown(kind, body, params)]
    for name, wanted in params.items():
        if (field := _FILTERS.get(name)) is not None:
            found = [body for body in found if field not in body or str(body[field]) == wanted]
    for bounds in _bounds(params):
        found = [body for body in found if _is_within(body, bounds)]
    return found


def _is_shown(kind: str, body: Json, params: Mapping[str, str]) -> bool:
    if kind == "invoices":
        wanted = {"ActiveOnly": "True", "InactiveOnly": "False", "All": "Any"}.get(
            params.get("activeState", "ActiveOnly"), "True"
        )
    else:
        wanted = params.get("active", "True")
    return wanted == "Any" or (wanted == "True") == bool(body["active"])


def _bounds(params: Mapping[str, str]) -> Sequence[_Bounds]:
    """Return between which times what is asked for was made and changed, where it says so."""
    bounds = []
    for name in ("created", "modified"):
        lower = read_instant(params.get(f"{name}OnOrAfter", ""))
        upper = read_instant(params.get(f"{name}Before", ""))
        if lower is not None or upper is not None:
            bounds.append((f"{name}On", lower, upper))
    return bounds


def _is_within(body: Json, bounds: _Bounds) -> bool:
    field, lower, upper = bounds
    at = read_instant(str(body[field]))
    if at is None or (lower is not None and at < lower):
        return False
    return upper is None or at < upper


def _made_by(body: Json, moment: datetime) -> bool:
    made_at = read_instant(str(body["createdOn"]))
    return made_at is None or made_at <= moment


_FILTERS = {
    "bookingId": "bookingId",
    "bookingProviderId": "bookingProviderId",
    "campaignId": "campaignId",
    "customerId": "customerId",
    "externalId": "externalId",
    "jobId": "jobId",
    "jobStatus": "jobStatus",
    "leadPhone": "leadPhone",
    "locationId": "locationId",
    "status": "status",
}


def _in_order(found: list[Json], sort: str) -> list[Json]:
    """By id, unless asked otherwise; `sort` begins with + or -."""
    fields = {"Id": "id", "ModifiedOn": "modifiedOn", "CreatedOn": "createdOn"}
    field = fields.get(sort[1:])
    found = sorted(found, key=_id)
    if field is None:
        return found
    return sorted(found, key=lambda body: str(body[field]).zfill(20), reverse=sort[0] == "-")


def _id(body: Json) -> int:
    found = body["id"]
    return found if isinstance(found, int) else int(str(found))


def _number(params: Mapping[str, str], name: str, default: int) -> int | None:
    text = params.get(name, "")
    if not text:
        return default
    return int(text) if text.isdigit() and int(text) > 0 else None
