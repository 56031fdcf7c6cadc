"""Server-sent events: how a stream begins, and how its reader is kept from holding us up."""

import anyio
from aiohttp import web

from daemon.web.operation import EVENT_STREAM

ALIVE = b": alive\n\n"
"""Shows a reader, and what is between, that the stream lives."""

_TAKEN_WITHIN_S = 30.0


async def begin_stream(request: web.Request) -> web.StreamResponse:
    """Return a stream that has begun."""
    response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    return response


async def send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Send a part of the stream.

    Raises:
        ConnectionError: the reader left, or took nothing for 30 s and was cut off.
    """
    try:
        with anyio.fail_after(_TAKEN_WITHIN_S):
            await response.write(data)
    except TimeoutError as error:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader takes nothing") from error
