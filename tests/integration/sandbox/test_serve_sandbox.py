"""The sandbox over real HTTP: sockets, gzip and real disconnects."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox
from daemon.sandbox.serve import serve_sandbox
from support.plain_http import plain_async_client

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def sandbox() -> QuickBooksSandbox:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    quick = Behaviour(token_latency_s=0.0)
    return QuickBooksSandbox(lambda: noon, behaviour=quick, limits=None)


@pytest.fixture
async def client(sandbox: QuickBooksSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with serve_sandbox(sandbox) as url, plain_async_client(base_url=url) as http:
        yield http


@pytest.fixture
async def path(sandbox: QuickBooksSandbox, client: httpx.AsyncClient) -> str:
    realm = sandbox.add_company()
    code = (await client.post(f"/sandbox/companies/{realm}/code")).json()["code"]
    tokens = await client.post(
        "/oauth2/v1/tokens/bearer",
        auth=("sandbox-client-id", "sandbox-client-secret"),
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": "http://x"},
    )
    client.headers["Authorization"] = f"Bearer {tokens.json()['access_token']}"
    return f"/v3/company/{realm}"


async def test_a_free_port_is_taken_and_given_back(sandbox: QuickBooksSandbox) -> None:
    async with serve_sandbox(sandbox) as first, serve_sandbox(sandbox) as second:
        assert first != second
        async with plain_async_client() as http:
            assert "QuickBooks Online sandbox" in (await http.get(first)).text
    async with plain_async_client() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(first)


async def test_discovery_points_back_to_where_it_was_asked(client: httpx.AsyncClient) -> None:
    document = (await client.get("/.well-known/openid_configuration")).json()
    assert document["token_endpoint"] == f"{client.base_url}/oauth2/v1/tokens/bearer"


async def test_large_answers_are_gzipped_for_who_offers_it(
    client: httpx.AsyncClient, path: str
) -> None:
    params = {"query": "select * from Invoice"}
    plain = await client.get(f"{path}/query", params=params, headers={"Accept-Encoding": ""})
    assert "content-encoding" not in plain.headers
    async with client.stream("GET", f"{path}/query", params=params) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join([chunk async for chunk in packed.aiter_raw()])
    assert len(raw) < len(plain.content) / 4
    assert gzip.decompress(raw) == plain.content
    small = await client.get(f"{path}/cdc?entities=Item&changedSince=2026-11-21")
    assert "content-encoding" not in small.headers


async def test_the_vendors_headers_come_through(client: httpx.AsyncClient, path: str) -> None:
    reply = await client.get(f"{path}/item/1")
    assert reply.headers["server"] == "envoy"
    assert reply.headers["date"] == "Sat, 21 Nov 2026 12:00:00 GMT"
    assert reply.headers["qbo-version"] == "1988.128"


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_IN_BODY])
async def test_a_reset_breaks_the_connection_and_the_next_call_works(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str, kind: FaultKind
) -> None:
    sandbox.inject(Fault(kind, count=1))
    with pytest.raises(httpx.TransportError):
        await client.get(f"{path}/query", params={"query": "select * from Invoice"})
    assert (await client.get(f"{path}/item/1")).status_code == 200


async def test_a_truncated_answer_arrives_in_order(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.TRUNCATED, count=1))
    reply = await client.get(f"{path}/query", params={"query": "select * from Invoice"})
    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()


async def test_a_slow_body_arrives_whole(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.SLOW_BODY, delay_s=0.05, count=1))
    reply = await client.get(f"{path}/item/1")
    assert reply.json()["Item"]["Id"] == "1"


async def test_a_caller_that_gives_up_on_a_hang_does_not_hold_the_server(
    sandbox: QuickBooksSandbox,
) -> None:
    async with serve_sandbox(sandbox) as url, plain_async_client(base_url=url) as http:
        realm = sandbox.add_company()
        sandbox.inject(Fault(FaultKind.HANG, count=1))
        with pytest.raises(httpx.ReadTimeout):
            await http.get(f"/v3/company/{realm}/item/1", timeout=0.05)
        assert (await http.get(f"/v3/company/{realm}/item/1")).status_code == 401


async def test_a_body_of_several_megabytes_is_taken(client: httpx.AsyncClient, path: str) -> None:
    note = "é" * 2_000_000
    reply = await client.post(f"{path}/customer", json={"DisplayName": "Big", "Notes": note})
    assert reply.json()["Customer"]["Notes"] == note
