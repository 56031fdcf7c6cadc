"""A pause means no reads; it does not mean to lose the grant."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from actors.credential import Credential
from actors.errors import TransientError
from actors.messages import Pause
from support.actor_house import House, open_house
from support.virtual_time import VIRTUAL_BACKEND

DAY_S = 86_400.0


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A company whose refresh tokens die after 100 idle days."""
    async with open_house(tmp_path) as opened:
        issue = opened.vendor.issue

        def dying() -> Credential:
            return replace(issue(), refresh_expires_at=opened.clock.utc() + timedelta(days=100))

        monkeypatch.setattr(opened.vendor, "issue", dying)
        opened.account_id = await opened.connect("2", dying())
        yield opened


async def test_a_paused_account_renews_its_tokens_a_month_before_they_die(house: House) -> None:
    async with house.running() as run:
        run.actor.post(Pause())
        await anyio.sleep(60.0)
        house.vendor.calls.clear()
        await anyio.sleep(68 * DAY_S)
        assert house.vendor.calls == []
        await anyio.sleep(2 * DAY_S)
        assert [name for _, name in house.vendor.calls] == ["refresh"]
        await anyio.sleep(100 * DAY_S)
        assert [name for _, name in house.vendor.calls] == ["refresh"] * 2
        assert run.ended_by() is None
    assert (await house.account()).reauth_cause is None


async def test_one_that_was_paused_before_the_start_does_so_too(house: House) -> None:
    await house.real_store.set_paused(house.account_id, paused=True)
    async with house.running():
        await anyio.sleep(120 * DAY_S)
    assert [name for _, name in house.vendor.calls] == ["refresh"]


async def test_a_vendor_that_fails_is_tried_again_but_rarely(house: House) -> None:
    def fail(operation: str) -> None:
        if operation == "refresh":
            raise TransientError("boom")

    await house.real_store.set_paused(house.account_id, paused=True)
    house.vendor.trouble = fail
    async with house.running() as run:
        await anyio.sleep(72 * DAY_S)
        tried = len(house.vendor.calls)
        assert 8 <= tried <= 14
        house.vendor.trouble = lambda _: None
        await anyio.sleep(1 * DAY_S)
        assert len(house.vendor.calls) == tried + 1
        assert run.ended_by() is None


async def test_tokens_that_are_dead_on_arrival_are_not_renewed_one_after_the_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = house.vendor.issue

    def dead() -> Credential:
        fresh = issue()
        return replace(fresh, refresh_expires_at=fresh.obtained_at)

    monkeypatch.setattr(house.vendor, "issue", dead)
    house.account_id = await house.connect("3", dead())
    async with house.running() as run:
        run.actor.post(Pause())
        await anyio.sleep(60.0)
        house.vendor.calls.clear()
        await anyio.sleep(3600.0)
        assert 1 <= [name for _, name in house.vendor.calls].count("refresh") <= 61
