"""Changes as server-sent events."""

from contextlib import suppress

import anyio
import msgspec
from aiohttp import web

from daemon.web.feed import ChangeView, Feed
from daemon.web.operation import EVENT_STREAM, B, Call, Q
from store.errors import StoreUnavailableError

_AT_ONCE = 200
_TAKEN_WITHIN_S = 30.0
_HEARTBEAT = b": alive\n\n"


async def stream_changes(call: Call[Q, B], feed: Feed, after: int) -> web.StreamResponse:
    """Send every change behind `after` and those to come, until the reader or the server leaves.

    At most one page waits in memory for a slow reader; one that takes nothing for 30 s is cut off.
    Whoever was cut off, or saw the stream end because the store failed, may resume.
    """
    response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "X-Accel-Buffering": "no"})
    await response.prepare(call.request)
    with suppress(ConnectionError, StoreUnavailableError):
        await _send_all(call, feed, after, response)
    return response


async def _send_all(
    call: Call[Q, B],
    feed: Feed,
    after: int,
    response: web.StreamResponse,
) -> None:
    context = call.context
    while not call.waiting.closed:
        items, after = await feed.page(after, _AT_ONCE)
        if items:
            await _send(call.request, response, b"".join(map(_event, items)))
            continue
        woken_at_s = anyio.current_time() + context.heartbeat_s
        await call.waiting.for_change(context.store, after, context.heartbeat_s)
        if anyio.current_time() >= woken_at_s:
            await _send(call.request, response, _HEARTBEAT)


async def _send(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    try:
        with anyio.fail_after(_TAKEN_WITHIN_S):
            await response.write(data)
    except TimeoutError as error:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError("the reader takes nothing") from error


def _event(change: ChangeView) -> bytes:
    return b"id: %d\nevent: change\ndata: %b\n\n" % (change.seq, msgspec.json.encode(change))
