import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from daemon.signals import Control, hear_signals
from store.models import StoreHealth


@pytest.fixture
def anyio_backend() -> str:
    """Signals come in real time."""
    return "asyncio"


@asynccontextmanager
async def hearing() -> AsyncIterator[Control]:
    control = Control()
    async with anyio.create_task_group() as tasks:
        await tasks.start(hear_signals, control)
        yield control
        tasks.cancel_scope.cancel()


async def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    await anyio.wait_all_tasks_blocked()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_signal_to_stop_asks_to_stop(number: signal.Signals) -> None:
    async with hearing() as control:
        await send(number)
        with anyio.fail_after(5):
            await control.stop.wait()


@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_the_second_one_ends_the_process_now(
    monkeypatch: pytest.MonkeyPatch, second: signal.Signals, code: int
) -> None:
    codes: list[int] = []
    ended = anyio.Event()

    def leave(exit_code: int) -> None:
        codes.append(exit_code)
        ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    async with hearing() as control:
        await send(signal.SIGTERM)
        await control.stop.wait()
        assert codes == []
        await send(second)
        with anyio.fail_after(5):
            await ended.wait()
    assert codes == [code]


async def test_a_hangup_asks_to_reload_and_not_to_stop() -> None:
    async with hearing() as control:
        await send(signal.SIGHUP)
        with anyio.fail_after(5):
            await control.reload_asked()
        assert not control.stop.is_set()


async def test_reloads_asked_for_together_are_one() -> None:
    control = Control()
    control.ask_to_reload()
    control.ask_to_reload()
    await control.reload_asked()
    with anyio.move_on_after(0) as scope:
        await control.reload_asked()
    assert scope.cancelled_caught


async def test_a_reload_asked_for_during_another_is_not_lost() -> None:
    control = Control()
    control.ask_to_reload()
    await control.reload_asked()
    control.ask_to_reload()
    with anyio.fail_after(5):
        await control.reload_asked()


def test_process_ends_once_its_store_is_a_later_versions() -> None:
    control = Control()
    control.look_at_store(StoreHealth(writable=False, reason="no space left"))
    assert not control.stop.is_set()
    control.look_at_store(StoreHealth(writable=False, reason="newer", outdated=True))
    assert control.stop.is_set()
    assert control.refused == "newer"
