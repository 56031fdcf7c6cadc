"""What only real processes can show: one daemon a file, and nothing acknowledged that is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.errors import StoreOpenError
from store.sqlite import SqliteStore
from store.sqlite.opening import Mode
from support import store_process
from support.store_fixtures import (
    all_changes,
    all_objects,
    at,
    on_writer,
    open_quick,
)
from support.store_process import ACTORS, OBJECTS_PER_PAGE


@contextmanager
def another_process(path: Path, task: str) -> Iterator["subprocess.Popen[str]"]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with subprocess.Popen(
        [sys.executable, str(store_process.__file__), str(path), task],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the process ended: {process.wait()}"
    return line.strip()


async def test_second_daemon_is_refused_and_told_which_process_holds_the_file(
    path: Path, mode: Mode
) -> None:
    with another_process(path, "hold") as process:
        assert next_line(process) == "open"
        with pytest.raises(StoreOpenError, match=f"in use by process {process.pid}: stop"):
            await open_quick(path, mode)
        process.send_signal(signal.SIGKILL)
        process.wait()
    async with await open_quick(path, mode) as store:
        assert len(await store.accounts()) == ACTORS


async def test_file_that_is_open_here_cannot_be_opened_again(path: Path, mode: Mode) -> None:
    async with await open_quick(path, mode):
        with pytest.raises(StoreOpenError, match=f"in use by process {os.getpid()}"):
            await open_quick(path, mode)
    async with await open_quick(path, mode):
        pass


async def test_file_opened_under_another_name_is_the_same_file(path: Path, mode: Mode) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    async with await open_quick(path, mode):
        with pytest.raises(StoreOpenError, match="in use"):
            await open_quick(link, mode)


@pytest.mark.parametrize("acknowledged_first", [1, 7, 23, 60])
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(
    path: Path, acknowledged_first: int
) -> None:
    acknowledged = write_until_killed(path, acknowledged_first)
    assert sum(number + 1 for number in acknowledged.values()) >= acknowledged_first

    async with await open_quick(path) as store:
        check = await on_writer(
            store, lambda connection: connection.execute("PRAGMA integrity_check").fetchall()
        )
        assert check == [("ok",)]
        held = 0
        for account in await store.accounts():
            pages = await whole_pages(store, account.id)
            assert pages > acknowledged.get(account.id, -1)
            assert account.exact_as_of == (at(pages - 1) if pages else None)
            tokens = await tokens_held(store, account.id)
            assert acknowledged.get(account.id, -1) <= tokens < pages
            held += pages * OBJECTS_PER_PAGE
        changes = await all_changes(store)
        assert [change.seq for change in changes] == list(range(1, held + 1))


def write_until_killed(path: Path, acknowledged_first: int) -> dict[str, int]:
    """Return the last page of each account that was acknowledged before the kill."""
    with another_process(path, "write") as process:
        assert next_line(process) == "open"
        lines = [next_line(process) for _ in range(acknowledged_first)]
        process.send_signal(signal.SIGKILL)
        assert process.stdout is not None
        lines += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
    parts = (line.rpartition(" ") for line in lines)
    return {account_id: int(number) for account_id, _, number in parts}


async def whole_pages(store: SqliteStore, account_id: str) -> int:
    """Return how many pages are there, each with all its objects and its cursor."""
    cursors = await store.cursors(account_id)
    pages = int(cursors[0].position) + 1 if cursors else 0
    assert set(await all_objects(store, account_id)) == {
        f"{page}/{index}" for page in range(pages) for index in range(OBJECTS_PER_PAGE)
    }
    return pages


async def tokens_held(store: SqliteStore, account_id: str) -> int:
    """Return after which page the tokens were renewed last; -1 when never."""
    claimed = await store.claim(account_id)
    assert claimed.credential is not None
    tag = claimed.credential.sealed.decode().removeprefix("sealed ")
    return -1 if tag == "first" else int(tag)
