"""Who may see the dashboard: a browser that brought the admin token once, and shows a session since."""

import hmac
from http import HTTPStatus
from urllib.parse import urlsplit

from aiohttp import web

from daemon.web.context import WebContext
from daemon.web.pages.session import LASTS, SessionSeal
from daemon.web.problem import ProblemError

COOKIE = "syncline_session"
HOME = "/dashboard"
LOGIN = "/dashboard/login"

_OURS = frozenset({"same-origin", "none"})


def is_signed_in(context: WebContext, request: web.Request) -> bool:
    """Tell whether the browser shows a session of ours."""
    session = request.cookies.get(COOKIE, "")
    if session in context.ended_sessions:
        return False
    return _seal(context).accepts(session, context.clock.now().utc)


def is_admin_token(context: WebContext, given: str) -> bool:
    """Tell whether this is the admin token."""
    known = context.admin_token.reveal().encode()
    return hmac.compare_digest(given.strip().encode(errors="replace"), known)


def begin(context: WebContext, response: web.StreamResponse) -> None:
    """Give the browser a session."""
    response.set_cookie(
        COOKIE,
        _seal(context).issue(context.clock.now().utc),
        max_age=int(LASTS.total_seconds()),
        path=HOME,
        secure=urlsplit(context.server.public_url).scheme == "https",
        httponly=True,
        samesite="Strict",
    )


def end(context: WebContext, request: web.Request, response: web.StreamResponse) -> None:
    """Take the browser's session away, and know it no more."""
    context.ended_sessions.add(request.cookies.get(COOKIE, ""), context.clock.now().utc)
    response.del_cookie(COOKIE, path=HOME, httponly=True, samesite="Strict")


def require_own_page(request: web.Request) -> None:
    """Let pass what a page of ours sent.

    Raises:
        ProblemError: 403: it came from a page elsewhere, or says nothing of where it came from.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    ours = site in _OURS if site is not None else origin == request.headers.get("Host")
    if not ours:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "foreign-page",
            "this was not sent by a page of this daemon; scripts use the API with the admin token",
        )


def safe_way_back(wanted: str) -> str:
    """Return the path if it is one of the dashboard's, else its first page."""
    parts = urlsplit(wanted)
    inside = parts.path == HOME or parts.path.startswith(f"{HOME}/")
    if parts.scheme or parts.netloc or not inside or "\\" in wanted or parts.path == LOGIN:
        return HOME
    return wanted


def _seal(context: WebContext) -> SessionSeal:
    return SessionSeal.of(context.admin_token.reveal())
