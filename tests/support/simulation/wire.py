"""The way between one process and the vendor: where calls are watched, and answers spoiled."""

from collections.abc import Callable

import httpx

from daemon.sandbox.quickbooks import QuickBooksSandbox
from daemon.sandbox.quickbooks.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.transport import SandboxTransport
from support.simulation.doom import Doom, Moment

Spoiler = Callable[[SandboxRequest, SandboxReply], SandboxReply]
"""Makes of a true answer what arrives; for what the sandbox has no fault of its own."""


class Wire:
    """A sandbox with somebody in between.

    Attributes:
        spoilers: applied to every answer, in their order.
    """

    def __init__(
        self, sandbox: QuickBooksSandbox, on_call: Callable[[SandboxRequest], None]
    ) -> None:
        self._sandbox = sandbox
        self._on_call = on_call
        self.spoilers: list[Spoiler] = []

    def handle(self, request: SandboxRequest) -> SandboxReply:
        self._on_call(request)
        reply = self._sandbox.handle(request)
        for spoil in self.spoilers:
            reply = spoil(request, reply)
        return reply


class MortalTransport(httpx.AsyncBaseTransport):
    """Carries the calls of one process, while it lives."""

    def __init__(self, wire: Wire, doom: Doom) -> None:
        self._inner = SandboxTransport(wire)
        self._doom = doom

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._doom.reach(Moment.BEFORE_CALL)
        response = await self._inner.handle_async_request(request)
        self._doom.reach(Moment.AFTER_CALL)
        return response
