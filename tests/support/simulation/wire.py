"""The way between one process and the vendor: where calls are watched, and answers spoiled."""

from collections.abc import Callable

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.quickbooks import QuickBooksSandbox
from support.sandbox_client import SandboxAnswer, SandboxClient
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


class MortalClient(SandboxClient):
    """Carries the calls of one process, while it lives."""

    def __init__(self, wire: Wire, doom: Doom) -> None:
        super().__init__(wire)
        self._doom = doom

    async def send(self, request: SandboxRequest) -> SandboxAnswer:
        self._doom.reach(Moment.BEFORE_CALL)
        answer = await super().send(request)
        self._doom.reach(Moment.AFTER_CALL)
        return answer
