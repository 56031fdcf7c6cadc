from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.company_house import CompanyHouse, open_company_house
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[CompanyHouse]:
    async with open_company_house(tmp_path, object_types=("Customer", "Invoice")) as house:
        yield house
