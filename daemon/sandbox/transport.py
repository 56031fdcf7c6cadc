"""Carries httpx calls to a sandbox in the same process, without sockets.

Waiting is `anyio.sleep`, so under a virtual-time event loop a slow vendor costs no real time.
"""

from collections.abc import AsyncIterator
from typing import Protocol

import anyio
import httpx

from daemon.sandbox.exchange import Disconnect, SandboxReply, SandboxRequest

_CHUNKS = 8


class Sandbox(Protocol):
    """Anything that answers a request."""

    def handle(self, request: SandboxRequest) -> SandboxReply:
        """Answer one request."""
        ...


class SandboxTransport(httpx.AsyncBaseTransport):
    """An httpx transport whose server is a sandbox.

    A dropped connection raises `httpx.ReadError`, as a TCP reset does, before the reply or in the
    middle of its body; a wait longer than the request's read timeout raises `httpx.ReadTimeout`
    when that timeout is over.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one httpx request.

        Raises:
            httpx.ReadTimeout: The reply takes longer than the read timeout.
            httpx.ReadError: The sandbox cut the connection before replying.
        """
        body = await request.aread()
        reply = self._sandbox.handle(_sandbox_request(request, body))
        read_timeout_s = request.extensions.get("timeout", {}).get("read")
        await _wait(reply.delay_s, read_timeout_s, request)
        if reply.disconnect is Disconnect.BEFORE_REPLY:
            raise httpx.ReadError("Connection reset by peer", request=request)
        return httpx.Response(
            reply.status,
            headers=list(reply.headers),
            stream=_Body(reply, read_timeout_s, request),
            request=request,
        )


class _Body(httpx.AsyncByteStream):
    def __init__(
        self, reply: SandboxReply, read_timeout_s: float | None, request: httpx.Request
    ) -> None:
        self._reply = reply
        self._read_timeout_s = read_timeout_s
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        body, reply = self._reply.body, self._reply
        if reply.disconnect is Disconnect.DURING_BODY:
            yield body[: len(body) // 2]
            raise httpx.ReadError("Connection reset by peer", request=self._request)
        if not reply.body_delay_s:
            yield body
            return
        size = -(-len(body) // _CHUNKS)
        for place in range(0, len(body), size):
            await _wait(reply.body_delay_s / _CHUNKS, self._read_timeout_s, self._request)
            yield body[place : place + size]


def _sandbox_request(request: httpx.Request, body: bytes) -> SandboxRequest:
    url = request.url
    return SandboxRequest(
        request.method,
        url.path,
        url.query.decode("ascii"),
        {name.lower(): value for name, value in request.headers.items()},
        body,
        f"{url.scheme}://{url.netloc.decode('ascii')}",
    )


async def _wait(delay_s: float, timeout_s: float | None, request: httpx.Request) -> None:
    if timeout_s is not None and delay_s > timeout_s:
        await anyio.sleep(timeout_s)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if delay_s:
        await anyio.sleep(delay_s)
