"""Keeps an open page up to date: sends those of its parts that changed, until its reader leaves."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import anyio
import msgspec
from aiohttp import web

from daemon.web.event_stream import ALIVE, begin_stream, send
from daemon.web.operation import B, Call, Q
from store.errors import StoreError

_EVERY_S = 2.0

Parts = Callable[[], Awaitable[Mapping[str, str]]]
"""Renders the parts of a page: HTML by the id of the element that it goes into."""


def _always() -> bool:
    return True


async def stream_parts(
    call: Call[Q, B], parts: Parts, may_see: Callable[[], bool] = _always
) -> web.StreamResponse:
    """Send all parts once, and each again when it changes, as long as the reader may see them.

    It ends when the account is gone, the store fails or it lasted for `server.limits.stream`; the page
    begins another stream then.
    """
    response = await begin_stream(call.request)
    with suppress(ConnectionError, StoreError):
        await _send_changes(call, parts, may_see, response)
    return response


async def _send_changes(
    call: Call[Q, B], parts: Parts, may_see: Callable[[], bool], response: web.StreamResponse
) -> None:
    shown: dict[str, str] = {}
    spoke_at = anyio.current_time()
    ends_at_s = spoke_at + call.context.server.limits.stream_s
    while not call.waiting.closed and anyio.current_time() < ends_at_s:
        now_s = call.context.clock.now().utc.timestamp()
        new = {name: html for name, html in (await parts()).items() if shown.get(name) != html}
        if not may_see():
            return
        shown |= new
        data = b"".join(_event(name, html, now_s) for name, html in new.items())
        if data or anyio.current_time() >= spoke_at + call.context.heartbeat_s:
            await send(call.request, response, data or ALIVE)
            spoke_at = anyio.current_time()
        await call.waiting.for_a_while(_EVERY_S)


def _event(name: str, html: str, now_s: float) -> bytes:
    part = {"id": name, "html": html, "now": now_s}
    return b"event: part\ndata: %b\n\n" % msgspec.json.encode(part)
