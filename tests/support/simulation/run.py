"""Plays one scenario from one seed, and says what was wrong."""

import asyncio
import gc
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
from structlog.testing import capture_logs

from support.ready_store import open_ready
from support.simulation import users
from support.simulation.observer import Violation
from support.simulation.replica import ReplicaReader
from support.simulation.scenario import Scenario
from support.simulation.users import DAY_S
from support.simulation.verdict import judge, settle
from support.simulation.world import FreezingLoop, World

_LAST_PAGES_S = 60.0
"""Longer than a daemon may take to end in good order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went.

    Attributes:
        seed: gives the same run again.
        calls: how many calls the actors made.
    """

    scenario: str
    seed: int
    violations: Sequence[Violation]
    calls: int
    simulated_days: float

    def __str__(self) -> str:
        """Tell all that is needed to see it again."""
        lines = [
            f"{self.scenario} with seed {self.seed} breaks the promise; repeat it with",
            f"  make simulate SCENARIO={self.scenario} FIRST={self.seed} SEEDS=1",
            *(f"  {violation}" for violation in self.violations),
        ]
        return "\n".join(lines)


def failed(scenario: Scenario, seed: int, error: Exception) -> Outcome:
    """Return the outcome of a run that came to no end."""
    text = "".join(traceback.format_exception(error))
    violation = Violation(scenario.epoch, "the run itself", text)
    return Outcome(scenario.name, seed, [violation], calls=0, simulated_days=0.0)


def run(scenario: Scenario, seed: int, folder: Path) -> Outcome:
    """Play the scenario in an empty folder. What goes wrong unforeseen is raised."""
    with capture_logs(), _few_collections(), asyncio.Runner(loop_factory=FreezingLoop) as runner:
        return runner.run(_play(scenario, seed, folder))


@contextmanager
def _few_collections() -> Iterator[None]:
    """A run keeps the vendor's whole history: looking through it for garbage took a third of its time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(500_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


async def _play(scenario: Scenario, seed: int, folder: Path) -> Outcome:
    path = folder / "syncline.db"
    async with await open_ready(path) as store:
        reader = ReplicaReader(path)
        world = World(scenario, seed, store, reader)
        try:
            await _live_through(world)
            await judge(world)
        finally:
            await world.close()
            reader.close()
        elapsed_s = world.clock.now().monotonic_s
        return Outcome(
            scenario.name, seed, world.observer.violations, world.calls, elapsed_s / DAY_S
        )


async def _live_through(world: World) -> None:
    await world.connect_all()
    async with anyio.create_task_group() as machine:
        machine.start_soon(world.keep_running)
        world.let_run()
        async with anyio.create_task_group() as troubles:
            for account_id in world.account_ids:
                troubles.start_soon(users.work, world, account_id, world.random(account_id))
            for number, trouble in enumerate(world.scenario.troubles):
                troubles.start_soon(trouble, world, world.random(f"trouble {number}"))
            await anyio.sleep(world.scenario.days * DAY_S)
            troubles.cancel_scope.cancel()
        await world.calm()
        await settle(world)
        with anyio.fail_after(_LAST_PAGES_S):
            await world.shut_down()
        machine.cancel_scope.cancel()
