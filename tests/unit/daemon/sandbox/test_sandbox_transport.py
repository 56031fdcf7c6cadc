"""The in-process carrier, on virtual time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.transport import SandboxTransport
from support.virtual_time import EPOCH, VIRTUAL_BACKEND

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
def sandbox() -> QuickBooksSandbox:
    return QuickBooksSandbox(
        lambda: EPOCH + timedelta(seconds=asyncio.get_running_loop().time()),
        behaviour=Behaviour(token_latency_s=0.2),
    )


@pytest.fixture
async def client(sandbox: QuickBooksSandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = SandboxTransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://qbo.test") as http:
        yield http


@pytest.fixture
async def path(sandbox: QuickBooksSandbox, client: httpx.AsyncClient) -> str:
    realm = sandbox.add_company()
    tokens = await client.post(
        "/oauth2/v1/tokens/bearer",
        auth=("sandbox-client-id", "sandbox-client-secret"),
        data={
            "grant_type": "authorization_code",
            "code": sandbox.issue_code(realm),
            "redirect_uri": "http://localhost/callback",
        },
    )
    client.headers["Authorization"] = f"Bearer {tokens.json()['access_token']}"
    return f"/v3/company/{realm}"


def elapsed_s() -> float:
    return asyncio.get_running_loop().time()


async def test_calls_reach_the_sandbox_and_come_back_whole(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    statement = "select * from Customer where DisplayName like '%é%' maxresults 3"
    reply = await client.get(f"{path}/query", params={"query": statement})
    assert reply.status_code == 200
    assert reply.headers["intuit_tid"].startswith("1-")
    [customer] = reply.json()["QueryResponse"]["Customer"][:1]
    realm = path.rpartition("/")[2]
    assert sandbox.truth(realm)["Customer"][customer["Id"]] in reply.content


async def test_an_answer_takes_its_delay_in_virtual_time(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.HANG, delay_s=20, count=1))
    start = elapsed_s()
    assert (await client.get(f"{path}/item/1", timeout=30)).status_code == 200
    assert elapsed_s() - start == pytest.approx(20)


async def test_a_hang_ends_at_the_read_timeout(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.HANG, count=1))
    start = elapsed_s()
    with pytest.raises(httpx.ReadTimeout):
        await client.get(f"{path}/item/1", timeout=30)
    assert elapsed_s() - start == pytest.approx(30)


async def test_a_slow_body_comes_in_pieces_and_never_waits_longer_than_one(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.SLOW_BODY, delay_s=80, count=1))
    start = elapsed_s()
    reply = await client.get(f"{path}/item/1", timeout=11)
    assert reply.json()["Item"]["Id"] == "1"
    assert elapsed_s() - start == pytest.approx(80)


async def test_a_body_that_is_too_slow_times_out_in_its_first_piece(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    sandbox.inject(Fault(FaultKind.SLOW_BODY, delay_s=80, count=1))
    start = elapsed_s()
    with pytest.raises(httpx.ReadTimeout):
        await client.get(f"{path}/item/1", timeout=5)
    assert elapsed_s() - start == pytest.approx(5)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_IN_BODY])
async def test_a_dropped_connection_is_a_read_error(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str, kind: FaultKind
) -> None:
    sandbox.inject(Fault(kind, count=1))
    with pytest.raises(httpx.ReadError):
        await client.get(f"{path}/item/1")
    assert (await client.get(f"{path}/item/1")).status_code == 200


async def test_two_refreshes_at_once_spring_the_trap(
    sandbox: QuickBooksSandbox, client: httpx.AsyncClient, path: str
) -> None:
    [grant] = sandbox.world.authorization.grants_of(path.rpartition("/")[2])

    async def refresh() -> int:
        reply = await client.post(
            "/oauth2/v1/tokens/bearer",
            auth=("sandbox-client-id", "sandbox-client-secret"),
            data={"grant_type": "refresh_token", "refresh_token": grant.refresh_token},
        )
        return reply.status_code

    assert sorted(await asyncio.gather(refresh(), refresh())) == [200, 400]
    assert sandbox.statistics().refresh_traps == 1
    assert sandbox.statistics().calls_to(Route.TOKEN) == 3
