from dataclasses import replace
from pathlib import Path

import pytest

from actors.hearing import Hearing
from daemon.read_planning import interval_s
from support.actor_house import open_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


async def test_the_plan_takes_the_interval_that_webhooks_leave(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        hearing = Hearing(frozenset({"Customer"}))
        around = replace(house.around, hearing=hearing)
        assert interval_s(around) == around.settings.poll_interval_s
        hearing.health.delivered(house.clock.now().monotonic_s)
        assert interval_s(around) == around.settings.poll_interval_with_webhooks_s
        assert interval_s(replace(around, hearing=None)) == around.settings.poll_interval_s
