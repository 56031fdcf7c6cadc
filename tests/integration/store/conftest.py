from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.sqlite import SqliteStore
from store.sqlite.opening import Mode
from support.store_fixtures import MODES, Owned, open_quick, own


@pytest.fixture
def anyio_backend() -> str:
    """Threads answer in real time."""
    return "asyncio"


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "syncline.db"


@pytest.fixture
async def store(path: Path, mode: Mode) -> AsyncIterator[SqliteStore]:
    async with await open_quick(path, mode) as opened:
        yield opened


@pytest.fixture
async def company(store: SqliteStore) -> Owned:
    return await own(store)
