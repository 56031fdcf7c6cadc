"""The same tests for every vendor, under virtual time."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.conformance.trial_house import TrialHouse, open_trial_house
from support.conformance.trials import TRIALS
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture(params=sorted(TRIALS))
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[TrialHouse]:
    async with open_trial_house(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def records() -> Iterator[list[Any]]:
    """Keep the log, instead of printing it."""
    with structlog.testing.capture_logs() as entries:
        yield entries
