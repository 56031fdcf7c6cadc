import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from daemon.config import ServerConfig
from daemon.web import ListenError, WebServer
from daemon.web.application import WAITING
from store.models import Account
from support.plain_http import plain_async_client
from support.web_house import House, WebHouse, house, serving


def waiting(web: WebHouse) -> int:
    return web.server.application[WAITING].count


async def refused(web: WebHouse, config: ServerConfig) -> str:
    server = WebServer(replace(web.context, server=config))
    with pytest.raises(ListenError) as caught:
        await server.run()
    return str(caught.value)


async def test_port_that_is_taken_is_said_in_one_line(web: WebHouse) -> None:
    message = await refused(web, ServerConfig(port=web.port))
    assert message == (
        f"cannot listen on 127.0.0.1:{web.port}: something listens there already; is another"
        " syncline running? (server.host, server.port)"
    )


async def test_address_that_is_not_ours_is_said_in_one_line(web: WebHouse) -> None:
    assert "does not have that address" in await refused(web, ServerConfig(host="192.0.2.1"))


async def test_name_without_an_address_is_said_in_one_line(
    web: WebHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_address(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    assert "no address is known for 'nowhere'" in await refused(web, ServerConfig(host="nowhere"))


async def ended(
    within: House, ask: Callable[[WebHouse], Any], how_many: int = 1
) -> list[httpx.Response]:
    """Stop a server while somebody waits; return what they got."""
    replies: list[httpx.Response] = []

    async def visit(web: WebHouse) -> None:
        replies.append(await ask(web))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks, serving(within) as web:
            for _ in range(how_many):
                tasks.start_soon(visit, web)
            await web.until(lambda: waiting(web) == how_many)
            web.server.stop()
            await web.until(lambda: len(replies) == how_many)
    return replies


async def test_long_polls_end_at_once_when_the_server_stops(tmp_path: Path) -> None:
    async with house(tmp_path) as within:
        replies = await ended(
            within, lambda web: web.visitor.http.get("/changes?wait=60", timeout=30), 3
        )
    assert [reply.json() for reply in replies] == [{"items": [], "next": 0}] * 3


async def test_streams_end_at_once_when_the_server_stops(tmp_path: Path) -> None:
    async def read(web: WebHouse) -> httpx.Response:
        headers = {"Accept": "text/event-stream"}
        async with web.visitor.http.stream("GET", "/changes", headers=headers, timeout=30) as reply:
            await reply.aread()
        return reply

    async with house(tmp_path) as within:
        replies = await ended(within, read)
    assert replies[0].content == b""


async def test_request_under_way_is_answered_before_the_server_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as within:
        begun, go_on = anyio.Event(), anyio.Event()
        real = within.store.accounts

        async def slowly() -> Sequence[Account]:
            begun.set()
            await go_on.wait()
            return await real()

        monkeypatch.setattr(within.store, "accounts", slowly)
        replies = []

        async def visit(web: WebHouse) -> None:
            replies.append(await web.visitor.http.get("/integrations"))

        async with anyio.create_task_group() as tasks, serving(within) as web:
            tasks.start_soon(visit, web)
            await begun.wait()
            web.server.stop()
            await anyio.lowlevel.checkpoint()
            go_on.set()
            await web.until(lambda: bool(replies))
    assert replies[0].status_code == 200


async def test_stopped_server_accepts_nothing_more(tmp_path: Path) -> None:
    async with house(tmp_path) as within:
        async with serving(within) as web:
            port = web.port
        with pytest.raises(httpx.ConnectError):
            async with plain_async_client() as client:
                await client.get(f"http://127.0.0.1:{port}/health")


async def test_threaded_store_serves_as_well(tmp_path: Path) -> None:
    async with house(tmp_path, mode="threaded") as within, serving(within) as web:
        account = await web.live()
        page = await web.visitor.get(f"/integrations/{account.id}/objects/Invoice")
        assert len(page["items"]) == 7
        changes = await web.visitor.get("/changes?limit=1000")
        assert changes["next"] == len(changes["items"])
