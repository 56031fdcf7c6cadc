from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import anyio
import pytest
import structlog

from daemon.hosted import Condition
from daemon.watchdog import Watchdog
from store.errors import StoreFullError
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

if TYPE_CHECKING:
    from daemon.sdnotify import Notifier
    from daemon.supervisor import Supervisor


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture(autouse=True)
def records() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


@dataclass
class Machine:
    """What a watchdog looks at, and when it pinged."""

    conditions: list[Condition] = field(default_factory=lambda: [Condition.RUNNING] * 2)
    stand_still: int = 0
    answers_after_s: float = 0.0
    trouble: Exception | None = None
    heartbeat_stopped_s: float | None = None
    pings_s: list[float] = field(default_factory=list)

    def watchdog(self) -> bool:
        self.pings_s.append(VirtualClock().now().monotonic_s)
        return True

    async def check(self) -> None:
        await anyio.sleep(self.answers_after_s)
        if self.trouble is not None:
            raise self.trouble

    def unchecked_s(self) -> float:
        if self.heartbeat_stopped_s is None:
            return 0.0
        return VirtualClock().now().monotonic_s - self.heartbeat_stopped_s

    def stalled(self) -> list[str]:
        return [f"{number}" for number in range(self.stand_still)]

    def hosted_here(self) -> dict[str, Any]:
        return {
            f"{number}": SimpleNamespace(condition=condition)
            for number, condition in enumerate(self.conditions)
        }

    async def watched(self, for_s: float = 100.0, interval_s: float = 20.0) -> list[float]:
        dog = Watchdog(cast("Notifier", self), self, cast("Supervisor", self), self, interval_s)
        with anyio.move_on_after(for_s):
            await dog.run()
        return self.pings_s


async def test_it_pings_at_once_and_then_at_its_interval() -> None:
    assert await Machine().watched() == [0, 20, 40, 60, 80]


async def test_without_accounts_there_is_nothing_that_could_stand_still() -> None:
    assert len(await Machine(conditions=[]).watched()) == 5


async def test_a_store_that_does_not_answer_gets_no_ping(records: list[Any]) -> None:
    assert await Machine(answers_after_s=inf).watched() == []
    assert records[0]["reason"] == "the store does not answer"


async def test_a_full_disk_is_no_reason_to_be_killed(records: list[Any]) -> None:
    assert len(await Machine(trouble=StoreFullError("no room")).watched()) == 5
    assert records == []


async def test_some_actors_that_stand_still_are_no_reason_to_be_killed() -> None:
    assert len(await Machine(stand_still=1).watched()) == 5


async def test_when_all_actors_stand_still_there_is_no_ping(records: list[Any]) -> None:
    assert await Machine(stand_still=2).watched() == []
    assert {record["event"] for record in records} == {"no_progress"}
    assert records[0]["reason"] == "all 2 actors stand still"


async def test_when_the_heartbeat_is_not_checked_any_more_there_is_no_ping(
    records: list[Any],
) -> None:
    assert await Machine(heartbeat_stopped_s=0.0).watched() == [0, 20, 40, 60]
    assert records[0]["reason"] == "the heartbeat was not checked for 80 s"


async def test_accounts_that_are_not_run_do_not_count_as_moving() -> None:
    parked = [Condition.QUARANTINED, Condition.OWNER_NEEDED, Condition.STOPPED]
    machine = Machine(conditions=[Condition.RUNNING, *parked], stand_still=1)
    assert await machine.watched() == []


async def test_it_pings_again_when_things_move_again() -> None:
    machine = Machine(stand_still=2)

    async def mend() -> None:
        await anyio.sleep(50)
        machine.stand_still = 0

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(mend)
        assert await machine.watched() == [60, 80]


async def test_a_bug_in_the_check_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        await Machine(trouble=ZeroDivisionError()).watched()
