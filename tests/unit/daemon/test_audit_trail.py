from pathlib import Path

import anyio
import pytest

from daemon.account_events.keeper import EventKeeper
from daemon.audit.trail import OPERATOR, AuditTrail, Doer
from store.errors import StoreUnavailableError
from store.watch_models import AuditFilter
from support.ready_store import open_ready
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@pytest.mark.parametrize(
    ("user", "who"),
    [
        ("ada", "ada (admin token)"),
        ("", "admin token"),
        (" \n ", "admin token"),
        ("ada\x1b[31m", "ada[31m (admin token)"),
        ("x" * 99, f"{'x' * 64} (admin token)"),
    ],
)
def test_a_name_is_what_the_asker_says(user: str, who: str) -> None:
    assert Doer.with_token(user, "::1").who == who


async def test_deed_is_written_at_once_and_not_lost_while_the_store_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    async with await open_ready(tmp_path / "s.db") as store:
        trail = AuditTrail(store, clock, EventKeeper(store, clock))

        async def refuse(_: object, entries: object) -> None:
            raise StoreUnavailableError("no space left")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(trail.run)
            trail.note(OPERATOR, "keys_rotated")
            await anyio.sleep(0.1)
            assert [each.what for each in await store.audit(AuditFilter())] == ["keys_rotated"]
            with monkeypatch.context() as patched:
                patched.setattr(type(store), "add_audit", refuse)
                trail.note(OPERATOR, "configuration_reloaded")
                await anyio.sleep(10)
            trail.note(Doer("ada"), "account_paused", account_id="a")
            await anyio.sleep(5)
            found = [each.what for each in await store.audit(AuditFilter())]
            assert found == ["account_paused", "configuration_reloaded", "keys_rotated"]
            tasks.cancel_scope.cancel()
