"""F5: whatever is lost, broken or killed, a write happens once, or it is said that nobody knows."""

from pathlib import Path

import pytest

from support.action_storm import play
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.mark.parametrize("seed", range(1, 7))
async def test_no_write_happens_twice_in_a_storm(seed: int, tmp_path: Path) -> None:
    verdict = await play(seed, tmp_path, payments=25)
    assert verdict.wrong == [], f"make storm FIRST={seed} SEEDS=1 PAYMENTS=25"
    assert verdict.payments.doubled == verdict.others.doubled == 0
    assert verdict.payments.states.total() >= 25
    assert verdict.others.states.total() > 0
