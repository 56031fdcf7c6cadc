"""Faults on demand: what goes wrong, for which calls, and how often."""

import enum
from collections.abc import Callable

from msgspec.structs import replace

from daemon.sandbox import fault_list
from daemon.sandbox.exchange import Disconnect, SandboxReply, html_reply, json_reply


class FaultKind(enum.StrEnum):
    """What goes wrong."""

    GATEWAY_502 = "gateway_502"
    EMPTY_503 = "empty_503"
    THROTTLED = "throttled"
    """429 with an empty object, and no word of how long to wait."""
    THROTTLED_WITH_HEADER = "throttled_with_header"
    UNAUTHORIZED = "unauthorized"
    """401, though the key is good."""
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    """422: whatever was sent is not sound."""
    PAGE_WITH_200 = "page_with_200"
    OTHER_SHAPE = "other_shape"
    TRUNCATED = "truncated"
    RESET = "reset"
    RESET_IN_BODY = "reset_in_body"
    HANG = "hang"


REFUSAL = "is outside of the service area"
"""What a refusal says."""

_HANG_S = 150.0
_TAKES_EFFECT = frozenset({FaultKind.TRUNCATED, FaultKind.RESET_IN_BODY, FaultKind.HANG})


Fault = fault_list.Fault[FaultKind]


class Faults(fault_list.FaultList[FaultKind]):
    """What is to go wrong."""

    kinds = FaultKind
    usually_done = _TAKES_EFFECT


def spoiled(fault: Fault | None, serve: Callable[[], SandboxReply]) -> SandboxReply:
    """Answer a call, if it was hit as that has it."""
    if fault is None:
        return serve()
    return _SPOILED[fault.kind](serve() if fault.takes_effect else SandboxReply(200))


_SPOILED: dict[FaultKind, Callable[[SandboxReply], SandboxReply]] = {
    FaultKind.GATEWAY_502: lambda _: html_reply(502, "<html>Bad Gateway</html>"),
    FaultKind.EMPTY_503: lambda _: SandboxReply(503),
    FaultKind.THROTTLED: lambda _: json_reply(429, b"{}"),
    FaultKind.THROTTLED_WITH_HEADER: lambda _: json_reply(429, b"{}").with_headers(
        ("Retry-After", "7")
    ),
    FaultKind.UNAUTHORIZED: lambda _: json_reply(401, b'{"message":"Unauthorized"}'),
    FaultKind.FORBIDDEN: lambda _: json_reply(403, b'{"error":{"message":"Not in your plan"}}'),
    FaultKind.REFUSED: lambda _: json_reply(422, f'{{"errors":{{"lead":["{REFUSAL}"]}}}}'.encode()),
    FaultKind.PAGE_WITH_200: lambda _: html_reply(200, "<html>Be back soon</html>"),
    FaultKind.OTHER_SHAPE: lambda _: json_reply(200, b'{"page":1,"jobs":{}}'),
    FaultKind.TRUNCATED: lambda reply: replace(reply, body=reply.body[: len(reply.body) // 2]),
    FaultKind.RESET: lambda reply: replace(reply, disconnect=Disconnect.BEFORE_REPLY),
    FaultKind.RESET_IN_BODY: lambda reply: replace(reply, disconnect=Disconnect.DURING_BODY),
    FaultKind.HANG: lambda reply: replace(reply, delay_s=reply.delay_s + _HANG_S),
}
