"""Listens, and lets go in an orderly way."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial
from types import MappingProxyType

import anyio
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from anyio.abc import TaskStatus

from daemon.config import ServerConfig
from daemon.web.application import CONNECTIONS, create_app
from daemon.web.connections import Connections, WatchedConnection
from daemon.web.context import WebContext

_KEEPALIVE_S = 75.0
_LINGERING_S = 2.0
_MOST_HEADERS = 100
_BACKLOG = 128

_REASONS = MappingProxyType(
    {
        errno.EADDRINUSE: "something listens there already; is another syncline running?",
        errno.EACCES: "this user may not listen there; ports under 1024 need a privilege",
        errno.EADDRNOTAVAIL: "this machine does not have that address",
    }
)


class ListenError(Exception):
    """The server cannot listen where it should. The text says where, why, and which setting it is."""


class WebServer:
    """Serves the daemon's HTTP interface. `run` is its life; a server runs once."""

    def __init__(self, context: WebContext) -> None:
        self.application = create_app(context)
        self._config = context.server
        self._stop = anyio.Event()

    async def run(self, *, task_status: TaskStatus[int] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until `stop`; started with the port that it listens on.

        At the end nothing new is accepted, long polls and streams end at once, and other requests
        have the configured grace period to end.

        Raises:
            ListenError: the address cannot be listened on.
        """
        runner = web.AppRunner(
            self.application,
            access_log=None,
            logger=_logger(),
            keepalive_timeout=_KEEPALIVE_S,
            lingering_time=_LINGERING_S,
            shutdown_timeout=self._config.shutdown_grace_s,
            max_line_size=self._config.limits.header_bytes,
            max_field_size=self._config.limits.header_bytes,
            max_headers=_MOST_HEADERS,
        )
        await runner.setup()
        try:
            listening = await _listen(
                partial(_serve, runner, self.application[CONNECTIONS]), self._config
            )
            try:
                task_status.started(listening.sockets[0].getsockname()[1])
                await self._stop.wait()
            finally:
                listening.close()
        finally:
            with anyio.CancelScope(shield=True):
                await runner.cleanup()

    def stop(self) -> None:
        """Begin the end."""
        self._stop.set()


def _logger() -> logging.Logger:
    """Return where aiohttp writes what goes wrong; what clients send that is not HTTP stays out."""
    logger = logging.getLogger("aiohttp.server.syncline")
    logger.addFilter(_is_no_clients_fault)
    return logger


def _is_no_clients_fault(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _serve(runner: web.AppRunner, connections: Connections) -> WatchedConnection:
    """Serve one more connection."""
    if runner.server is None:
        raise RuntimeError("the server is not set up")
    return connections.watched(runner.server())


async def _listen(serve: Callable[[], asyncio.Protocol], server: ServerConfig) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            serve, server.host, server.port, backlog=_BACKLOG
        )
    except OSError as error:
        where = f"cannot listen on {server.host}:{server.port}"
        if isinstance(error, socket.gaierror):
            reason = f"no address is known for {server.host!r}"
        else:
            reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise ListenError(f"{where}: {reason} (server.host, server.port)") from error
