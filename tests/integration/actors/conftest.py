"""Everything here runs under virtual time."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from support.company_house import CompanyHouse, open_company_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[CompanyHouse]:
    async with open_company_house(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def records() -> Iterator[list[Any]]:
    """Keep the log, instead of printing it."""
    with structlog.testing.capture_logs() as entries:
        yield entries
