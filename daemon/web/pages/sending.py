"""Pages as HTTP answers."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from daemon.web.context import WebContext
from daemon.web.page import HTML
from daemon.web.problem import ProblemError

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
}
_ALWAYS = {"live": None, "said": None, "home": "/dashboard"}


def page_response(
    context: WebContext,
    template: str,
    values: Mapping[str, object],
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """Return a page."""
    now_s = context.clock.now().utc.timestamp()
    text = context.pages.render(template, {**_ALWAYS, "now_s": now_s, **values})
    return web.Response(text=text, status=status, content_type=HTML, headers=_HEADERS)


def problem_page(context: WebContext, problem: ProblemError) -> web.Response:
    """Return a page that says what went wrong, and what to do."""
    document = problem.document
    values = {
        "title": document.title,
        "detail": document.detail,
        "reasons": document.reasons,
        "reference": document.reference,
        "back": "/dashboard",
    }
    response = page_response(context, "problem.html", values, HTTPStatus(document.status))
    response.headers.update(problem.headers)
    return response


def see_other(address: str) -> web.Response:
    """Return an answer that leads on to another page."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
