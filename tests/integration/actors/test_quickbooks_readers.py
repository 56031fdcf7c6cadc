"""Readers of an account under virtual time: one look for all who wait, and polls that follow them."""

from datetime import timedelta
from random import Random

import anyio
import pytest

from actors.breaker import BreakerState
from actors.events import ReadThroughEnded
from actors.hearing import Hearing
from actors.messages import Pause
from actors.staleness import ReadOutcome, StaleReason
from actors.vendors.quickbooks import DOOR
from daemon.read_through import ReaderDesk, ReadThrough
from daemon.read_watch import ReadWatch
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from daemon.web.waiting import Waiting
from support.company_house import VENDOR, CompanyHouse

READS = frozenset({Route.CDC, Route.QUERY})
HOUR_S, DAY_S = 3600.0, 86_400.0


class Readers:
    """Those who read the house's accounts, through the daemon's own desk."""

    def __init__(self, house: CompanyHouse, most: int = 1000) -> None:
        assert house.supervisor is not None
        watch = ReadWatch()
        house.listeners.append(watch.listen)
        self._house = house
        self._waiting = Waiting(most, lambda _why: None)
        self.desk = ReaderDesk(
            house.real_store,
            house.supervisor,
            {VENDOR: house.around},
            watch,
            house.clock,
            house.heard.append,
        )

    async def read(self, account_id: str, max_age_s: float) -> ReadThrough:
        account = await self._house.account(account_id)
        return await self.desk.bring_up(account, max_age_s, self._waiting.within)

    async def note_for(self, account_id: str, seconds: float, every_s: float) -> None:
        """Read the account again and again."""
        until_s = self._house.now_s() + seconds
        while self._house.now_s() < until_s:
            self.desk.note(account_id)
            await anyio.sleep(every_s)


def polls(house: CompanyHouse) -> int:
    return house.calls().count("cdc")


async def test_a_hundred_readers_at_once_share_one_look(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        readers, before, found = Readers(house), polls(house), list[ReadThrough]()

        async def one(after_s: float) -> None:
            await anyio.sleep(after_s)
            found.append(await readers.read(account_id, 30.0))

        async with anyio.create_task_group() as tasks:
            chance = Random(1)
            for _ in range(100):
                tasks.start_soon(one, chance.uniform(0.0, 2.0))
        assert polls(house) == before + 1
    assert [each.reason for each in found] == [None] * 100


async def test_many_accounts_wait_for_their_own_looks_alone(house: CompanyHouse) -> None:
    accounts = [await house.connect(Customer=3) for _ in range(6)]
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(
            Fault(FaultKind.HANG, READS, realm_id=house.realms[accounts[0]], delay_s=8.0)
        )
        readers, waited = Readers(house), dict[str, float]()

        async def one(account_id: str) -> None:
            began_s = house.now_s()
            assert (await readers.read(account_id, 0.0)).reason is None
            waited[account_id] = house.now_s() - began_s

        async with anyio.create_task_group() as tasks:
            for account_id in accounts:
                tasks.start_soon(one, account_id)
    assert waited.pop(accounts[0]) > 8.0
    assert max(waited.values()) < 1.0


async def test_nobody_waits_longer_than_configured(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HANG, READS, delay_s=25.0))
        began_s = house.now_s()
        assert (await Readers(house).read(account_id, 0.0)).reason is StaleReason.TIMED_OUT
        assert house.now_s() - began_s == pytest.approx(10.0)


async def test_an_open_breaker_is_said_at_once_and_costs_no_call(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HTML_503, READS))
        readers = Readers(house)
        for _ in range(40):
            await anyio.sleep(60)
            status = house.hosted(account_id).status()
            if status is not None and status.breaker is BreakerState.OPEN:
                break
        before, began_s = len(house.calls()), house.now_s()
        assert (await readers.read(account_id, 0.0)).reason is StaleReason.BREAKER_OPEN
        assert (len(house.calls()), house.now_s()) == (before, began_s)


async def test_readers_of_a_failing_vendor_make_no_storm(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HTML_503, READS))
        readers, before = Readers(house), len(house.calls())
        for _ in range(500):
            assert (await readers.read(account_id, 0.0)).reason is not None
            await anyio.sleep(0.1)
        assert len(house.calls()) - before <= 8


async def test_who_waits_when_the_account_is_paused_is_answered_then(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.sandbox.inject(Fault(FaultKind.HANG, READS, delay_s=9.0))
        readers, found = Readers(house), list[ReadThrough]()

        async def one() -> None:
            found.append(await readers.read(account_id, 0.0))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one)
            await anyio.sleep(1)
            await house.real_store.set_paused(account_id, paused=True)
            house.tell(account_id, Pause())
        assert found[0].reason is StaleReason.PAUSED


async def test_a_type_that_is_read_from_end_to_end_again_is_said(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3, Invoice=3000)
    async with house.syncing():
        await anyio.sleep(600)
        await house.rescan(account_id, "Invoice")
        await anyio.sleep(0.5)
        found = await Readers(house).read(account_id, 0.0)
        assert found.reason is StaleReason.BACKFILLING
        await anyio.sleep(60)
        assert (await Readers(house).read(account_id, 0.0)).reason is None


async def test_a_full_waiting_room_is_said(house: CompanyHouse) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        readers = Readers(house, most=0)
        assert (await readers.read(account_id, 0.0)).reason is StaleReason.BUSY
        assert house.told(ReadThroughEnded)[-1].outcome is ReadOutcome.STALE


async def test_a_clock_that_was_put_forward_has_nobody_look_without_end(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.clock.epoch += timedelta(hours=1)
        readers, before = Readers(house), polls(house)
        for _ in range(10):
            assert (await readers.read(account_id, 60.0)).reason is None
            await anyio.sleep(1)
        assert polls(house) <= before + 2


async def test_an_account_that_is_read_is_polled_every_minute_and_later_as_before(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        readers, before = Readers(house), polls(house)
        await readers.note_for(account_id, HOUR_S, every_s=7.0)
        assert polls(house) - before == pytest.approx(HOUR_S / 60.0, abs=5)
        await anyio.sleep(HOUR_S)
        before = polls(house)
        await anyio.sleep(HOUR_S)
        assert polls(house) - before == HOUR_S / 300.0


async def test_reading_one_account_leaves_the_others_as_they_are(house: CompanyHouse) -> None:
    read, quiet = await house.connect(Customer=3), await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(400)
        house.heard.clear()
        await Readers(house).note_for(read, HOUR_S, every_s=7.0)
    realm = house.realms[quiet]
    calls = [
        event
        for event in house.heard
        if getattr(event, "operation", "") == "cdc"
        and getattr(event, "external_account_id", "") == realm
    ]
    assert len(calls) == HOUR_S / 300.0


async def test_with_webhooks_an_idle_account_costs_as_little_as_ever_and_one_reading_a_little_more(
    house: CompanyHouse,
) -> None:
    house.hearing = hearing = Hearing(DOOR.noticed_types)
    account_id = await house.connect(Customer=3)
    async with house.syncing():
        await anyio.sleep(HOUR_S)
        readers = Readers(house)
        counted = list[int]()
        for day in range(3):
            before = len(house.calls())
            if day == 2:
                readers.desk.note(account_id)
            for _ in range(24):
                hearing.health.delivered(house.now_s())
                await anyio.sleep(HOUR_S)
            counted.append(len(house.calls()) - before)
    assert counted[1] <= 36  # a token is renewed each hour that it is used in
    assert counted[2] - counted[1] <= 10
