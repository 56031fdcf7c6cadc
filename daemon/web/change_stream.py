"""Changes as server-sent events."""

from contextlib import suppress

import anyio
import msgspec
from aiohttp import web

from daemon.web.event_stream import ALIVE, begin_stream, send
from daemon.web.feed import ChangeView, Feed
from daemon.web.operation import B, Call, Q
from store.errors import StoreUnavailableError

_AT_ONCE = 200


async def stream_changes(call: Call[Q, B], feed: Feed, after: int) -> web.StreamResponse:
    """Send every change behind `after` and those to come, until the reader or the server leaves.

    At most one page waits in memory for a slow reader; one that takes nothing for 30 s is cut off.
    After `server.limits.stream` it ends. Whoever was cut off, or saw the stream end, may resume.
    """
    response = await begin_stream(call.request)
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
    ends_at_s = anyio.current_time() + context.server.limits.stream_s
    while not call.waiting.closed and anyio.current_time() < ends_at_s:
        if feed.account_id is not None:
            context.readers.note(feed.account_id)
        items, after = await feed.page(after, _AT_ONCE)
        if items:
            await send(call.request, response, b"".join(map(_event, items)))
            continue
        woken_at_s = min(anyio.current_time() + context.heartbeat_s, ends_at_s)
        await call.waiting.for_change(context.store, after, woken_at_s - anyio.current_time())
        if anyio.current_time() >= woken_at_s:
            await send(call.request, response, ALIVE)


def _event(change: ChangeView) -> bytes:
    return b"id: %d\nevent: change\ndata: %b\n\n" % (change.seq, msgspec.json.encode(change))
