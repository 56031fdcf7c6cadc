"""While something urgent is expected nothing large is begun, and all of it is written in the end."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from store.sqlite.connection import open_writer
from store.sqlite.database import InlineDatabase
from store.sqlite.session import Work
from store.sqlite.writer import Writer
from support.virtual_time import VIRTUAL_BACKEND

PAGE_BYTES = 1024 * 1024


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    path = tmp_path / "syncline.db"
    opened = await InlineDatabase.open(lambda: open_writer(path, durable=False, busy_timeout_s=0))
    yield Writer(opened, lambda _: None)
    await opened.close()


class Log(list[str]):
    """What ran, in its order."""

    def noting(self, name: str) -> Work[None]:
        def work(_: sqlite3.Connection) -> None:
            self.append(name)

        return work


async def test_a_page_waits_for_what_is_expected_and_then_goes_on(writer: Writer) -> None:
    ran = Log()
    writer.expect_urgent()
    page = writer.submit(ran.noting("page"), PAGE_BYTES)
    await anyio.sleep(0.3)
    assert ran == []
    await writer.submit(ran.noting("payment"), urgent=True)
    writer.urgent_came()
    await anyio.sleep(0.01)
    assert page.done()
    assert ran == ["payment", "page"]


async def test_what_is_small_does_not_wait_unless_a_page_is_before_it(writer: Writer) -> None:
    ran = Log()
    writer.expect_urgent()
    await writer.submit(ran.noting("delivery"), 1000)
    page = writer.submit(ran.noting("page"), PAGE_BYTES)
    later = writer.submit(ran.noting("another delivery"), 1000)
    await anyio.sleep(0.1)
    assert ran == ["delivery"]
    writer.urgent_came()
    await page
    await later
    assert ran == ["delivery", "page", "another delivery"]


async def test_what_does_not_come_is_not_waited_for_long(writer: Writer) -> None:
    ran = Log()
    writer.expect_urgent()
    with anyio.fail_after(0.6):
        await writer.submit(ran.noting("page"), PAGE_BYTES)


async def test_pages_are_let_through_however_many_are_expected(writer: Writer) -> None:
    ran = Log()
    pages = [writer.submit(ran.noting(f"page {n}"), 5 * PAGE_BYTES) for n in range(4)]
    for _ in range(1000):
        writer.expect_urgent()
        await anyio.sleep(0.01)
        if all(page.done() for page in pages):
            break
    assert ran == [f"page {n}" for n in range(4)]
    assert anyio.current_time() < 4


async def test_a_store_that_is_closed_writes_what_was_held_back(writer: Writer) -> None:
    ran = Log()
    writer.expect_urgent()
    page = writer.submit(ran.noting("page"), PAGE_BYTES)
    await writer.close()
    assert page.done()
    assert ran == ["page"]


async def test_what_is_urgent_is_heard_of_before_a_page_is_begun(writer: Writer) -> None:
    """Whoever hears of it may expect another."""
    ran = Log()
    payment = writer.submit(ran.noting("payment"), urgent=True)
    page = writer.submit(ran.noting("page"), PAGE_BYTES)
    await payment
    writer.expect_urgent()
    await anyio.sleep(0.1)
    assert ran == ["payment"]
    writer.urgent_came()
    await page


async def test_after_what_was_urgent_pages_go_one_by_one_for_a_while(tmp_path: Path) -> None:
    """However many were held back: the larger a commit, the longer it keeps the next one waiting."""
    path = tmp_path / "pages.db"
    opened = await InlineDatabase.open(lambda: open_writer(path, durable=False, busy_timeout_s=0))
    commits: list[int] = []
    writer, ran = Writer(opened, commits.append), Log()
    await writer.submit(ran.noting("payment"), urgent=True)
    before = len(commits)
    pages = [writer.submit(ran.noting(f"page {n}"), PAGE_BYTES) for n in range(5)]
    for page in pages:
        await page
    assert len(commits) - before == 5
    await opened.close()
