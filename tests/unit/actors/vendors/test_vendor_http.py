import socket
import ssl
from collections.abc import AsyncIterator

import aiohttp
import anyio
import httpx
import pytest

from actors.errors import NotSentError, TransientError
from actors.vendors.http import HttpChannel, build_client
from support.virtual_time import VIRTUAL_BACKEND, VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, type[VirtualLoop]]]:
    return VIRTUAL_BACKEND


class SlowVendor(httpx.AsyncBaseTransport):
    """Answers after a while, in drops; counts how many calls it has at once."""

    def __init__(self, first_byte_s: float, between_bytes_s: float = 0.0) -> None:
        self.most_at_once = 0
        self._at_once = 0
        self._first_byte_s = first_byte_s
        self._between_bytes_s = between_bytes_s

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await anyio.sleep(self._first_byte_s)
        finally:
            self._at_once -= 1
        return httpx.Response(200, content=self._drops(), request=request)

    async def _drops(self) -> AsyncIterator[bytes]:
        for _ in range(10):
            await anyio.sleep(self._between_bytes_s)
            yield b"x"


def channel(vendor: SlowVendor, *, timeout_s: float = 30.0, at_once: int = 500) -> HttpChannel:
    client = httpx.AsyncClient(transport=vendor)
    return HttpChannel(client, timeout_s=timeout_s, max_in_flight=at_once)


async def send(channel: HttpChannel) -> bytes:
    return (await channel.send(channel.request("GET", "http://vendor.test/", headers={}))).body


async def test_a_whole_answer_within_the_deadline_is_returned() -> None:
    assert await send(channel(SlowVendor(20, 0.9))) == b"x" * 10


@pytest.mark.parametrize(
    "vendor",
    [
        pytest.param(SlowVendor(120), id="a vendor that hangs"),
        pytest.param(SlowVendor(0, 4), id="a vendor that drips"),
    ],
)
async def test_the_deadline_holds_for_the_whole_call(vendor: SlowVendor) -> None:
    began_s = anyio.current_time()
    with pytest.raises(TransientError, match="no answer within 30 s"):
        await send(channel(vendor))
    assert anyio.current_time() - began_s == pytest.approx(30)


async def test_calls_beyond_the_limit_wait_outside_their_deadline() -> None:
    vendor = SlowVendor(20)
    shared = channel(vendor, timeout_s=30, at_once=2)
    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(send, shared)
    assert vendor.most_at_once == 2
    assert anyio.current_time() == pytest.approx(80)


async def test_a_call_that_is_cancelled_gives_its_turn_back() -> None:
    shared = channel(SlowVendor(20), at_once=1)
    with anyio.move_on_after(1):
        await send(shared)
    assert await send(shared) == b"x" * 10


def failing_channel(text: str) -> HttpChannel:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise RuntimeError(text)

    return HttpChannel(httpx.AsyncClient(transport=httpx.MockTransport(fail)), timeout_s=30)


async def test_a_closed_channel_gives_no_answer() -> None:
    shared = channel(SlowVendor(0))
    await shared.close()
    with pytest.raises(TransientError, match="closed"):
        await send(shared)


async def test_a_session_that_closes_under_a_call_gives_no_answer() -> None:
    with pytest.raises(TransientError, match="closed"):
        await send(failing_channel("Session is closed"))


def broken_channel(error: OSError) -> HttpChannel:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("no answer") from error

    return HttpChannel(httpx.AsyncClient(transport=httpx.MockTransport(fail)), timeout_s=30)


async def test_a_connection_that_never_came_about_is_told_from_one_that_broke() -> None:
    with pytest.raises(NotSentError):
        await send(broken_channel(ConnectionRefusedError()))
    with pytest.raises(TransientError) as caught:
        await send(broken_channel(ConnectionResetError()))
    assert not isinstance(caught.value, NotSentError)


async def test_a_fault_of_the_program_is_no_failure_of_the_vendor() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        await send(failing_channel("no running event loop"))


async def test_the_client_neither_keeps_cookies_nor_follows_redirects() -> None:
    async with build_client() as client:
        request = client.build_request("GET", "http://vendor.test/")
        client.cookies.extract_cookies(
            httpx.Response(200, headers={"Set-Cookie": "company=1; Path=/"}, request=request)
        )
        assert "cookie" not in client.build_request("GET", "http://vendor.test/").headers
        assert not client.follow_redirects


def cut(causes: list[Exception]) -> HttpChannel:
    """Make a channel whose every call fails as httpx_aiohttp says it, with what it comes from."""

    def fail(request: httpx.Request) -> httpx.Response:
        error: Exception = httpx.ConnectTimeout(f"{request.url}", request=request)
        top = error
        for cause in causes:
            error.__cause__ = cause
            error = cause
        raise top

    return HttpChannel(httpx.AsyncClient(transport=httpx.MockTransport(fail)), timeout_s=30)


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        ([aiohttp.ClientOSError(), ConnectionRefusedError(111, "x")], "the connection was refused"),
        ([socket.gaierror(-2, "Name or service not known")], "the host's name was not found"),
        ([ssl.SSLCertVerificationError(1, "x")], "the host's TLS certificate is not trusted"),
        ([aiohttp.ClientOSError(), ssl.SSLError(1, "x")], "TLS failed"),
        ([aiohttp.ClientOSError(104, "x"), ConnectionResetError()], "the connection was reset"),
        ([aiohttp.ServerDisconnectedError()], "the connection was reset"),
        ([aiohttp.ServerTimeoutError()], "it timed out"),
        ([OSError(101, "x")], "Network is unreachable"),
        ([aiohttp.ClientConnectionError("http://vendor.test/?secret")], "ClientConnectionError"),
    ],
)
async def test_a_broken_connection_says_what_really_happened(
    causes: list[Exception], words: str
) -> None:
    with pytest.raises(TransientError) as caught:
        await send(cut(causes))
    assert str(caught.value) == f"no answer: {words}"
