"""A client that behaves like a browser on the operator's pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from support.web_house import TOKEN, Visitor, WebHouse


@asynccontextmanager
async def browser(web: WebHouse, *, signed_in: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that behaves like a browser on our own pages."""
    origin = f"http://127.0.0.1:{web.port}"
    async with web.stranger(headers={"Accept": "text/html", "Origin": origin}) as client:
        if signed_in:
            reply = await client.post("/dashboard/login", data={"token": TOKEN})
            assert reply.status_code == 303
            # The cookie is for https alone, which a browser asks for and this client does not.
            client.cookies.clear()
            client.cookies.set("syncline_session", reply.cookies["syncline_session"])
        yield client


async def page(client: httpx.AsyncClient, path: str, visitor: Visitor, expect: int = 200) -> str:
    reply = await client.get(path)
    visitor.description.check(reply)
    assert reply.status_code == expect
    return reply.text


async def press(client: httpx.AsyncClient, path: str, visitor: Visitor, **form: str) -> str:
    reply = await client.post(path, data=form)
    visitor.description.check(reply)
    assert reply.status_code == 303, reply.text
    return reply.headers["Location"]
