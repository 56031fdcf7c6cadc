"""The promise under each fault that a simulation can show: see docs/reliability.md for the table.

`make simulate` plays the same scenarios with as many seeds as one likes.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from support.simulation.long_scenarios import THIRTY_DAYS
from support.simulation.run import run
from support.simulation.scenarios import SCENARIOS

SEED = 1
"""What CI plays of each."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_promise_is_kept(name: str, tmp_path: Path) -> None:
    outcome = run(SCENARIOS[name], SEED, tmp_path)
    assert not outcome.violations, str(outcome)
    assert outcome.calls


def test_the_promise_is_kept_over_thirty_days_of_a_few(tmp_path: Path) -> None:
    outcome = run(replace(THIRTY_DAYS, accounts=2), SEED, tmp_path)
    assert not outcome.violations, str(outcome)
    assert outcome.simulated_days > 30
