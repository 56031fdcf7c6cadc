"""One shared HTTP client per vendor, for all its accounts, and a total deadline on every call."""

import os
import socket
import ssl
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import anyio
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport

from actors.errors import NotSentError, TransientError

MAX_CONNECTIONS = 500
"""At once, over all accounts: leaves room under the usual limit of 1,024 open files."""

KEEPALIVE_S = 15.0

_READ_AHEAD_BYTES = 256 * 1024
"""A page of a thousand objects is megabytes: with aiohttp's own 64 KiB its socket stops and starts."""


def build_client(*, max_connections: int = MAX_CONNECTIONS) -> httpx.AsyncClient:
    """Make the client that all accounts of one vendor share.

    It keeps no cookies, so that nothing of one company travels with another's calls, follows no
    redirects, and has no deadline of its own: `HttpChannel` sets one. httpx's own pool searches all
    its connections for every call; aiohttp's does not.
    """
    tls = httpx.create_ssl_context()

    def open_session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections,
            ssl=tls,
            keepalive_timeout=KEEPALIVE_S,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),
            read_bufsize=_READ_AHEAD_BYTES,
        )

    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=tls, client=open_session),
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "syncline"},
        follow_redirects=False,
    )


_HAPPENINGS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((socket.gaierror, aiohttp.ClientConnectorDNSError), "the host's name was not found"),
    ((ssl.SSLCertVerificationError,), "the host's TLS certificate is not trusted"),
    ((ssl.SSLError,), "TLS failed"),
    ((ConnectionRefusedError,), "the connection was refused"),
    (
        (ConnectionResetError, BrokenPipeError, aiohttp.ServerDisconnectedError),
        "the connection was reset",
    ),
    ((TimeoutError,), "it timed out"),
)

_BEFORE_A_CONNECTION = (
    aiohttp.ClientConnectorError,
    socket.gaierror,
    ssl.SSLCertVerificationError,
    ConnectionRefusedError,
)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer, read to its end and decompressed."""

    status: int
    headers: httpx.Headers
    body: bytes


class HttpChannel:
    """Makes calls, at most `max_in_flight` at once; deadlines begin when their turn comes."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        timeout_s: float,
        max_in_flight: int = MAX_CONNECTIONS,
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._turns = anyio.Semaphore(max_in_flight, fast_acquire=True)

    async def send(self, request: httpx.Request) -> Reply:
        """Make one call and read its whole answer within `timeout_s`, whatever its status.

        Raises:
            NotSentError: no connection came about.
            TransientError: no complete answer came. Whether the call had an effect is not known.
        """
        async with self._turns:
            try:
                with anyio.move_on_after(self._timeout_s):
                    response = await self._client.send(request)
                    return Reply(response.status_code, response.headers, response.content)
            except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
                kind = NotSentError if _never_connected(error) else TransientError
                raise kind(f"no answer: {_what_happened(error)}") from error
            except RuntimeError as error:
                # How httpx and aiohttp say that the client was closed, which has no class.
                if "closed" not in str(error):
                    raise
                raise TransientError("no answer: the client is closed") from error
        raise TransientError(f"no answer within {self._timeout_s:g} s")

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Request:
        """Build a request for `send`."""
        return self._client.build_request(
            method, url, headers=headers, params=params, content=content, timeout=None
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _what_happened(error: Exception) -> str:
    """Say what broke, in words without the call's address.

    The innermost cause knows: httpx_aiohttp calls most of what happens to a connection a
    `ConnectTimeout`.
    """
    *_, root = chain = list(_causes(error))
    for kinds, words in _HAPPENINGS:
        if any(isinstance(each, kinds) for each in chain):
            return words
    if isinstance(root, OSError) and root.errno is not None and root.errno > 0:
        return os.strerror(root.errno)
    return type(root).__name__


def _never_connected(error: Exception) -> bool:
    """Tell whether it surely broke before a byte of the call was sent."""
    return any(isinstance(each, _BEFORE_A_CONNECTION) for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
