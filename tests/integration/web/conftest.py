from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.web_house import Visitor, WebHouse, house, serving


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async with house(tmp_path) as within, serving(within) as web_house:
        yield web_house


@pytest.fixture
def visitor(web: WebHouse) -> Visitor:
    return web.visitor
