import anyio
import pytest

from actors.moment import Moment
from daemon.loop_lag import LoopLag
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


class BlockedClock(VirtualClock):
    """A clock that shows what a blocked loop would make of it."""

    blocked_s = 0.0

    def now(self) -> Moment:
        now = super().now()
        return Moment(now.monotonic_s + self.blocked_s, now.utc)


async def test_idle_loop_has_no_lag() -> None:
    seen: list[float] = []
    with anyio.move_on_after(2.25):
        await LoopLag(VirtualClock(), seen.append).run()
    assert seen == [0.0] * 4


async def test_blocked_loop_is_late_by_as_much_as_it_was_blocked() -> None:
    clock = BlockedClock()
    lag = LoopLag(clock, lambda _: None)
    async with anyio.create_task_group() as tasks:

        async def block() -> None:
            clock.blocked_s = 0.2

        tasks.start_soon(block)
        assert await lag.measure(0.5) == pytest.approx(0.2)
