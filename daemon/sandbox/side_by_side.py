"""Several sandboxes at one address, each but the first below a path of its own."""

from collections.abc import Mapping

from msgspec.structs import replace

from daemon.sandbox.exchange import SandboxReply, SandboxRequest
from daemon.sandbox.transport import Sandbox


class SideBySide:
    """Hands each request to the sandbox that it is for."""

    def __init__(self, first: Sandbox, below: Mapping[str, Sandbox]) -> None:
        """Take the one at the root, and the others by the first segment of their paths."""
        self._first = first
        self._below = dict(below)

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        _, _, path = request.path.partition("/")
        name, _, rest = path.partition("/")
        sandbox = self._below.get(name)
        if sandbox is None:
            return self._first.handle(request)
        return sandbox.handle(replace(request, path=f"/{rest}"))
