"""The vendor's package over real connections: gzip, many at once, and lines that break."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from actors.clock import SystemClock
from actors.errors import TransientError
from actors.vendors.base import Session
from actors.vendors.http import build_client
from actors.vendors.quickbooks import QuickBooks
from daemon.sandbox.quickbooks import Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.serve import serve_sandbox
from store.models import Cursor
from support.quickbooks_replica import Replica, at_once, settings

if TYPE_CHECKING:
    from actors.events import CallMade


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def sandbox() -> QuickBooksSandbox:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    return QuickBooksSandbox(lambda: now, limits=None)


async def test_a_company_is_read_over_the_wire_to_the_byte() -> None:
    vendor_side = sandbox()
    realm = vendor_side.add_company(sizes={"Invoice": 1500})
    events: list[CallMade] = []
    async with serve_sandbox(vendor_side) as origin:
        vendor = QuickBooks(settings(origin), build_client(), SystemClock(), events.append)
        credential = await vendor.exchange(vendor_side.issue_code(realm), realm)
        session = Session(realm, credential.access_token, at_once)
        replica = Replica(vendor, session, {"Invoice": Cursor("Invoice"), "Item": Cursor("Item")})
        await replica.settle()
        await vendor.close()
    truth = vendor_side.truth(realm)
    assert replica.bodies() == {name: truth[name] for name in ("Invoice", "Item")}
    assert all(event.trace_id for event in events)


async def test_many_companies_share_one_client_without_mixing() -> None:
    vendor_side = sandbox()
    realms = [vendor_side.add_company(sizes={"Invoice": 5}) for _ in range(20)]
    async with serve_sandbox(vendor_side) as origin:
        vendor = QuickBooks(settings(origin), build_client(), SystemClock(), lambda _event: None)
        names: dict[str, str] = {}

        async def ask(realm: str) -> None:
            credential = await vendor.exchange(vendor_side.issue_code(realm), realm)
            names[realm] = await vendor.company_name(
                Session(realm, credential.access_token, at_once)
            )

        async with anyio.create_task_group() as group:
            for realm in realms:
                group.start_soon(ask, realm)
        await vendor.close()
    assert names == {realm: vendor_side.company(realm).name for realm in realms}


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_IN_BODY])
async def test_a_line_that_breaks_is_transient(kind: FaultKind) -> None:
    vendor_side = sandbox()
    realm = vendor_side.add_company()
    async with serve_sandbox(vendor_side) as origin:
        vendor = QuickBooks(settings(origin), build_client(), SystemClock(), lambda _event: None)
        credential = await vendor.exchange(vendor_side.issue_code(realm), realm)
        vendor_side.inject(Fault(kind, frozenset({Route.READ})))
        with pytest.raises(TransientError):
            await vendor.company_name(Session(realm, credential.access_token, at_once))
        await vendor.close()


async def test_a_vendor_that_is_not_there_is_transient() -> None:
    async with serve_sandbox(sandbox()) as origin:
        pass
    vendor = QuickBooks(settings(origin), build_client(), SystemClock(), lambda _event: None)
    with pytest.raises(TransientError):
        await vendor.exchange("code", "1")
    await vendor.close()


_DEADLINE_S = 0.5
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"

Vendor = Callable[[SocketStream], Awaitable[None]]


async def half_open(_line: SocketStream) -> None:
    """Take the connection, and never say a word."""
    await anyio.sleep_forever()


async def a_byte_a_second(line: SocketStream) -> None:
    """Answer, from the first letter on, one byte a second: each of them in good time."""
    for byte in _HEAD:
        await line.send(bytes([byte]))
        await anyio.sleep(1.0)


async def a_body_at_a_byte_a_second(line: SocketStream) -> None:
    await line.receive()
    await line.send(_HEAD)
    while True:
        await line.send(b" ")
        await anyio.sleep(1.0)


@asynccontextmanager
async def listening(serve: Vendor) -> AsyncIterator[str]:
    async def serve_until_it_hangs_up(line: SocketStream) -> None:
        async with line:
            try:
                await serve(line)
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                return

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve_until_it_hangs_up)
        (first, *_) = listener.listeners
        port = first.extra(SocketAttribute.local_port)  # noqa: S610 - no database's
        yield f"http://127.0.0.1:{port}"
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("serve", [half_open, a_byte_a_second, a_body_at_a_byte_a_second])
async def test_no_slowness_outlasts_the_deadline(serve: Vendor) -> None:
    async with listening(serve) as origin:
        hasty = replace(settings(origin), timeout_s=_DEADLINE_S)
        vendor = QuickBooks(hasty, build_client(), SystemClock(), lambda _event: None)
        began_s = SystemClock().now().monotonic_s
        with pytest.raises(TransientError, match=r"no answer within 0\.5 s"):
            await vendor.company_name(Session("1", "token", at_once))
        assert SystemClock().now().monotonic_s - began_s < 4 * _DEADLINE_S
        await vendor.close()
