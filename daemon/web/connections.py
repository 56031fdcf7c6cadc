"""Connections: how many there may be, and how slow a client may be before it is let go.

aiohttp waits for ever for the head of a request and for a reader that takes nothing. Each connection
has a watch between the socket and aiohttp, which ends both.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from daemon.config import ServerLimits
from daemon.web.problems import Handler

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n"
    b"Content-Length: 0\r\n\r\n"
)
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

Refused = Callable[[str], None]
"""Told why somebody was refused."""


class Connections:
    """All that are open.

    Attributes:
        limits: what each of them may do.
        refused: is told of every one that was refused or cut off.
    """

    def __init__(self, limits: ServerLimits, refused: Refused) -> None:
        self.limits = limits
        self.refused = refused
        self._open: dict[asyncio.BaseProtocol, WatchedConnection] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._open)

    def watched(self, served: asyncio.Protocol) -> "WatchedConnection":
        """Put a watch before what serves one connection."""
        return WatchedConnection(self, served)

    def enter(self, served: asyncio.Protocol, connection: "WatchedConnection") -> bool:
        """Take a connection in, if there is room."""
        if len(self._open) >= self.limits.connections:
            self.refused("connections")
            return False
        self._open[served] = connection
        return True

    def leave(self, served: asyncio.Protocol) -> None:
        """Let go of a connection that is closed."""
        self._open.pop(served, None)

    def middleware(self) -> Middleware:
        """Return what tells the watch when a request's head is there, and when it is answered."""

        @web.middleware
        async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._open.get(request.protocol)
            if connection is None:
                return await handler(request)
            connection.begin()
            try:
                return await handler(request)
            finally:
                connection.end()

        return watch


class WatchedConnection(asyncio.Protocol):
    """Hands everything on, and ends the connection when its client is too slow."""

    def __init__(self, connections: Connections, served: asyncio.Protocol) -> None:
        self._connections = connections
        self._served: asyncio.Protocol | None = served
        self._transport: asyncio.Transport | None = None
        self._head: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._is_busy = False
        self._has_sent = False

    def begin(self) -> None:
        """A request's head came whole."""
        self._is_busy = True
        self._stop_head()

    def end(self) -> None:
        """The request has its answer."""
        self._is_busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        if not isinstance(transport, asyncio.Transport) or self._served is None:
            raise TypeError(f"not a connection: {transport!r}")
        self._transport = transport
        if not self._connections.enter(self._served, self):
            self._served = None
            transport.write(_FULL)
            transport.close()
            return
        self._served.connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Hand bytes on; the first ones of a request begin its time."""
        if self._served is None:
            return
        self._has_sent = True
        if not self._is_busy and self._head is None:
            self._expect_head()
        self._served.data_received(data)

    def eof_received(self) -> bool | None:
        """The client sends no more."""
        return None if self._served is None else self._served.eof_received()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        if self._served is None:
            return
        self._taking = asyncio.get_running_loop().call_later(
            self._connections.limits.reader_timeout_s, self._cut_off_reader
        )
        self._served.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._stop_taking()
        if self._served is not None:
            self._served.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop_head()
        self._stop_taking()
        if self._served is not None:
            self._connections.leave(self._served)
            self._served.connection_lost(exc)

    def _expect_head(self) -> None:
        self._head = asyncio.get_running_loop().call_later(
            self._connections.limits.head_timeout_s, self._end_slow_head
        )

    def _end_slow_head(self) -> None:
        self._head = None
        if self._transport is None or self._transport.is_closing():
            return
        # Who only opens a connection and says nothing, as browsers do, did nothing wrong.
        if self._has_sent:
            self._connections.refused("slow_head")
            self._transport.write(_TOO_SLOW)
        self._transport.close()

    def _cut_off_reader(self) -> None:
        self._taking = None
        if self._transport is not None:
            self._connections.refused("slow_reader")
            self._transport.abort()

    def _stop_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
