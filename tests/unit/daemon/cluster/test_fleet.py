"""What is left for the owner of an account, and how much of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actors.mailbox import MailboxFullError
from actors.messages import Pause, Read, Resume
from daemon.cluster.close_look import CloseLook
from daemon.cluster.errand_deeds import StopAccount, deed
from daemon.cluster.fleet import Fleet
from daemon.cluster.roster import Roster
from daemon.hosted import Condition
from store.cluster_models import HostedStanding, NewErrand
from store.errors import StoreUnavailableError
from support.actor_house import House, open_house
from support.cluster_memory import ClusterMemory, OneShard
from support.hosting import hosting
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@dataclass
class Far:
    """A node that hosts nothing; the account is hosted elsewhere."""

    house: House
    memory: ClusterMemory
    roster: Roster
    fleet: Fleet

    @property
    def account_id(self) -> str:
        return self.house.account_id

    async def fill(self, number: int) -> None:
        await self.memory.leave_errands([NewErrand(self.account_id, "sync")] * number)

    async def tell(self, condition: str) -> None:
        """Have the owner tell how it does, and this node hear it."""
        document = f'{{"vendor":"quickbooks","condition":"{condition}"}}'.encode()
        await self.memory.publish_standings([HostedStanding(self.account_id, "one", document)])
        await self.roster.load()

    def condition(self) -> Condition:
        return self.fleet.hosted()[self.account_id].condition

    def kinds(self) -> list[str]:
        return [each.kind for each in self.memory.left]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Far]:
    async with open_house(path) as house, hosting(house) as run:
        await run.supervisor.stop_account(house.account_id)
        memory = ClusterMemory(house.clock, house.real_store)
        roster, placed = Roster(memory, "two"), OneShard("two", house.clock, holds=False)
        document = b'{"vendor":"quickbooks","condition":"running"}'
        await memory.publish_standings([HostedStanding(house.account_id, "one", document)])
        await roster.load()
        look = CloseLook(memory, run.supervisor, "two")
        fleet = Fleet(memory, run.supervisor, roster, placed, look, house.clock)
        yield Far(house, memory, roster, fleet)


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Far]:
    async with opened(tmp_path) as found:
        yield found


async def test_stop_names_the_connection_that_is_to_end(far: Far) -> None:
    await far.fleet.stop_account(far.account_id)
    (left,) = far.memory.left
    account = await far.house.real_store.account(far.account_id)
    assert deed(left.kind, left.payload, 0.0) == StopAccount(account.connected_at)


@pytest.mark.parametrize("message", [Pause(), Resume()], ids=str)
async def test_what_an_actor_would_not_take_is_refused(far: Far, message: Pause | Resume) -> None:
    await far.fill(15)
    await far.fleet.tell(far.account_id, message)
    with pytest.raises(MailboxFullError):
        await far.fleet.tell(far.account_id, message)
    await far.fleet.tell(far.account_id, Read(1.0))
    assert len(far.memory.left) == 16


async def test_there_is_room_for_starts_and_for_some_stops(far: Far) -> None:
    await far.fill(16)
    await far.fleet.stop_account(far.account_id)
    await far.fill(47)
    with pytest.raises(MailboxFullError):
        await far.fleet.stop_account(far.account_id)
    await far.fleet.start_account(far.account_id)
    assert [kind for kind in far.kinds() if kind != "sync"] == ["stop", "start"]


async def test_owner_that_is_quicker_than_the_answer_to_the_leave_is_believed(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    await far.tell("quarantined")
    leave = far.memory.leave_errands

    async def leave_errands(errands: Sequence[NewErrand], *, most: int | None = None) -> None:
        await leave(errands, most=most)
        assert far.condition() is Condition.RUNNING
        await far.tell("owner_needed")

    monkeypatch.setattr(far.memory, "leave_errands", leave_errands)
    await far.fleet.start_account(far.account_id)
    assert far.condition() is Condition.OWNER_NEEDED


async def test_start_that_could_not_be_left_is_not_expected(far: Far) -> None:
    await far.tell("quarantined")
    far.memory.is_away = True
    with pytest.raises(StoreUnavailableError):
        await far.fleet.start_account(far.account_id)
    far.memory.is_away = False
    assert far.condition() is Condition.QUARANTINED
    await far.fill(16)
    with pytest.raises(MailboxFullError):
        await far.fleet.tell(far.account_id, Resume())
    assert far.condition() is Condition.QUARANTINED
    await far.fleet.start_account(far.account_id)
    assert far.condition() is Condition.RUNNING
