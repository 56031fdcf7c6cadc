"""The small pages that a company's owner sees in a browser after consenting."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from daemon.web.problem import ProblemError

HTML = "text/html"

DISCREET: Mapping[str, str] = MappingProxyType({"Referrer-Policy": "no-referrer"})
"""The address holds a code: it must not travel on."""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 1rem/1.5 system-ui; max-width: 32rem; margin: 4rem auto }}</style>
<h1>{heading}</h1>
<p>{text}</p>
"""


def connected_page(name: str, status: HTTPStatus) -> web.Response:
    """Tell the owner that the company is connected."""
    text = "Its data are being copied now. You may close this page."
    return _page("Connected", f"{name} is connected", text, status)


def refused_page(_context: object, error: ProblemError) -> web.Response:
    """Tell the owner what went wrong, and what somebody without the admin token can do."""
    problem = error.document
    text = "Connecting did not work. Ask whoever sent you here for a new link."
    if problem.reference is not None:
        text += f" The error's reference is {problem.reference}."
    return _page(problem.title, problem.title, text, HTTPStatus(problem.status))


def _page(title: str, heading: str, text: str, status: HTTPStatus) -> web.Response:
    return web.Response(
        text=_PAGE.format(title=escape(title), heading=escape(heading), text=escape(text)),
        status=status,
        content_type=HTML,
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            **DISCREET,
        },
    )
