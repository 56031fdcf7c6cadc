"""Where calls are counted: at the gate, each once, and no user's call is ever held back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from actors.breaker import BreakerState
from actors.errors import AllowanceUsedUpError, TransientError
from actors.gate import Gate
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings, BreakerPolicy
from actors.vendors.base import Priority
from actors.vendors.registry import VENDORS
from store.ports import Store
from support.ready_store import open_ready
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

USED_UP = AllowanceUsedUpError("used up", retry_after_s=60.0, status=429)


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@dataclass
class Door:
    gate: Gate
    meter: ReadMeter
    store: Store

    async def noted(self) -> int:
        """Return how many reads are noted in the store."""
        return await self.store.noted_reads("quickbooks", self.meter.state().month)

    async def call(
        self, operation: str, priority: Priority = Priority.POLL, ends: Exception | None = None
    ) -> None:
        async with self.gate.permit(priority)(operation):
            if ends is not None:
                raise ends


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock, metering = VirtualClock(), VENDORS["quickbooks"].metering
    assert metering is not None
    async with await open_ready(tmp_path / "syncline.db") as store:
        meter = ReadMeter("quickbooks", metering, 1000, 300.0, store, clock, lambda _: None)
        settings = AccountSettings((), breaker=BreakerPolicy(failures=1, reset_after_s=100.0))
        gate = Gate(settings, clock, Random(0), lambda _: None, reads=meter, account_id="one")
        yield Door(gate, meter, store)


async def test_reads_are_counted_and_writes_and_tokens_are_not(door: Door) -> None:
    for operation in ("query", "count", "cdc", "read", "company"):
        await door.call(operation)
    for operation in ("token_exchange", "token_refresh", "token_revoke", "create"):
        await door.call(operation)
    assert door.meter.state().used == 5


async def test_a_call_that_failed_was_counted_too(door: Door) -> None:
    with pytest.raises(TransientError):
        await door.call("query", ends=TransientError("boom"))
    assert door.meter.state().used == 1


async def test_a_call_that_the_breaker_holds_back_is_not_counted(door: Door) -> None:
    for _ in range(3):
        with pytest.raises(TransientError):
            await door.call("query", ends=TransientError("boom"))
    assert door.gate.breaker.state(0.0) is BreakerState.OPEN
    assert door.meter.state().used == 1


async def test_after_the_vendor_refused_reads_only_users_and_what_is_free_pass(door: Door) -> None:
    with pytest.raises(AllowanceUsedUpError):
        await door.call("query", ends=USED_UP)
    with pytest.raises(AllowanceUsedUpError):
        await door.call("query")
    await door.call("create")
    assert door.gate.rest_s(0.0) == 0.0
    await door.call("query", Priority.USER)
    await door.call("query")
    assert door.meter.state().used == 3


async def test_a_read_that_we_hold_back_closes_no_breaker(door: Door) -> None:
    door.gate.breaker.failures = 1
    with pytest.raises(AllowanceUsedUpError):
        await door.call("query", ends=USED_UP)
    door.gate.breaker.failures = 1
    with pytest.raises(AllowanceUsedUpError):
        await door.call("query")
    assert door.gate.breaker.failures == 1
    assert door.gate.bucket.in_flight == 0


async def test_a_batch_counts_as_all_its_reads(door: Door) -> None:
    async with door.gate.permit(Priority.VERIFY)("batch_read", items=9):
        assert door.meter.state().used == 9
    async with door.gate.permit(Priority.USER)("batch_write", items=9):
        assert door.meter.state().used == 9


async def test_a_batch_larger_than_what_is_noted_ahead_is_noted_first(door: Door) -> None:
    async with door.gate.permit(Priority.VERIFY)("batch_read", items=30):
        assert await door.noted() >= 30
