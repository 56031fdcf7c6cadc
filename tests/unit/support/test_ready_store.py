import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from support.ready_store import open_ready
from support.store_fixtures import all_objects, open_fresh, own, record

_PRAGMAS = ("journal_mode", "page_size", "user_version", "application_id", "encoding")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def shape(path: Path) -> Mapping[str, object]:
    with closing(sqlite3.connect(path)) as connection:
        schema = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid")
        pragmas = {name: connection.execute(f"PRAGMA {name}").fetchall() for name in _PRAGMAS}
        return {"schema": schema.fetchall(), "mode": path.stat().st_mode, **pragmas}


async def test_ready_store_is_as_one_that_was_migrated(tmp_path: Path) -> None:
    fresh, ready = tmp_path / "fresh.db", tmp_path / "ready.db"
    async with await open_fresh(fresh), await open_ready(ready):
        pass
    assert shape(ready) == shape(fresh)


async def test_what_a_ready_store_holds_is_there_after_reopening(tmp_path: Path) -> None:
    async with await open_ready(tmp_path / "syncline.db") as store:
        company = await own(store)
        await store.apply_page(company.page(record("1")))
    async with await open_ready(tmp_path / "syncline.db") as store:
        assert list(await all_objects(store, company.account_id)) == ["1"]
