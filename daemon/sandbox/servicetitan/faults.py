"""Faults on demand: what goes wrong, for which calls, how often, and what still took effect."""

import enum
from collections.abc import Callable
from http import HTTPStatus

from msgspec.structs import replace

from daemon.sandbox import fault_list
from daemon.sandbox.exchange import Disconnect, SandboxReply, html_reply, json_reply
from daemon.sandbox.servicetitan.problems import gateway_page, problem, throttled


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    GATEWAY_502 = "gateway_502"
    """A page in HTML."""
    PROBLEM_500 = "problem_500"
    EMPTY_503 = "empty_503"
    THROTTLED = "throttled"
    """429, though no limit was passed; the wait is in the header and in the title."""
    THROTTLED_BY_TITLE = "throttled_by_title"
    """The same without the header."""
    UNAUTHORIZED = "unauthorized"
    """401, though the token is valid."""
    FORBIDDEN = "forbidden"
    """403: a scope was not granted, or the tenant has not accepted the app's new version."""
    REFUSED = "refused"
    """400: whatever was sent is not sound."""
    CONFLICT = "conflict"
    """409."""
    INVALID_CLIENT = "invalid_client"
    PAGE_WITH_200 = "page_with_200"
    """A page in HTML that calls itself a success."""
    OTHER_SHAPE = "other_shape"
    """JSON with status 200 that is nothing of what was asked for."""
    TRUNCATED = "truncated"
    """A complete answer whose JSON is cut."""
    WITHOUT_TIME = "without_time"
    """An answer without its Date header."""
    RESET = "reset"
    """The connection is reset before a byte of the answer."""
    RESET_IN_BODY = "reset_in_body"
    HANG = "hang"
    """The answer comes only after 150 seconds."""


WAIT_S = 7
"""What throttle answers ask for."""

REFUSAL = "The customer is not to be served."
"""What a refusal says."""

_HANG_S = 150.0
_TAKES_EFFECT = frozenset(
    {
        FaultKind.TRUNCATED,
        FaultKind.WITHOUT_TIME,
        FaultKind.RESET_IN_BODY,
        FaultKind.HANG,
    }
)


Fault = fault_list.Fault[FaultKind]


class Faults(fault_list.FaultList[FaultKind]):
    """What is to go wrong."""

    kinds = FaultKind
    usually_done = _TAKES_EFFECT


def spoiled(fault: Fault, serve: Callable[[], SandboxReply]) -> SandboxReply:
    """Answer a call that was hit."""
    reply = serve() if fault.takes_effect else SandboxReply(HTTPStatus.OK)
    return _SPOILED[fault.kind](reply)


_SPOILED: dict[FaultKind, Callable[[SandboxReply], SandboxReply]] = {
    FaultKind.GATEWAY_502: lambda _: gateway_page(502),
    FaultKind.PROBLEM_500: lambda _: problem(500, "An error has occurred."),
    FaultKind.EMPTY_503: lambda _: SandboxReply(503),
    FaultKind.THROTTLED: lambda _: throttled(WAIT_S, with_header=True),
    FaultKind.THROTTLED_BY_TITLE: lambda _: throttled(WAIT_S, with_header=False),
    FaultKind.UNAUTHORIZED: lambda _: problem(401, "Unauthorized"),
    FaultKind.FORBIDDEN: lambda _: problem(403, "The app has no access to this resource."),
    FaultKind.REFUSED: lambda _: problem(
        400, "One or more validation errors occurred.", {"summary": [REFUSAL]}
    ),
    FaultKind.CONFLICT: lambda _: problem(409, "There is one already."),
    FaultKind.INVALID_CLIENT: lambda _: json_reply(400, b'{"error":"invalid_client"}'),
    FaultKind.PAGE_WITH_200: lambda _: html_reply(200, "<html><body>Be back soon</body></html>"),
    FaultKind.OTHER_SHAPE: lambda _: json_reply(200, b'{"hasMore":"maybe","data":{}}'),
    FaultKind.TRUNCATED: lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2]),
    FaultKind.WITHOUT_TIME: lambda reply: reply,
    FaultKind.RESET: lambda reply: replace(reply, disconnect=Disconnect.BEFORE_REPLY),
    FaultKind.RESET_IN_BODY: lambda reply: replace(reply, disconnect=Disconnect.DURING_BODY),
    FaultKind.HANG: lambda reply: replace(reply, delay_s=reply.delay_s + _HANG_S),
}
