"""Everything here runs under virtual time."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.actor_house import House, open_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as opened:
        yield opened
