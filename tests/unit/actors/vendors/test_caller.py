"""Single calls: a long reading keeps no write waiting, and no stream of writes keeps it from its end."""

from collections.abc import Generator

import anyio
import httpx
import pytest

from actors.errors import TransientError
from actors.events import CallMade
from actors.vendors.caller import Caller, CallManners, Pieces
from actors.vendors.failed_call import FailedCall
from actors.vendors.http import HttpChannel, Reply
from support.virtual_time import VirtualClock

PIECES = 16


class Vendor:
    """Answers reads at once, and writes after a while.

    Attributes:
        read_s: when each piece was read.
    """

    def __init__(self, write_s: float) -> None:
        self.clock = VirtualClock()
        self.read_s: list[float] = []
        self._write_s = write_s
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        manners = CallManners("vendor", None, judge, is_fault=lambda _: False)
        self.caller = Caller(HttpChannel(http, timeout_s=60.0), self.clock, _ignore, manners)

    async def read(self) -> int:
        return await self.caller.call("read", self._request("GET"), self._in_pieces)

    async def write(self) -> bytes:
        request = self._request("POST")
        return await self.caller.write(
            "write", request, bytes, account="1", secrets=(), on_reply=_ignore_reply
        )

    def now_s(self) -> float:
        return self.clock.now().monotonic_s

    def _request(self, method: str) -> httpx.Request:
        return self.caller.channel.request(method, "https://vendor.example/", headers={})

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            await anyio.sleep(self._write_s)
        return httpx.Response(200, content=b"{}")

    def _in_pieces(self, _body: bytes) -> Pieces[int]:
        return Pieces(self._steps())

    def _steps(self) -> Generator[None, None, int]:
        for _ in range(PIECES):
            self.read_s.append(self.now_s())
            yield
        return PIECES


def judge(failed: FailedCall) -> TransientError:
    return TransientError(f"status {failed.status}")


def _ignore(_event: CallMade) -> None:
    pass


def _ignore_reply(_reply: Reply) -> None:
    pass


async def test_nothing_of_a_long_reading_is_read_while_a_write_is_under_way() -> None:
    vendor = Vendor(write_s=0.2)
    began_s = vendor.now_s()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(vendor.write)
        await anyio.sleep(0.01)
        assert await vendor.read() == PIECES
    assert min(vendor.read_s) >= began_s + 0.2


async def test_a_long_reading_does_not_wait_for_a_write_that_hangs() -> None:
    vendor = Vendor(write_s=30.0)
    began_s = vendor.now_s()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(vendor.write)
        await anyio.sleep(0.01)
        assert await vendor.read() == PIECES
        assert vendor.now_s() - began_s == pytest.approx(0.51, abs=0.01)


async def test_with_writes_all_the_time_long_readings_have_half_of_it() -> None:
    vendor = Vendor(write_s=30.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(vendor.write)
        await anyio.sleep(0.01)
        read, began_s = 0, vendor.now_s()
        while vendor.now_s() - began_s < 5.0:
            await vendor.read()
            read += 1
            await anyio.sleep(0.05)
    assert read >= 40


async def test_without_writes_a_long_reading_takes_no_time() -> None:
    vendor = Vendor(write_s=0.0)
    await vendor.write()
    await anyio.sleep(0.01)
    began_s = vendor.now_s()
    assert await vendor.read() == PIECES
    assert vendor.now_s() == began_s
