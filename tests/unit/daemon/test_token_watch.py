from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import anyio
import pytest
from structlog.testing import capture_logs

from daemon.metrics import Census
from daemon.token_watch import TokenWatch
from store.models import Account, SealedCredential
from support.virtual_time import VIRTUAL_BACKEND, VirtualClock

if TYPE_CHECKING:
    from daemon.supervisor import Supervisor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


class Nobody:
    def hosted(self) -> dict[str, object]:
        return {}

    def is_here(self, _account_id: str) -> bool:
        return True


def census(**ends: tuple[float | None, float | None]) -> Census:
    """Return a census of accounts whose tokens end in so many days: idle and hard."""
    made = Census()
    for account_id, (idle, hard) in ends.items():
        made.put(Account(account_id, "quickbooks", account_id, account_id, 0, 1, NOW))
        until = [None if days is None else NOW + timedelta(days=days) for days in (idle, hard)]
        made.put_token_times(account_id, SealedCredential(b"", NOW, NOW, *until))
    return made


async def warnings(of: Census, days: float) -> list[tuple[str, int]]:
    watch = TokenWatch(of, cast("Supervisor", Nobody()), VirtualClock())
    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            await anyio.sleep(days * 86_400)
            tasks.cancel_scope.cancel()
    told: list[dict[str, Any]] = [dict(each) for each in logs]
    assert {each["event"] for each in told} <= {"token_expires_soon"}
    return [(each["account"], each["within_days"]) for each in told]


async def test_each_threshold_is_told_once() -> None:
    told = await warnings(census(one=(40.0, None)), 41)
    assert told == [("one", 30), ("one", 7), ("one", 1)]


async def test_only_the_nearest_is_told_of_one_that_is_near_already() -> None:
    assert await warnings(census(one=(0.5, 90.0)), 0.1) == [("one", 1)]


async def test_ends_that_are_far_off_or_unknown_are_not_told() -> None:
    assert await warnings(census(one=(100.0, 1800.0), two=(None, None)), 1) == []


async def test_a_token_that_was_renewed_is_told_anew_when_it_comes_near_again() -> None:
    of = census(one=(5.0, None))
    watch = TokenWatch(of, cast("Supervisor", Nobody()), VirtualClock())
    with capture_logs() as logs:
        watch.look()
        renewed = SealedCredential(b"", NOW, NOW, NOW + timedelta(days=100))
        of.put_token_times("one", renewed)
        watch.look()
        of.put_token_times("one", SealedCredential(b"", NOW, NOW, NOW + timedelta(days=5)))
        watch.look()
    assert len(logs) == 2
    assert "until" not in logs[0]
    assert "next renewal" in logs[0]["advice"]
