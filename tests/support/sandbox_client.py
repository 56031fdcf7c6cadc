"""Carries calls to a sandbox in the place of an `httpx.AsyncClient`, in no time of its own.

What httpx does between a request and its transport is a quarter of a simulation: URLs, cookies and
headers that go nowhere. It is tested where there are sockets.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote_plus, unquote, urlsplit

import httpx
import msgspec

from daemon.sandbox.exchange import Disconnect, SandboxRequest
from daemon.sandbox.transport import Sandbox


class SandboxAnswer(msgspec.Struct, frozen=True, gc=False):
    """As much of an answer as a vendor's package asks an HTTP client for; headers in small letters."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class SandboxClient:
    """One vendor's client."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

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

    async def send(self, request: SandboxRequest) -> SandboxAnswer:
        reply = self._sandbox.handle(request)
        if delay_s := reply.delay_s + reply.body_delay_s:
            await asyncio.sleep(delay_s)
        if reply.disconnect is not Disconnect.NONE:
            raise httpx.ReadError("Connection reset by peer")
        headers = {name.lower(): value for name, value in reply.headers}
        return SandboxAnswer(reply.status, headers, reply.body)

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
