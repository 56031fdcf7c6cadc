"""Errands are run at least once, in order, and none keeps another from being run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog

from actors import events
from actors.mailbox import MailboxFullError
from actors.messages import ActionsWaiting, Message, Pause, RescanRequested, Resume, SyncNow
from daemon.cluster import words
from daemon.cluster.courier import Courier
from daemon.cluster.errand_deeds import Deed, Start, StopAccount, errand
from daemon.cluster.far_readers import FarReaders
from daemon.cluster.words import FarRead
from daemon.hosted import Condition
from store.cluster_models import NewErrand
from store.models import Account
from store.notice import OpenNotices
from support.actor_house import House, open_house
from support.cluster_memory import ClusterMemory, OneShard
from support.hosting import Hosting, hosting, logged
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@dataclass
class Delivering:
    house: House
    run: Hosting
    memory: ClusterMemory
    placed: OneShard
    readers: FarReaders
    log: list[Any]
    changed: list[str]

    @property
    def account_id(self) -> str:
        return self.house.account_id

    async def connected_at(self) -> datetime:
        return (await self.house.real_store.account(self.account_id)).connected_at

    async def connect_again(self) -> None:
        """Let the company go and connect it again, as through another node, and start it."""
        await self.house.real_store.disconnect(
            self.account_id, purge=False, at=self.house.clock.utc()
        )
        await self.house.connect()
        await self.run.supervisor.start_account(self.account_id)

    async def leave(self, *deeds: Deed) -> None:
        now_s = self.house.now_s()
        await self.memory.leave_errands([errand(self.account_id, each, now_s) for each in deeds])

    def looks(self) -> int:
        return len(self.house.told(events.PageStored))


@asynccontextmanager
async def delivering(path: Path) -> AsyncIterator[Delivering]:
    with structlog.testing.capture_logs() as log:
        async with open_house(path) as house, hosting(house) as run:
            house.vendor.put("Customer", "1")
            memory, placed = (
                ClusterMemory(house.clock, house.real_store),
                OneShard("one", house.clock),
            )
            readers = FarReaders(memory, run.supervisor, house.clock)
            courier = Courier(memory, run.supervisor, placed, readers, house.clock)
            courier.on_change = (changed := list[str]()).append
            await anyio.sleep(30)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(courier.run)
                await anyio.sleep(3)
                yield Delivering(house, run, memory, placed, readers, log, changed)
                tasks.cancel_scope.cancel()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Delivering]:
    async with delivering(tmp_path) as opened:
        yield opened


async def test_errand_is_run_at_a_word(office: Delivering) -> None:
    before = office.looks()
    await anyio.sleep(0.3)
    await office.leave(SyncNow(by_user=True))
    office.memory.say(words.ERRANDS, [office.account_id])
    await anyio.sleep(0.2)
    assert office.looks() > before
    assert office.memory.left == []


async def test_errand_is_run_within_a_second_without_a_word(office: Delivering) -> None:
    before = office.looks()
    await office.leave(SyncNow(by_user=True))
    await anyio.sleep(1.2)
    assert office.looks() > before
    await anyio.sleep(1)
    assert office.memory.left == []


async def test_errand_that_nobody_knows_is_dropped_and_the_next_is_run(office: Delivering) -> None:
    before = office.looks()
    await office.memory.leave_errands([NewErrand(office.account_id, "dance", b"\xff")])
    await office.leave(SyncNow(by_user=True))
    await anyio.sleep(2.2)
    assert office.looks() > before
    assert office.memory.left == []
    assert len(logged(office.log, "errand_dropped")) == 1


async def test_errand_of_the_house_that_nobody_knows_is_dropped(office: Delivering) -> None:
    await office.memory.leave_errands([NewErrand("", "dance")])
    await anyio.sleep(2.2)
    assert office.memory.left == []


async def test_errand_for_whom_no_actor_runs_is_over(office: Delivering) -> None:
    await office.memory.leave_errands([errand("nobody", SyncNow(), 0.0)])
    await anyio.sleep(2.2)
    assert office.memory.left == []


async def test_errand_waits_when_its_shard_went_elsewhere(office: Delivering) -> None:
    office.placed.is_held = False
    await office.leave(SyncNow(by_user=True))
    before = office.looks()
    await anyio.sleep(5)
    assert office.looks() == before
    assert len(office.memory.left) == 1


async def test_store_that_is_away_only_delays_errands(office: Delivering) -> None:
    await office.leave(SyncNow(by_user=True))
    before = office.looks()
    office.memory.is_away = True
    await anyio.sleep(5)
    assert office.looks() == before
    office.memory.is_away = False
    await anyio.sleep(1.2)
    assert office.looks() > before


async def test_account_is_stopped_and_started_in_that_order(office: Delivering) -> None:
    first = office.run.supervisor.actor(office.account_id)
    now_s = office.house.now_s()
    await office.memory.leave_errands(
        [NewErrand(office.account_id, "stop"), errand(office.account_id, Start(), now_s)]
    )
    await anyio.sleep(3)
    second = office.run.supervisor.actor(office.account_id)
    assert second is not None
    assert second is not first
    await office.memory.leave_errands([NewErrand(office.account_id, "stop")])
    await anyio.sleep(3)
    assert office.account_id not in office.run.supervisor.hosted()


async def test_stop_that_comes_late_leaves_a_company_that_is_connected_again_alone(
    office: Delivering,
) -> None:
    before = await office.connected_at()
    await office.connect_again()
    hosted = office.run.supervisor.hosted()[office.account_id]
    await office.leave(StopAccount(before))
    await anyio.sleep(3)
    assert office.memory.left == []
    assert office.run.supervisor.hosted()[office.account_id] is hosted
    assert hosted.condition is Condition.RUNNING
    await office.leave(StopAccount(await office.connected_at()))
    await anyio.sleep(3)
    assert office.account_id not in office.run.supervisor.hosted()


async def test_company_that_is_connected_again_while_it_is_stopped_runs_in_the_end(
    office: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, stop = await office.connected_at(), office.run.supervisor.stop_account

    async def stop_account(account_id: str) -> None:
        await office.connect_again()
        await stop(account_id)

    monkeypatch.setattr(office.run.supervisor, "stop_account", stop_account)
    await office.leave(StopAccount(before))
    await anyio.sleep(3)
    assert office.memory.left == []
    assert office.run.supervisor.actor(office.account_id) is not None


async def test_stop_of_a_company_that_is_forgotten_is_run(office: Delivering) -> None:
    before = await office.connected_at()
    await office.house.real_store.disconnect(
        office.account_id, purge=True, at=office.house.clock.utc()
    )
    await office.leave(StopAccount(before))
    await anyio.sleep(3)
    assert office.memory.left == []
    assert office.account_id not in office.run.supervisor.hosted()


@pytest.mark.parametrize("paused", [True, False])
async def test_pause_or_resume_that_comes_late_changes_nothing(
    office: Delivering, *, paused: bool
) -> None:
    store, supervisor = office.house.real_store, office.run.supervisor
    await store.set_paused(office.account_id, paused=paused)
    supervisor.post(office.account_id, Pause() if paused else Resume())
    await office.leave(Resume() if paused else Pause())
    await anyio.sleep(3)
    actor = supervisor.actor(office.account_id)
    assert office.memory.left == []
    assert actor is not None
    assert actor.polls is not paused


async def test_pause_that_is_taken_back_while_it_is_told_does_not_last(
    office: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, supervisor, read = office.house.real_store, office.run.supervisor, office.memory.account
    await store.set_paused(office.account_id, paused=True)

    async def account(account_id: str) -> Account:
        found = await read(account_id)
        if found.paused:
            await store.set_paused(account_id, paused=False)
            supervisor.post(account_id, Resume())
        return found

    monkeypatch.setattr(office.memory, "account", account)
    await office.leave(Pause())
    await anyio.sleep(3)
    actor = supervisor.actor(office.account_id)
    assert actor is not None
    assert actor.polls


async def test_pause_of_an_account_whose_actor_was_given_up_is_no_trouble(
    office: Delivering,
) -> None:
    hosted = office.run.supervisor.hosted()[office.account_id]
    hosted.condition = Condition.QUARANTINED
    await office.house.real_store.set_paused(office.account_id, paused=True)
    await office.leave(Pause())
    await anyio.sleep(2.2)
    assert office.memory.left == []
    assert office.run.supervisor.actor(office.account_id) is None


async def test_errand_that_is_too_old_is_dropped_where_the_store_knows_it(
    office: Delivering,
) -> None:
    office.placed.is_held = False
    await office.leave(RescanRequested(("Customer",)))
    await anyio.sleep(3 * 3600)
    office.house.heard.clear()
    office.placed.is_held = True
    await anyio.sleep(2.2)
    assert office.memory.left == []


@pytest.mark.parametrize("purge", [False, True])
async def test_start_that_is_dropped_is_told(office: Delivering, *, purge: bool) -> None:
    await office.run.supervisor.stop_account(office.account_id)
    await office.house.real_store.disconnect(
        office.account_id, purge=purge, at=office.house.clock.utc()
    )
    await office.leave(Start())
    await anyio.sleep(2.2)
    assert office.memory.left == []
    assert office.changed == [office.account_id]


async def test_full_mailbox_delays_an_accounts_errands_only(office: Delivering) -> None:
    other = await office.house.connect("2")
    await office.leave(*[SyncNow(by_user=True)] * 40)
    await office.memory.leave_errands([errand(other, Start(), 0.0)])
    await anyio.sleep(1.2)
    assert office.run.supervisor.actor(other) is not None
    assert office.memory.left != []
    await anyio.sleep(5)
    assert office.memory.left == []


async def test_errands_that_wait_for_long_keep_no_others_out_however_many_they_are(
    office: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, real = await office.house.connect("2"), office.run.supervisor.post

    def post(account_id: str, message: Message) -> None:
        if account_id == office.account_id:
            raise MailboxFullError
        real(account_id, message)

    monkeypatch.setattr(office.run.supervisor, "post", post)
    await office.leave(*[SyncNow(by_user=True)] * 300)
    await office.memory.leave_errands([errand(other, Start(), 0.0)])
    await anyio.sleep(5)
    assert office.run.supervisor.actor(other) is not None
    monkeypatch.undo()
    await anyio.sleep(30)
    assert office.memory.left == []


async def test_write_that_was_asked_elsewhere_is_found_once(office: Delivering) -> None:
    posted: list[Message] = []
    supervisor = office.run.supervisor
    office.memory.asked[office.account_id] = office.house.clock.now().utc
    real = supervisor.post

    def post(account_id: str, message: Message) -> None:
        posted.append(message)
        real(account_id, message)

    supervisor.post = post  # type: ignore[method-assign]
    await anyio.sleep(10)
    assert posted == [ActionsWaiting()]
    office.memory.asked[office.account_id] = office.house.clock.now().utc
    await anyio.sleep(10)
    assert posted == [ActionsWaiting()] * 2


async def test_open_notices_are_found_once(office: Delivering) -> None:
    seen: list[object] = []
    supervisor = office.run.supervisor
    supervisor.hint = lambda account_id, hinted: seen.append((account_id, hinted))  # type: ignore[method-assign]
    office.memory.noticed[office.account_id] = [OpenNotices("Customer", 7)]
    await anyio.sleep(10)
    assert len(seen) == 1
    office.memory.noticed[office.account_id] = [OpenNotices("Customer", 8)]
    await anyio.sleep(10)
    assert len(seen) == 2


async def test_reader_elsewhere_is_answered_once_a_look_was_made(office: Delivering) -> None:
    said: list[str] = []

    async def listen() -> None:
        async for heard in office.memory.hear([words.READ_ANSWERS]):
            said.extend(heard.get(words.READ_ANSWERS, ()))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        read = FarRead(office.account_id, "two", "12.5", 0.0)
        office.memory.say(words.READS, [read.word()])
        await anyio.sleep(5)
        for event in office.house.heard:
            office.readers.listen(event)
        await anyio.sleep(1)
        tasks.cancel_scope.cancel()
    assert [word.split("\t") for word in said] == [["two", office.account_id, "12.5", "1"]]
