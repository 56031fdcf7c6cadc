"""A daemon that cannot begin says so."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from daemon import app
from daemon.config import load_config
from daemon.redaction import Redactor
from daemon.world import this_world
from store.errors import StoreOpenError, StoreUnavailableError


class GoneStore:
    """Was there when it was opened."""

    async def metadata(self, _key: str) -> NoReturn:
        raise StoreUnavailableError("the database system is shutting down")


async def test_database_that_goes_away_during_the_start_is_a_reason_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def opened() -> AsyncIterator[GoneStore]:
        yield GoneStore()

    async def open_it(*_: object, **__: object) -> AbstractAsyncContextManager[GoneStore]:
        return opened()

    monkeypatch.setattr(app, "open_configured_store", open_it)
    (tmp_path / "config.yaml").write_text("server: {port: 0}\n")
    config = load_config(tmp_path / "config.yaml", {})
    refusal = pytest.RaisesExc(StoreOpenError, match="meanwhile: the database")
    with pytest.RaisesGroup(refusal, allow_unwrapped=True):
        async with app.running(config, this_world(Redactor(()))):
            pass
