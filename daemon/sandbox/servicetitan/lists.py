"""Lists and reads by id: pages by number, and a shape of their own (§1.3).

What a list does not know as a parameter is ignored without a word.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon.sandbox.exchange import SandboxReply
from daemon.sandbox.servicetitan.problems import ok, problem
from daemon.sandbox.servicetitan.tenant import HIDES_INACTIVE, Json, Tenant
from daemon.sandbox.servicetitan.times import read_instant

MOST_IDS = 50
DEFAULT_ROWS = 50
_INVALID = "One or more validation errors occurred."

_Bounds = tuple[str, datetime | None, datetime | None]


def listing(
    tenant: Tenant, kind: str, params: Mapping[str, str], *, most_rows: int, made_by: datetime
) -> SandboxReply:
    """Answer with a page of a list, of what was made by then."""
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
    bounds = _bounds(params)
    found = [
        body
        for body in (bodies if ids else objects.values())
        if _is_shown(kind, body, params)
        and _matches(body, params)
        and _is_within(body, bounds)
        and _made_by(body, made_by)
    ]
    found = _in_order(found, params.get("sort", ""))
    first = (page - 1) * rows
    return ok(
        {
            "page": page,
            "pageSize": rows,
            "hasMore": first + rows < len(found),
            "totalCount": len(found) if params.get("includeTotal", "").lower() == "true" else None,
            "data": [as_listed(kind, body) for body in found[first : first + rows]],
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


def _is_shown(kind: str, body: Json, params: Mapping[str, str]) -> bool:
    if kind == "invoices":
        wanted = {"ActiveOnly": "True", "InactiveOnly": "False", "All": "Any"}.get(
            params.get("activeState", "ActiveOnly"), "True"
        )
    elif kind in HIDES_INACTIVE:
        wanted = params.get("active", "True")
    else:
        return True
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


def _is_within(body: Json, bounds: Sequence[_Bounds]) -> bool:
    for field, lower, upper in bounds:
        at = read_instant(str(body[field]))
        if at is None or (lower is not None and at < lower) or (upper is not None and at >= upper):
            return False
    return True


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


def _matches(body: Json, params: Mapping[str, str]) -> bool:
    return all(
        str(body[field]) == wanted
        for name, wanted in params.items()
        if (field := _FILTERS.get(name)) is not None and field in body
    )


def _in_order(found: list[Json], sort: str) -> list[Json]:
    """By id, unless asked otherwise; `sort` begins with + or -."""
    fields = {"Id": "id", "ModifiedOn": "modifiedOn", "CreatedOn": "createdOn"}
    field = fields.get(sort[1:])
    found = sorted(found, key=lambda body: int(str(body["id"])))
    if field is None:
        return found
    return sorted(found, key=lambda body: str(body[field]).zfill(20), reverse=sort[0] == "-")


def _number(params: Mapping[str, str], name: str, default: int) -> int | None:
    text = params.get(name, "")
    if not text:
        return default
    return int(text) if text.isdigit() and int(text) > 0 else None
