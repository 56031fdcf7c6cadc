"""Clients that are too many, too slow, too large or too eager."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest

from daemon.config import ServerConfig, ServerLimits
from support.web_house import TOKEN, WebHouse, house, serving

QUICK = ServerLimits(head_timeout_s=0.3, body_timeout_s=0.3, reader_timeout_s=0.3)
AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n".encode()


@asynccontextmanager
async def limited(folder: Path, limits: ServerLimits = QUICK) -> AsyncIterator[WebHouse]:
    config = ServerConfig(limits=limits, shutdown_grace_s=1)
    async with house(folder) as within, serving(within, config) as web:
        yield web


@dataclass
class Callers:
    """Opens connections, and closes them at the end."""

    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer


@asynccontextmanager
async def callers(web: WebHouse) -> AsyncIterator[Callers]:
    them = Callers(web.port)
    try:
        yield them
    finally:
        for writer in them.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def head(web: WebHouse, first: bytes, *more: bytes) -> bytes:
    return b"\r\n".join([first, b"Host: localhost:%d" % web.port, *more]) + b"\r\n"


async def left(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the server closes."""
    with anyio.fail_after(5):
        return await reader.read()


async def refusals(web: WebHouse) -> dict[str, float]:
    counter = next(
        family
        for family in web.metrics.registry.collect()
        if family.name == "syncline_http_refused"
    )
    return {
        each.labels["reason"]: each.value
        for each in counter.samples
        if each.name[-6:] == "_total" and each.value
    }


async def test_no_more_connections_than_there_may_be(tmp_path: Path) -> None:
    # The visitor of the house holds one.
    async with limited(tmp_path, ServerLimits(connections=2)) as web, callers(web) as them:
        first, held = await them.call()
        held.write(head(web, b"GET /health HTTP/1.1") + b"\r\n")
        assert (await first.readline()).startswith(b"HTTP/1.1 200")
        refused, _ = await them.call()
        answer = await left(refused)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"Retry-After: 10" in answer
        assert await refusals(web) == {"connections": 1}
        held.close()
        await held.wait_closed()
        with anyio.fail_after(5):
            while web.metrics.http.connections() > 1:  # noqa: ASYNC110 - nobody tells of it
                await anyio.sleep(0.01)
        again, _writer = await them.call()
        _writer.write(head(web, b"GET /health HTTP/1.1", b"Connection: close") + b"\r\n")
        assert (await left(again)).startswith(b"HTTP/1.1 200")


async def test_head_that_does_not_come_to_its_end_is_not_waited_for(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, writer = await them.call()
        writer.write(b"GET /health HTTP/1.1\r\nX-Slow: ")
        for _ in range(5):
            await anyio.sleep(0.05)
            writer.write(b"a")
        assert (await left(reader)).startswith(b"HTTP/1.1 408")
        assert await refusals(web) == {"slow_head": 1}


async def test_who_only_opens_a_connection_is_let_go_without_a_word(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, _ = await them.call()
        assert await left(reader) == b""
        assert await refusals(web) == {}


async def test_second_slow_head_on_a_connection_is_not_waited_for_either(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, writer = await them.call()
        writer.write(head(web, b"GET /health HTTP/1.1") + b"\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /hea")
        assert b"HTTP/1.1 408" in await left(reader)


async def test_connection_that_rests_between_requests_is_kept(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, writer = await them.call()
        for _ in range(2):
            writer.write(head(web, b"HEAD /health HTTP/1.1") + b"\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200")
            await anyio.sleep(0.5)
        assert await refusals(web) == {}


async def test_request_that_takes_long_to_answer_is_not_slow(tmp_path: Path) -> None:
    async with limited(tmp_path) as web:
        reply = await web.visitor.call("GET", "/changes", params={"wait": 0.6})
        assert reply.json()["items"] == []


async def test_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, writer = await them.call()
        line = b"POST /auth/quickbooks/connect HTTP/1.1"
        writer.write(head(web, line, b"Content-Length: 100") + AUTHORIZED + b'\r\n{"realm')
        answer = await left(reader)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"urn:syncline:problem:slow-body" in answer
        assert await refusals(web) == {"slow_body": 1}


async def test_reader_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        _, writer = await them.call()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        request = head(web, b"GET /openapi.json HTTP/1.1") + b"\r\n"
        with anyio.fail_after(10):
            while "slow_reader" not in await refusals(web):
                writer.write(request * 10)
                await anyio.sleep(0.02)
        writer.transport.abort()


@pytest.mark.parametrize(
    "lines",
    [[b"X-Long: " + b"a" * 9000], [b"X-%d: a" % number for number in range(120)]],
    ids=["too long", "too many"],
)
async def test_headers_that_are_too_large_are_refused(tmp_path: Path, lines: list[bytes]) -> None:
    async with limited(tmp_path) as web, callers(web) as them:
        reader, writer = await them.call()
        writer.write(head(web, b"GET /health HTTP/1.1", *lines) + b"\r\n")
        assert b" 400 " in (await left(reader)).splitlines()[0]


async def test_who_asks_too_often_is_told_when_to_ask_again(tmp_path: Path) -> None:
    async with limited(tmp_path, ServerLimits(requests_per_second=2)) as web:
        replies = [await ask(web.visitor.http, "/integrations") for _ in range(6)]
        assert [reply.status_code for reply in replies[:4]] == [200] * 4
        refused = replies[5]
        web.visitor.description.check(refused)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert refused.json()["type"] == "urn:syncline:problem:too-many-requests"
        assert (await refusals(web))["rate"] >= 1
        for path in ("/health", "/metrics"):
            assert (await ask(web.visitor.http, path)).status_code == 200


async def test_who_guesses_the_token_may_not_guess_on(tmp_path: Path) -> None:
    async with limited(tmp_path, ServerLimits(requests_per_second=1)) as web:
        async with web.stranger(headers={"Authorization": "Bearer guess"}) as guesser:
            statuses = [(await ask(guesser, "/integrations")).status_code for _ in range(6)]
        assert statuses[:2] == [401, 401]
        assert 429 in statuses
        assert (await ask(web.visitor.http, "/integrations")).status_code == 200


async def ask(http: httpx.AsyncClient, path: str) -> httpx.Response:
    return await http.get(path)


async def test_stream_ends_in_time_and_is_resumed(tmp_path: Path) -> None:
    limits = ServerLimits(stream_s=1.0)
    async with limited(tmp_path, limits) as web:
        await web.live()
        accept = {"Accept": "text/event-stream"}
        with anyio.fail_after(10):
            async with web.visitor.http.stream("GET", "/changes", headers=accept) as reply:
                lines = [line async for line in reply.aiter_lines()]
        last = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")][-1]
        assert int(last) == await web.store.last_seq()


async def test_no_more_long_polls_than_there_may_be(tmp_path: Path) -> None:
    async with limited(tmp_path, ServerLimits(waiting=0)) as web:
        reply = await ask(web.visitor.http, "/changes?wait=5")
        assert reply.status_code == 503
        assert await refusals(web) == {"waiting": 1}


async def test_pages_that_are_open_to_all_leave_places_to_who_has_the_token(tmp_path: Path) -> None:
    async with limited(tmp_path, ServerLimits(waiting=1)) as web, web.stranger() as stranger:
        assert (await ask(stranger, "/status/live")).status_code == 503
        reply = await ask(web.visitor.http, "/changes?wait=0.01")
        assert reply.status_code == 200


async def test_who_guesses_at_the_login_may_not_guess_on(tmp_path: Path) -> None:
    async with (
        limited(tmp_path, ServerLimits(requests_per_second=1)) as web,
        web.stranger() as guesser,
    ):
        statuses = [
            (await guesser.post("/dashboard/login", data={"token": "guess"})).status_code
            for _ in range(6)
        ]
        assert 429 in statuses


async def test_who_knows_the_token_comes_in_while_strangers_at_the_same_address_guess(
    tmp_path: Path,
) -> None:
    # Behind a proxy all come from one address.
    async with (
        limited(tmp_path, ServerLimits(requests_per_second=1)) as web,
        web.stranger(headers={"Sec-Fetch-Site": "same-origin"}) as guesser,
    ):
        for expect in (403, 403, 429):
            refused = await guesser.post("/dashboard/login", data={"token": "guess"})
            assert refused.status_code == expect
        entered = await guesser.post("/dashboard/login", data={"token": TOKEN})
        assert entered.status_code == 303


async def test_forms_that_are_too_large_for_a_token_are_not_read(tmp_path: Path) -> None:
    async with limited(tmp_path, ServerLimits()) as web, web.stranger() as stranger:
        reply = await stranger.post("/dashboard/login", data={"token": "x" * 5000})
    web.visitor.description.check(reply)
    assert reply.status_code == 413


async def test_who_has_a_session_is_not_held_to_what_strangers_at_the_same_address_ask(
    tmp_path: Path,
) -> None:
    # Behind a proxy all come from one address.
    limits = ServerLimits(requests_per_second=1)
    async with (
        limited(tmp_path, limits) as web,
        web.stranger() as operator,
        web.stranger() as stranger,
    ):
        form = {"token": TOKEN, "next": "/dashboard"}
        origin = {"Sec-Fetch-Site": "same-origin"}
        assert (
            await operator.post("/dashboard/login", data=form, headers=origin)
        ).status_code == 303
        statuses = [(await stranger.get("/integrations")).status_code for _ in range(6)]
        assert 429 in statuses
        assert (await operator.get("/dashboard")).status_code == 200
