"""How the vendor says no: problem documents, and what its gateway says in its own words."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec

from daemon.sandbox.exchange import SandboxReply, html_reply, json_reply

_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def ok(document: object) -> SandboxReply:
    """Answer with JSON."""
    return json_reply(HTTPStatus.OK, encoded(document))


def encoded(document: object) -> bytes:
    """Write JSON as the vendor does: compact, and in UTF-8."""
    return msgspec.json.encode(document)


def problem(
    status: int, title: str, errors: Mapping[str, Sequence[str]] | None = None
) -> SandboxReply:
    """Answer with a problem document."""
    document = {
        "type": f"https://httpstatuses.io/{status}",
        "title": title,
        "status": status,
        "traceId": _TRACE,
        "errors": dict(errors or {}),
        "data": {},
    }
    return json_reply(status, encoded(document))


def throttled(wait_s: int, *, with_header: bool) -> SandboxReply:
    """Refuse a call above the limit: the title's last word but one is the number of seconds."""
    reply = problem(429, f"Rate limit is exceeded. Try again in {wait_s} seconds.")
    return reply.with_headers(("Retry-After", str(wait_s))) if with_header else reply


def gateway_page(status: int) -> SandboxReply:
    """Answer as the gateway does when what is behind it fails."""
    return html_reply(status, f"<html><body><h1>{status} Server Error</h1></body></html>")
