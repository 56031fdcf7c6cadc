"""However many users' writes come one after the other, all else is written between them."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from store.sqlite.connection import open_writer
from store.sqlite.database import InlineDatabase
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


def nothing(_: sqlite3.Connection) -> None:
    """Write nothing."""


async def pay_on_and_on(writer: Writer, vendor_s: float) -> None:
    while True:
        await writer.submit(nothing, urgent=True)
        writer.expect_urgent()
        await anyio.sleep(vendor_s)
        await writer.submit(nothing, urgent=True)
        writer.urgent_came()


@pytest.mark.parametrize("vendors_s", [(0.1,), (0.3, 0.32, 0.34, 0.36), (0.7,), (0.001,)])
async def test_pages_and_what_is_behind_them_go_on_while_users_write_without_a_pause(
    writer: Writer, vendors_s: tuple[float, ...]
) -> None:
    async with anyio.create_task_group() as users:
        for vendor_s in vendors_s:
            users.start_soon(pay_on_and_on, writer, vendor_s)
        await anyio.sleep(1)
        with anyio.fail_after(5):
            for _ in range(4):
                await writer.submit(nothing, PAGE_BYTES)
                await writer.submit(nothing, 100)
        users.cancel_scope.cancel()
