"""F25: an upgrade killed at any of its steps, and going back by a version."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from store.errors import StoreOpenError
from store.sqlite.migrate import bundled_migrations, schema_version
from support import upgrade_process
from support.store_fixtures import move, open_quick, own, record
from support.upgrade_process import later_migrations

KNOWN, LATER = len(bundled_migrations()), len(later_migrations())
ROWS = 50


def upgrade(path: Path, arming: str = "") -> int:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, str(upgrade_process.__file__), str(path), arming],
        env=environment,
        check=False,
    ).returncode


async def fill(path: Path) -> None:
    async with await open_quick(path) as store:
        company = await own(store)
        rows = [record(f"{number}") for number in range(ROWS)]
        await store.apply_page(company.page(*rows, cursors=[move(covered=1)]))


def version_with_all_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table in ("objects", "changes"):
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert count == ROWS
        return schema_version(connection)


@pytest.mark.parametrize("place", ["before_commit", "after_commit"])
@pytest.mark.parametrize("step", range(1, LATER - KNOWN + 1))
async def test_upgrade_killed_at_a_step_is_finished_by_the_next_start(
    path: Path, step: int, place: str
) -> None:
    await fill(path)
    assert upgrade(path, f"migration.{place}:{step}") == -signal.SIGKILL
    whole = step if place == "after_commit" else step - 1
    assert version_with_all_rows(path) == KNOWN + whole
    assert upgrade(path) == 0
    assert version_with_all_rows(path) == LATER
    with closing(sqlite3.connect(path)) as connection:
        unchecked = "SELECT count(*) FROM objects WHERE checked_at IS NOT synced_at"
        assert connection.execute(unchecked).fetchone() == (0,)


@pytest.mark.parametrize("step", range(1, LATER - KNOWN + 1))
async def test_version_before_refuses_what_an_upgrade_has_touched(path: Path, step: int) -> None:
    await fill(path)
    upgrade(path, f"migration.after_commit:{step}")
    with pytest.raises(StoreOpenError, match=f"newer version .its schema is {KNOWN + step}"):
        await open_quick(path)
    assert version_with_all_rows(path) == KNOWN + step


@pytest.mark.parametrize("place", ["before_commit", "after_commit"])
@pytest.mark.parametrize("step", range(1, KNOWN + 1))
async def test_new_file_whose_first_steps_are_killed_is_finished_by_the_next_start(
    path: Path, step: int, place: str
) -> None:
    assert upgrade(path, f"migration.{place}:{step}") == -signal.SIGKILL
    async with await open_quick(path) as store:
        assert await store.accounts() == []
    with closing(sqlite3.connect(path)) as connection:
        assert schema_version(connection) == KNOWN
