"""Batches at the gate, and who waits there without taking a turn."""

from functools import partial

import anyio
import pytest

from actors.errors import BreakerOpenError, TransientError
from actors.settings import CallLimits
from actors.vendors.base import Priority
from support.virtual_time import VIRTUAL_BACKEND
from unit.actors.test_gate import Door


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


async def batch(door: Door) -> None:
    """Make a call that does several things at once."""
    async with door.gate.permit(Priority.VERIFY)("batch", items=3):
        door.passed.append((door.now_s(), "batch"))


async def test_batches_wait_for_their_own_limit_and_other_calls_do_not() -> None:
    door = Door(CallLimits(in_flight=10, batches_per_minute=40))
    async with anyio.create_task_group() as calls:
        for _ in range(45):
            calls.start_soon(batch, door)
        await anyio.sleep(180)
        begun = len(door.passed)
        assert begun == 45
    times = [at_s for at_s, _ in door.passed]
    assert max(sum(begin <= each <= begin + 60.0 for each in times) for begin in times) <= 40
    for _ in range(10):
        await door.call()
    assert door.passed[-1][0] - door.passed[-10][0] == 0.0


async def test_a_users_batch_that_waits_for_the_limit_on_batches_keeps_no_single_call_waiting() -> (
    None
):
    door = Door(CallLimits(in_flight=10, batches_per_minute=40))

    async def users_batch() -> None:
        async with door.gate.permit(Priority.USER)("batch", items=3):
            door.passed.append((door.now_s(), "batch"))

    await anyio.sleep(60)
    async with anyio.create_task_group() as calls:
        while door.gate.bucket.takes_batch(door.now_s()):
            await users_batch()
        before = len(door.passed)
        calls.start_soon(users_batch)
        await anyio.sleep(0.01)
        began_s = door.now_s()
        await door.call("single", priority=Priority.POLL)
        assert door.now_s() - began_s < 0.2
    assert [name for _, name in door.passed[before:]] == ["single", "batch"]


async def test_who_waits_to_be_ready_takes_no_turn_from_others() -> None:
    door = Door(CallLimits(per_second=10, in_flight=1))
    await anyio.sleep(10)
    async with anyio.create_task_group() as calls:
        calls.start_soon(partial(door.call, "first", takes_s=5.0))
        await anyio.sleep(1)
        began_s = door.now_s()
        await door.gate.ready(Priority.USER)
        assert door.now_s() - began_s == pytest.approx(4.0, abs=0.01)
        await door.call("next")
        assert door.now_s() - began_s == pytest.approx(4.0, abs=0.2)
    assert door.names() == ["first", "next"]
    assert door.gate.bucket.in_flight == 0


async def test_nobody_is_ready_while_the_breaker_rests() -> None:
    door = Door(failures=1)
    await door.call(ends=TransientError("down"))
    with pytest.raises(BreakerOpenError):
        await door.gate.ready(Priority.USER)
