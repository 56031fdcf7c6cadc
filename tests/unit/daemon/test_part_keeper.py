"""A part that fails is started again, ever more seldom, and no other one hears of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import anyio
import pytest
import structlog

from daemon.part_keeper import PartKeeper, PartName
from store.errors import NewerSchemaError
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

NAME, OTHER = PartName.ARCHIVING, PartName.ROSTER


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@dataclass
class Stage:
    """A keeper, and when its parts began.

    Attributes:
        lasts_s: how long a run of the bad part goes well; it fails then.
        name: which part is the bad one.
    """

    clock: VirtualClock = field(default_factory=VirtualClock)
    counted: list[PartName] = field(default_factory=list)
    began_s: list[float] = field(default_factory=list)
    lasts_s: float = 0.0
    name: PartName = NAME

    def __post_init__(self) -> None:
        self.keeper = PartKeeper(self.clock, Random(0), self.counted.append)

    async def bad(self) -> None:
        self.began_s.append(self.clock.now().monotonic_s)
        await anyio.sleep(self.lasts_s)
        raise ZeroDivisionError("a poisonous row")

    def waits_s(self) -> list[float]:
        ends_s = [began_s + self.lasts_s for began_s in self.began_s]
        return [later - end for end, later in zip(ends_s, self.began_s[1:], strict=False)]

    async def kept(self, for_s: float, **others: Callable[[], Awaitable[None]]) -> None:
        """Keep the bad part and others for so long."""
        parts = {PartName(name): run for name, run in others.items()}
        with anyio.move_on_after(for_s):
            await self.keeper.keep_all({self.name: self.bad, **parts})


async def test_part_that_fails_is_started_again_ever_more_seldom() -> None:
    stage = Stage()
    await stage.kept(3600)
    wanted = [1, 2, 4, 8, 16, 32, 64, 128, 256, *[300] * 20]
    waits_s = stage.waits_s()
    assert len(waits_s) > 15
    for wait_s, most_s in zip(waits_s, wanted, strict=False):
        assert 0.8 * most_s <= wait_s <= most_s
    assert len(set(waits_s[9:])) == len(waits_s[9:])  # nodes do not come back at the same instant
    assert stage.counted == [NAME] * len(stage.began_s)


@pytest.mark.parametrize(
    "name", [PartName.COURIER, PartName.CLOSE_LOOK, PartName.ALERT_DESK, PartName.NODE_SIGHT]
)
async def test_part_that_somebody_waits_for_is_never_left_for_long(name: PartName) -> None:
    stage = Stage(name=name)
    await stage.kept(600)
    waits_s = stage.waits_s()
    assert len(waits_s) > 40
    assert 12 <= waits_s[-1] <= max(waits_s) <= 15
    stage = Stage(name=name, lasts_s=61)
    await stage.kept(600)
    assert max(stage.waits_s()) <= 1
    assert stage.keeper.failing() == {}


async def test_other_parts_go_on() -> None:
    stage, ticks = Stage(), list[float]()

    async def tick() -> None:
        while True:
            await anyio.sleep(1)
            ticks.append(stage.clock.now().monotonic_s)

    await stage.kept(100.5, **{str(OTHER): tick})
    assert len(ticks) == 100


async def test_failure_is_said_with_where_it_was() -> None:
    stage = Stage()
    with structlog.testing.capture_logs() as logs:
        await stage.kept(0.5)
    (told,) = logs
    assert (told["event"], told["log_level"]) == ("part_failed", "error")
    assert (told["part"], told["failures"]) == ("archiving", 1)
    assert told["exc_info"].__traceback__ is not None
    assert 0.8 <= told["again_in_s"] <= 1.0


async def test_part_that_failed_again_and_again_is_failing_until_it_ran_well() -> None:
    stage, seen = Stage(), dict[float, int]()

    async def look() -> None:
        while True:
            await anyio.sleep(1)
            seen[len(seen) + 1] = len(stage.keeper.failing())
            if len(seen) == 20:
                stage.lasts_s = 5000

    await stage.kept(1000, **{str(OTHER): look})
    assert [seen[second] for second in (1, 10, 20, 100, 600)] == [0, 1, 1, 1, 1]
    assert seen[700] == 0


async def test_failures_that_are_far_apart_are_no_row() -> None:
    stage = Stage(lasts_s=601)
    await stage.kept(600 * 20)
    assert all(wait_s <= 1.0 for wait_s in stage.waits_s())
    assert stage.keeper.failing() == {}


async def test_how_it_fails_is_known_and_forgotten_with_its_end() -> None:
    stage = Stage()
    told: list[str] = []

    async def look() -> None:
        await anyio.sleep(30)
        told.extend(stage.keeper.failing().values())

    await stage.kept(60, **{str(OTHER): look})
    assert told == ["it failed 6 times in a row: ZeroDivisionError: a poisonous row"]
    assert stage.keeper.failing() == {}


async def test_part_that_returns_is_over() -> None:
    stage, runs = Stage(), list[int]()

    async def nothing_to_do() -> None:
        runs.append(1)

    await stage.keeper.keep(OTHER, nothing_to_do)
    assert runs == [1]
    assert stage.counted == []


async def test_store_that_cannot_be_used_any_more_ends_all() -> None:
    stage = Stage()

    async def replaced() -> None:
        raise NewerSchemaError("a later version changed it")

    with pytest.raises(NewerSchemaError):
        await stage.keeper.keep(OTHER, replaced)
    assert stage.counted == []


async def test_store_that_cannot_be_used_any_more_ends_all_from_within_a_group_too() -> None:
    stage = Stage()

    async def replaced() -> None:
        async with anyio.create_task_group() as outer, anyio.create_task_group() as inner:
            outer.start_soon(anyio.sleep_forever)
            inner.start_soon(anyio.sleep_forever)
            raise NewerSchemaError("a later version changed it")

    gone = pytest.RaisesExc(NewerSchemaError)
    with anyio.move_on_after(60), pytest.RaisesGroup(gone, flatten_subgroups=True):
        await stage.keeper.keep(OTHER, replaced)
    assert stage.counted == []


async def test_cancelling_is_no_failure() -> None:
    stage = Stage(lasts_s=50)
    with structlog.testing.capture_logs() as logs:
        await stage.kept(10)
    assert stage.counted == []
    assert logs == []
