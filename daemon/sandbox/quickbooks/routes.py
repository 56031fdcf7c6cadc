"""Which part of the vendor a request is for, told from its method and path alone."""

import enum
import re
from functools import lru_cache

import msgspec

from daemon.sandbox.exchange import SandboxRequest


class Route(enum.StrEnum):
    """The kinds of call; faults and statistics go by them."""

    HOME = "home"
    CONTROL = "control"
    DISCOVERY = "discovery"
    KEYS = "keys"
    AUTHORIZE = "authorize"
    TOKEN = "token"  # noqa: S105 - the name of a route
    REVOKE = "revoke"
    USERINFO = "userinfo"
    QUERY = "query"
    CDC = "cdc"
    READ = "read"
    WRITE = "write"
    SEND = "send"
    BATCH = "batch"
    UNKNOWN = "unknown"


OAUTH_ROUTES = frozenset({Route.AUTHORIZE, Route.TOKEN, Route.REVOKE, Route.USERINFO})
API_ROUTES = frozenset(
    {
        Route.QUERY,
        Route.CDC,
        Route.READ,
        Route.WRITE,
        Route.SEND,
        Route.BATCH,
        Route.UNKNOWN,
    }
)
OWN_ROUTES = frozenset({Route.HOME, Route.CONTROL})
"""Routes of the sandbox itself, which the vendor does not have."""


class Target(msgspec.Struct, frozen=True, gc=False):
    """Where a request goes.

    Attributes:
        route: The kind of call.
        realm_id: The company in the path, or nothing.
        segment: The object type's path segment, or nothing.
        object_id: The id in the path, or nothing.
        queries: How many queries a batch has.
        carries: What a batch is made of: `Route.QUERY`, `Route.WRITE` or both.
    """

    route: Route
    realm_id: str = ""
    segment: str = ""
    object_id: str = ""
    queries: int = 0
    carries: frozenset[Route] = frozenset()


_FIXED = {
    ("GET", "/"): Route.HOME,
    ("GET", "/connect/oauth2"): Route.AUTHORIZE,
    ("POST", "/oauth2/v1/tokens/bearer"): Route.TOKEN,
    ("POST", "/v2/oauth2/tokens/revoke"): Route.REVOKE,
    ("GET", "/v1/openid_connect/userinfo"): Route.USERINFO,
    ("GET", "/op/v1/jwks"): Route.KEYS,
    ("GET", "/.well-known/openid_configuration"): Route.DISCOVERY,
    ("GET", "/.well-known/openid-configuration"): Route.DISCOVERY,
    ("GET", "/.well-known/openid_sandbox_configuration"): Route.DISCOVERY,
    ("GET", "/.well-known/openid-sandbox-configuration"): Route.DISCOVERY,
}
_API_PREFIX = "/v3/company/"
_QUERY_ITEM = re.compile(rb'"Query"\s*:')
_WRITE_ITEM = re.compile(rb'"operation"\s*:')


def target_of(request: SandboxRequest) -> Target:
    """Classify one request."""
    path = request.path
    if path.startswith(_API_PREFIX):
        if request.method == "POST" and path.endswith("/batch"):
            realm_id = path[len(_API_PREFIX) :].removesuffix("/batch")
            return _batch_target(realm_id, request.body)
        return _api_target(request.method, path)
    if path == "/sandbox" or path.startswith("/sandbox/"):
        return Target(Route.CONTROL)
    trimmed = path.rstrip("/") or "/"
    return Target(_FIXED.get((request.method, trimmed), Route.UNKNOWN))


@lru_cache(maxsize=256)
def _api_target(method: str, path: str) -> Target:
    parts = path.removeprefix(_API_PREFIX).split("/")
    match (method, *parts):
        case ("GET" | "POST", realm_id, "query"):
            return Target(Route.QUERY, realm_id)
        case ("GET", realm_id, "cdc"):
            return Target(Route.CDC, realm_id)
        case ("GET", realm_id, segment, object_id):
            return Target(Route.READ, realm_id, segment, object_id)
        case ("POST", realm_id, segment):
            return Target(Route.WRITE, realm_id, segment)
        case ("POST", realm_id, segment, object_id, "send"):
            return Target(Route.SEND, realm_id, segment, object_id)
    return Target(Route.UNKNOWN, parts[0])


def _batch_target(realm_id: str, body: bytes) -> Target:
    """Tell what a batch is made of by the words that its items can't do without."""
    queries = len(_QUERY_ITEM.findall(body))
    carried = {Route.QUERY} if queries else set()
    if _WRITE_ITEM.search(body):
        carried.add(Route.WRITE)
    return Target(Route.BATCH, realm_id, queries=queries, carries=frozenset(carried))
