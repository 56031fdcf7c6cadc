"""What goes on beside the accounts, in a daemon that is alone."""

from pathlib import Path

import anyio
import httpx
import pytest

from daemon import app
from daemon.config import load_config
from daemon.metrics.census import Census
from daemon.redaction import Redactor
from daemon.world import this_world
from store.sqlite import SqliteStore

NAME = "syncline_part_failures_total"


async def test_daemon_serves_on_when_a_row_that_nobody_foresaw_stops_its_upkeep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def poisoned(*_: object, **__: object) -> int:
        raise ZeroDivisionError("a poisonous row")

    monkeypatch.setattr(SqliteStore, "prune_notices", poisoned)
    monkeypatch.setattr(SqliteStore, "failed_routings", poisoned)
    monkeypatch.setattr(SqliteStore, "credential", poisoned)
    monkeypatch.setattr(Census, "without_token_times", lambda _: ["poisoned"])
    (tmp_path / "config.yaml").write_text("server: {port: 0}\n")
    config = load_config(tmp_path / "config.yaml", {})
    async with app.running(config, this_world(Redactor(()))) as daemon:
        registry = daemon.metrics.registry
        with anyio.fail_after(10):
            for part in ("notice_retention", "routing_watch", "token_times"):
                while not registry.get_sample_value(NAME, {"part": part}):  # noqa: ASYNC110
                    await anyio.sleep(0.01)
        async with httpx.AsyncClient(base_url=daemon.base_url) as client:
            assert (await client.get("/health/ready")).status_code == 200
