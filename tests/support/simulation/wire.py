"""The way between one process and the vendor: where calls are watched, and answers spoiled."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote_plus, unquote, urlsplit

import httpx
import msgspec

from daemon.sandbox.exchange import Disconnect, SandboxReply, SandboxRequest
from daemon.sandbox.quickbooks import QuickBooksSandbox
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


class WireReply(msgspec.Struct, frozen=True, gc=False):
    """As much of an answer as the vendor's package asks an HTTP client for."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class MortalClient:
    """Carries the calls of one process, while it lives, in the place of an `httpx.AsyncClient`.

    What httpx does between a request and its transport took a quarter of a run: URLs, cookies and
    headers that go nowhere. It is tested where there are sockets.
    """

    def __init__(self, wire: Wire, doom: Doom) -> None:
        self._wire = wire
        self._doom = doom

    def build_request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        content: bytes | None,
        timeout: None,  # noqa: ARG002 - the deadline is the caller's
    ) -> SandboxRequest:
        path, query, origin = _parts(url)
        if params:
            query = "&".join(f"{_quoted(name)}={_quoted(text)}" for name, text in params.items())
        lowered = {name.lower(): value for name, value in headers.items()}
        return SandboxRequest(method, path, query, lowered, content or b"", origin)

    async def send(self, request: SandboxRequest) -> WireReply:
        self._doom.reach(Moment.BEFORE_CALL)
        reply = self._wire.handle(request)
        if delay_s := reply.delay_s + reply.body_delay_s:
            await asyncio.sleep(delay_s)
        if reply.disconnect is not Disconnect.NONE:
            raise httpx.ReadError("Connection reset by peer")
        self._doom.reach(Moment.AFTER_CALL)
        headers = {name.lower(): value for name, value in reply.headers}
        return WireReply(reply.status, headers, reply.body)

    async def aclose(self) -> None:
        """There is no connection."""


@lru_cache(maxsize=256)
def _parts(url: str) -> tuple[str, str, str]:
    """Return path, query and origin; there are a few addresses for each account."""
    parts = urlsplit(url)
    return unquote(parts.path), parts.query, f"{parts.scheme}://{parts.netloc}"


def _quoted(text: str) -> str:
    """As `quote_plus`, which takes ten times as long for times and names."""
    return text.replace(":", "%3A") if _PLAIN(text) else quote_plus(text)


_PLAIN = re.compile(r"[\w.~:-]*", re.ASCII).fullmatch
