"""F28, in small: weeks in which nothing happens leaves nothing behind.

The vendor of a simulation keeps all that was ever done to it, so nobody does anything: what grows
then is the daemon.
"""

import gc
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import linear_regression

import anyio
import pytest

from support.simulation.run import run
from support.simulation.scenarios import SCENARIOS
from support.simulation.users import DAY_S
from support.simulation.world import World

_DAYS = 16
_SETTLED_DAY = 5
_OBJECTS_A_DAY = 20.0
"""Caches fill; whatever is kept for each look or each token would be hundreds."""


class Census:
    """Counts what there is, once a day."""

    def __init__(self) -> None:
        self.objects: list[int] = []
        self.files: list[int] = []

    async def __call__(self, world: World, random: Random) -> None:  # noqa: ARG002
        while True:
            await anyio.sleep(DAY_S)
            gc.unfreeze()
            gc.collect()
            self.objects.append(len(gc.get_objects()))
            self.files.append(open_files())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# Counting takes its time in a process that has run thousands of tests before.
@pytest.mark.timeout(180)
def test_idle_weeks_leave_nothing_behind(tmp_path: Path) -> None:
    census = Census()
    idle = replace(
        SCENARIOS["plain"], name="soak", days=_DAYS + 0.5, acts_per_day=0.0, troubles=(census,)
    )
    outcome = run(idle, 1, tmp_path)
    assert not outcome.violations, str(outcome)
    assert len(census.objects) == _DAYS
    later = census.objects[_SETTLED_DAY:]
    # A line through all days: what is under way at the moment of a count differs from day to day.
    grown_a_day = linear_regression(range(len(later)), later).slope
    assert grown_a_day <= _OBJECTS_A_DAY, census.objects
    assert len(set(census.files[_SETTLED_DAY:])) == 1, census.files
