"""A few of the controls over HTTP, for curl. This is the sandbox's own surface: the vendor has none."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.servicetitan.generator import Business
from daemon.sandbox.servicetitan.office import Office
from daemon.sandbox.servicetitan.problems import encoded, ok, problem
from daemon.sandbox.servicetitan.tenant import Json, Tenant

CONTROL_PATH = "/sandbox/"
_MOST_ACTS = 10_000


def control(
    request: SandboxRequest,
    tenants: Mapping[str, Tenant],
    businesses: Mapping[str, Business],
    now: datetime,
) -> SandboxReply:
    """Answer one call.

    `GET /sandbox/tenants` and `GET /sandbox/tenants/{id}/writes` tell; `POST …/{id}/churn` takes `acts`,
    and `POST …/{id}/office` takes an `act` (`accept`, `convert`, `dismiss`, `go_on`, `complete`,
    `cancel`, `adjust`) with the `booking_id`, `lead_id` or `job_id` that it is about and, for the money
    of a job, an `amount`.
    """
    match [request.method, *request.path.strip("/").split("/")[1:]]:
        case ["GET", "tenants"]:
            return ok([_told(tenant) for tenant in tenants.values()])
        case ["GET", "tenants", tenant_id, "writes"] if tenant_id in tenants:
            return ok(_written(tenants[tenant_id]))
        case ["POST", "tenants", tenant_id, "churn"] if tenant_id in tenants:
            acts = _acts(_given(request.body))
            if acts is None:
                return _bad("acts: 1 to 10000")
            businesses[tenant_id].churn(acts, now)
            return ok({"acts": acts})
        case ["POST", "tenants", tenant_id, "office"] if tenant_id in tenants:
            return _office(businesses[tenant_id].office, _given(request.body) or {}, now)
    return problem(HTTPStatus.NOT_FOUND, "The sandbox has no such control.")


def _office(office: Office, given: Json, now: datetime) -> SandboxReply:
    try:
        made = _acted(office, given, now)
    except (KeyError, ValueError, InvalidOperation):
        return _bad(
            "an `act` (accept, convert, dismiss) and the `booking_id` or `lead_id` that it is about,"
            " or one (go_on, complete, cancel, adjust) and the `job_id`; with money, its `amount`"
        )
    return ok({"job_id": made} if made is not None else {})


def _acted(office: Office, given: Json, now: datetime) -> int | None:
    """Let it happen; return the job or invoice that was made, if one was.

    Raises:
        KeyError, ValueError, InvalidOperation: there is no such act or object.
    """
    act = str(given["act"])
    if act in {"accept", "convert", "dismiss"}:
        kind, name = ("leads", "lead_id") if "lead_id" in given else ("bookings", "booking_id")
        return _answered(office, act, kind, int(str(given[name])), now)
    job_id = int(str(given["job_id"]))
    amount = Decimal(str(given.get("amount", 0)))
    steps: Mapping[str, Callable[[], int | None]] = {
        "go_on": lambda: office.go_on(job_id, now),
        "complete": lambda: office.complete(job_id, amount, now),
        "cancel": lambda: office.cancel(job_id, now),
        "adjust": lambda: office.adjust(job_id, amount, now),
    }
    return steps[act]()


def _answered(office: Office, act: str, kind: str, object_id: int, now: datetime) -> int | None:
    if act == "convert":
        convert = office.convert_lead if kind == "leads" else office.convert_booking
        return convert(object_id, now)
    if act == "dismiss":
        office.dismiss(kind, object_id, now)
    else:
        office.accept(object_id, now)
    return None


def _told(tenant: Tenant) -> Json:
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "objects": {kind: len(rows) for kind, rows in tenant.objects.items()},
        "booking_providers": list(tenant.provider_tags),
    }


def _written(tenant: Tenant) -> list[Json]:
    return [
        {
            "at": write.at.isoformat(),
            "kind": write.kind,
            "id": write.object_id,
            "body": json.loads(write.body),
        }
        for write in tenant.writes
    ]


def _given(body: bytes) -> Json | None:
    try:
        given = json.loads(body) if body else {}
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _acts(given: Json | None) -> int | None:
    acts = None if given is None else given.get("acts", 10)
    return acts if isinstance(acts, int) and 1 <= acts <= _MOST_ACTS else None


def _bad(expected: str) -> SandboxReply:
    return json_reply(HTTPStatus.BAD_REQUEST, encoded({"error": expected}))
