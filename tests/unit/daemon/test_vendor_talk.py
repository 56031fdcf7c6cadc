"""What nodes tell each other of a vendor's app, through words that are kept in memory."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import anyio
import pytest

from actors.errors import AllowanceUsedUpError
from actors.hearing import Hearing
from actors.leased_reads import LeasedReads
from actors.read_meter import ReadMeter
from actors.surroundings import Surroundings
from actors.vendors.base import Priority
from actors.vendors.registry import VENDORS
from daemon.vendor_talk import VendorTalk, topic_of
from support.actor_house import House, open_house
from support.lease_book import LeaseBook
from support.virtual_time import VIRTUAL_BACKEND
from support.word_book import WordBook


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_BACKEND


@dataclass
class Node:
    """One node's meter and hearing of a vendor."""

    meter: ReadMeter
    around: Surroundings
    talk: VendorTalk

    @property
    def hearing(self) -> Hearing:
        assert self.around.hearing is not None
        return self.around.hearing


@asynccontextmanager
async def nodes(tmp_path: Path, *names: str) -> AsyncIterator[tuple[WordBook, list[Node]]]:
    async with open_house(tmp_path) as house:
        words, book = WordBook(house.clock), LeaseBook(house.clock, Random(0))
        yield words, [_node(house, words, book, name) for name in names]


def _node(house: House, words: WordBook, book: LeaseBook, name: str) -> Node:
    metering = VENDORS["quickbooks"].metering
    assert metering is not None
    meter = ReadMeter(
        "quickbooks",
        metering,
        100_000,
        300.0,
        house.real_store,
        house.clock,
        lambda _: None,
        lambda month: LeasedReads("quickbooks", name, book, month),
    )
    around = replace(house.around, hearing=Hearing(frozenset({"Customer"})))
    mine = {"quickbooks": around}
    return Node(meter, around, VendorTalk(name, words, {"quickbooks": meter}, mine, house.clock))


async def talk(each: list[Node]) -> None:
    for _ in range(2):
        for node in each:
            await node.talk.talk()


async def test_all_nodes_plan_for_the_accounts_of_all(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b", "c") as (_, all_of_them):
        for node in all_of_them:
            node.meter.replan(4000, 1)
        await talk(all_of_them)
        for node in all_of_them:
            node.meter.replan(4000, 1)
        one = all_of_them[0]
        alone = _forecast(one, 12_000)
        assert {node.meter.state().forecast for node in all_of_them} == {alone}
        assert len({node.meter.state().stretch for node in all_of_them}) == 1


def _forecast(node: Node, accounts: int) -> int | None:
    node.meter._heard = ()  # noqa: SLF001 - as if it were the only one
    node.meter.replan(accounts, 1)
    return node.meter.state().forecast


async def test_who_says_nothing_for_a_minute_is_gone(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b") as (_, (one, other)):
        other.meter.replan(1000, 1)
        await talk([one, other])
        one.meter.replan(1000, 1)
        both = one.meter.state().forecast
        await anyio.sleep(61.0)
        await one.talk.talk()
        one.meter.replan(1000, 1)
        left = one.meter.state().forecast
        assert both is not None
        assert left is not None
        assert left < 0.6 * both


async def test_webhooks_that_come_to_one_node_spare_the_polls_of_all(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b") as (_, (one, other)):
        now_s = one.around.clock.now().monotonic_s
        one.hearing.health.delivered(now_s)
        assert other.around.works_until_s < now_s
        await talk([one, other])
        assert other.around.works_until_s == one.around.works_until_s
        await anyio.sleep(30.0)
        other.hearing.health.missed(other.around.clock.now().monotonic_s)
        await talk([one, other])
        assert one.around.works_until_s < now_s


async def test_refusal_is_tried_again_by_one_node_alone(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a", "b", "c") as (_, all_of_them):
        refused = AllowanceUsedUpError("used up", retry_after_s=60.0, status=429)
        probes: list[float] = []
        first = all_of_them[2]
        ticket = await first.meter.admit("one", "query", Priority.POLL)
        assert ticket is not None
        first.meter.ended(ticket, refused)
        for _ in range(4 * 60 * 4):
            await talk(all_of_them)
            for node in all_of_them:
                try:
                    ticket = await node.meter.admit("one", "query", Priority.POLL)
                except AllowanceUsedUpError:
                    continue
                assert ticket is not None
                node.meter.ended(ticket, refused)
                probes.append(node.around.clock.now().monotonic_s)
            await anyio.sleep(15.0)
        gaps = [later - earlier for earlier, later in itertools.pairwise(probes)]
        assert [round(gap / 900) for gap in gaps] == [2, 4, 8]


async def test_store_that_takes_no_words_changes_nothing(tmp_path: Path) -> None:
    async with nodes(tmp_path, "a") as (words, (one,)):
        words.trouble = True
        await one.talk.talk()
        words.trouble = False
        await one.talk.talk()
        said = await words.words(topic_of("quickbooks"), within_s=60)
        assert [each.node for each in said.words] == ["a"]
