"""A few of the controls over HTTP, for curl. This is the sandbox's own surface: the vendor has none."""

import json
from collections.abc import Callable
from http import HTTPStatus

from daemon.sandbox.exchange import SandboxReply, SandboxRequest, json_reply
from daemon.sandbox.servicetitan.problems import encoded, ok, problem
from daemon.sandbox.servicetitan.tenant import Tenant

CONTROL_PATH = "/sandbox/"
_MOST_ACTS = 10_000


def control(
    request: SandboxRequest, tenants: dict[str, Tenant], churn: Callable[[str, int], None]
) -> SandboxReply:
    """Answer one call: `GET /sandbox/tenants`, or `POST /sandbox/tenants/{id}/churn` with `acts`."""
    match [request.method, *request.path.strip("/").split("/")[1:]]:
        case ["GET", "tenants"]:
            return ok([_told(tenant) for tenant in tenants.values()])
        case ["POST", "tenants", tenant_id, "churn"] if tenant_id in tenants:
            acts = _acts(request.body)
            if acts is None:
                return json_reply(HTTPStatus.BAD_REQUEST, encoded({"error": "acts: 1 to 10000"}))
            churn(tenant_id, acts)
            return ok({"acts": acts})
    return problem(HTTPStatus.NOT_FOUND, "The sandbox has no such control.")


def _told(tenant: Tenant) -> dict[str, object]:
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "client_id": tenant.client_id,
        "client_secret": tenant.client_secret,
        "objects": {kind: len(rows) for kind, rows in tenant.objects.items()},
    }


def _acts(body: bytes) -> int | None:
    try:
        acts = json.loads(body).get("acts", 10) if body else 10
    except (ValueError, AttributeError):
        return None
    return acts if isinstance(acts, int) and 1 <= acts <= _MOST_ACTS else None
