"""The commands against the real interface: what they read must be what it answers."""

from functools import partial
from pathlib import Path

import anyio.to_thread
import httpx
import pytest

from store.models import HeldDeletes, PageWrite, Via
from support.command_line import CommandLine, Result
from support.web_house import TOKEN, WebHouse


class Typist:
    """Runs commands on a thread of their own, so that the daemon can answer."""

    def __init__(self, web: WebHouse, folder: Path) -> None:
        config = f"server: {{port: {web.port}, admin_token: {TOKEN}}}\n"
        (folder / "config.yaml").write_text(config)
        self._commands = CommandLine(folder, transport=httpx.HTTPTransport())

    async def run(self, *arguments: str) -> Result:
        return await anyio.to_thread.run_sync(partial(self._commands.run, *arguments))


@pytest.fixture
def typist(web: WebHouse, tmp_path: Path) -> Typist:
    folder = tmp_path / "typist"
    folder.mkdir()
    return Typist(web, folder)


async def test_explain_tells_where_an_object_came_from(web: WebHouse, typist: Typist) -> None:
    account = await web.live()
    (object_id, *_) = web.sandbox.truth(account.external_account_id)["Invoice"]
    result = await typist.run("explain", account.id, "Invoice", object_id, "--diff")
    assert result.code == 0, result.err
    stored, source = result.out.splitlines()
    assert "stored: " in stored
    assert "by backfill of Invoice" in source


async def test_confirm_deletes_confirms_what_is_held(web: WebHouse, typist: Typist) -> None:
    account = await web.live()
    now = web.clock.now().utc
    holds = [HeldDeletes("Invoice", 60, 70, ("17", "18"), now)]
    epoch = (await web.store.account(account.id)).epoch
    await web.store.apply_page(
        PageWrite(account.id, epoch, Via.POLL, now, ("Invoice",), holds=holds)
    )
    result = await typist.run("confirm-deletes", account.id, "--yes")
    assert result.code == 0, result.err
    assert "60 of Invoice" in result.err
    assert "17, 18" in result.out
