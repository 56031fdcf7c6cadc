"""Faults on demand: what goes wrong, for which calls, and how often."""

import enum
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

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


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with calls whose path contains a part; None is all of them.

    Attributes:
        takes_effect: Whether a call is carried out nevertheless.
        method: Which calls; empty is all of them.
    """

    kind: FaultKind
    part: str = ""
    times: int | None = 1
    takes_effect: bool = False
    method: str = ""


class Faults:
    """What is to go wrong. The first one that fits a call hits it."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(
        self,
        kind: FaultKind,
        part: str = "",
        times: int | None = 1,
        *,
        method: str = "",
        takes_effect: bool | None = None,
    ) -> None:
        """Let something go wrong, after the call took effect or instead; by default as is usual."""
        effect = kind in _TAKES_EFFECT if takes_effect is None else takes_effect
        self.waiting.append(Fault(kind, part, times, effect, method))

    def draw(self, path: str, method: str) -> Fault | None:
        """Return what hits a call, and count it."""
        fault = next(
            (each for each in self.waiting if each.part in path and each.method in {"", method}),
            None,
        )
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.waiting.remove(fault)
        return fault


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
