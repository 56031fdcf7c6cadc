"""Carries real HTTP to a sandbox: sockets, gzip, slow bodies and real disconnects."""

import asyncio
import gzip
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from daemon.sandbox.exchange import Disconnect, SandboxReply, SandboxRequest
from daemon.sandbox.transport import Sandbox

_LARGEST_BODY_BYTES = 64 * 1024 * 1024
_WORTH_COMPRESSING_BYTES = 1024
_SHUTDOWN_S = 0.5
_CHUNKS = 16
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve_sandbox(
    sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0, compress: bool = True
) -> AsyncIterator[str]:
    """Serve a sandbox for as long as the context is open, and yield its base URL.

    Args:
        sandbox: What answers.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        compress: Answer in gzip to callers that offer it.
    """
    server = web.Server(
        _handler(sandbox, compress=compress),
        request_factory=_large_request,
        handler_cancellation=True,
    )
    runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        address = runner.addresses[0]
        yield f"http://{host}:{address[1]}"
    finally:
        await runner.cleanup()


def _handler(sandbox: Sandbox, *, compress: bool) -> Handler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        reply = sandbox.handle(await _sandbox_request(request))
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.disconnect is Disconnect.BEFORE_REPLY:
            _reset(request)
            return web.Response()
        if reply.disconnect is Disconnect.DURING_BODY or reply.body_delay_s:
            return await _trickle(request, reply)
        body, headers = reply.body, dict(reply.headers)
        if compress and _wants_gzip(request, body):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return web.Response(status=reply.status, headers=headers, body=body)

    return answer


async def _sandbox_request(request: web.BaseRequest) -> SandboxRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return SandboxRequest(
        request.method,
        request.path,
        request.rel_url.raw_query_string,
        headers,
        await request.read(),
        f"{request.scheme}://{request.host}",
    )


async def _trickle(request: web.BaseRequest, reply: SandboxReply) -> web.StreamResponse:
    """Send the body in pieces over its time; cut it in the middle when that is asked for."""
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    response.content_length = len(reply.body)
    await response.prepare(request)
    cut = reply.disconnect is Disconnect.DURING_BODY
    body = reply.body[: len(reply.body) // 2] if cut else reply.body
    size = max(-(-len(body) // _CHUNKS), 1)
    for place in range(0, len(body), size):
        await asyncio.sleep(reply.body_delay_s / _CHUNKS)
        await response.write(body[place : place + size])
    if cut:
        _reset(request)
    else:
        await response.write_eof()
    return response


def _reset(request: web.BaseRequest) -> None:
    """Drop the connection with a TCP reset rather than an orderly end."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    request.transport.abort()


def _wants_gzip(request: web.BaseRequest, body: bytes) -> bool:
    offered = request.headers.get("Accept-Encoding", "")
    return len(body) >= _WORTH_COMPRESSING_BYTES and "gzip" in offered.lower()


def _large_request(*parts: object) -> web.BaseRequest:
    message, payload, protocol, writer, task = parts
    return web.BaseRequest(
        message,  # type: ignore[arg-type]
        payload,  # type: ignore[arg-type]
        protocol,  # type: ignore[arg-type]
        writer,  # type: ignore[arg-type]
        task,  # type: ignore[arg-type]
        asyncio.get_running_loop(),
        client_max_size=_LARGEST_BODY_BYTES,
    )
