"""Who may come in: requests that name our host, and for most operations bring the admin token."""

import hmac
from http import HTTPStatus
from math import ceil

from aiohttp import web
from aiohttp.typedefs import Middleware

from daemon.config import Secret
from daemon.web.context import WebContext
from daemon.web.dashboard_session import is_admin_token, is_signed_in
from daemon.web.host import HostRules
from daemon.web.input import arrived_body
from daemon.web.problem import ProblemError
from daemon.web.problems import Handler
from daemon.web.request_rate import RequestRate

_FORM_BYTES = 4096


def check_host(rules: HostRules) -> Middleware:
    """Return a middleware that refuses requests that were meant for another host."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        address, port = _called_at(request)
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or not rules.accept(hosts[0], address, port):
            raise ProblemError(
                HTTPStatus.MISDIRECTED_REQUEST,
                "wrong-host",
                "this daemon does not go by the name in `Host`; if it should, add the name to"
                " server.allowed_hosts",
            )
        return await handler(request)

    return check


def let_in(request: web.Request, context: WebContext, rate: RequestRate) -> None:
    """Let pass who brings the token, and does not ask too often; who guesses may not either.

    Raises:
        ProblemError: 401 or 429.
    """
    try:
        require_token(request, context.admin_token)
    except ProblemError:
        count_visitor(request, context, rate)
        raise
    _count("with the admin token", context, rate)


async def let_in_by_form(request: web.Request, context: WebContext, rate: RequestRate) -> None:
    """Let pass whose form brings the token, and others as long as they do not ask too often.

    Behind a proxy all come from one address: strangers who ask too often keep nobody out. It is its
    length that keeps the token from being guessed.

    Raises:
        ProblemError: 408, 413 or 429.
    """
    if request.content_length is None or request.content_length > _FORM_BYTES:
        raise ProblemError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body-too-large",
            f"the form may have {_FORM_BYTES} bytes, and has to say how many it has",
            headers={"Connection": "close"},
        )
    await arrived_body(request, context)
    form = await request.post()
    if is_admin_token(context, str(form.get("token", ""))):
        _count("with the admin token", context, rate)
    else:
        count_visitor(request, context, rate)


def count_visitor(request: web.Request, context: WebContext, rate: RequestRate) -> None:
    """Let pass who brings no token, and does not ask too often. Raises as `let_in`.

    Behind a proxy all come from one address: whoever shows a session is not held to what others ask.
    """
    signed_in = is_signed_in(context, request)
    _count("with a session" if signed_in else f"from {request.remote}", context, rate)


def _count(who: str, context: WebContext, rate: RequestRate) -> None:
    wait_s = rate.wait_s(who, context.clock.now().monotonic_s)
    if wait_s > 0:
        context.metrics.http.refused("rate")
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too-many-requests",
            f"more than {context.server.limits.requests_per_second} requests a second"
            " (server.limits.requests_per_second); wait, then ask again",
            headers={"Retry-After": str(ceil(wait_s))},
        )


def require_token(request: web.Request, admin_token: Secret) -> None:
    """Let pass who brings the token.

    Raises:
        ProblemError: 401.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise _unauthorized("send the admin token: `Authorization: Bearer ...`", "Bearer")
    given = token.strip().encode(errors="surrogateescape")
    if not hmac.compare_digest(given, admin_token.reveal().encode()):
        raise _unauthorized("this is not the admin token", 'Bearer error="invalid_token"')


def _unauthorized(detail: str, challenge: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers={"WWW-Authenticate": challenge}
    )


def _called_at(request: web.Request) -> tuple[str, int]:
    name = request.get_extra_info("sockname")
    return (name[0], name[1]) if isinstance(name, tuple) else ("", 0)
