"""A node is shown how another one's account does this moment, or goes by what was told."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors.breaker import BreakerState
from daemon.cluster.close_look import ANSWERED_WITHIN_S, CloseLook
from daemon.cluster.far_account import FarAccount, ToldStatus, ToldType
from daemon.cluster.far_account import Told as ToldAccount
from daemon.cluster.words import SHOW, SHOWN, Showing
from daemon.health.checks import Check, Finding, Level
from daemon.hosted import Condition
from daemon.restart import RestartPolicy
from support.actor_house import House, open_house
from support.cluster_memory import ClusterMemory
from support.hosting import Hosting, hosting, new_supervisor
from support.virtual_time import VIRTUAL_BACKEND

TOLD = ToldAccount(
    "memory",
    Condition.RUNNING,
    status=ToldStatus((ToldType("Customer", 7),), breaker=BreakerState.HALF_OPEN),
)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


@dataclass
class Looking:
    """A node that hosts an account, and one that asks."""

    house: House
    run: Hosting
    memory: ClusterMemory
    answering: CloseLook
    asking: CloseLook

    def far(self, account_id: str = "") -> FarAccount:
        return FarAccount(account_id or self.house.account_id, "one", TOLD)


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Looking]:
    async with open_house(tmp_path) as house, hosting(house) as run:
        house.vendor.put("Customer", "1")
        memory = ClusterMemory(house.clock)
        answering = CloseLook(memory, run.supervisor, "one")
        asking = CloseLook(memory, new_supervisor(house, RestartPolicy(), 5.0), "two")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answering.run)
            tasks.start_soon(asking.run)
            await anyio.sleep(30)
            yield Looking(house, run, memory, answering, asking)
            tasks.cancel_scope.cancel()


async def test_node_that_hosts_the_account_says_how_it_does_now(nodes: Looking) -> None:
    seen = (await nodes.asking.at(nodes.far())).status()
    here = nodes.run.supervisor.hosted()[nodes.house.account_id].status()
    assert seen is not None
    assert here is not None
    assert seen.bucket == here.bucket
    assert seen.next_look_in_s == here.next_look_in_s
    assert seen.verification_in_s == here.verification_in_s
    assert (seen.last_response_s, seen.looks) == (here.last_response_s, here.looks)
    assert seen.breaker is BreakerState.HALF_OPEN


async def test_what_is_not_stored_yet_is_stored_before_the_answer_for_who_asks_for_that(
    nodes: Looking,
) -> None:
    brought_out: list[str] = []

    async def bring_out(account_id: str) -> None:
        brought_out.append(account_id)

    nodes.answering.before_answering = bring_out
    far = nodes.far()
    assert await nodes.asking.at(far) is not far
    assert brought_out == []
    await nodes.asking.at(nodes.far(), stored=True)
    assert brought_out == [nodes.house.account_id]


async def test_node_of_the_version_before_has_it_stored_at_every_look(nodes: Looking) -> None:
    brought_out: list[str] = []

    async def bring_out(account_id: str) -> None:
        brought_out.append(account_id)

    nodes.answering.before_answering = bring_out
    nodes.memory.say(SHOW, [Showing("before", "1", nodes.house.account_id).word()])
    await anyio.sleep(0.1)
    assert brought_out == [nodes.house.account_id]


async def test_findings_of_the_node_that_hosts_the_account_are_shown(nodes: Looking) -> None:
    found = [
        Finding(Check.DRIFT, Level.WARNING, 'a "field"\tis not so'),
        Finding(Check.BREAKER, Level.CRITICAL, "since 900 s"),
    ]
    nodes.answering.findings_of = lambda _account_id: found
    seen = await nodes.asking.at(nodes.far())
    assert seen.findings() == found
    nodes.run.supervisor.hosted()[nodes.house.account_id].actor = None
    far = nodes.far()
    seen = await nodes.asking.at(far)
    assert (seen.findings(), seen.status()) == (found, far.status())


async def test_long_reasons_still_go_into_one_word(nodes: Looking) -> None:
    said: list[str] = []
    say = nodes.memory.say

    def listening(topic: str, words: Collection[str]) -> None:
        said.extend(words)
        say(topic, words)

    nodes.memory.say = listening  # type: ignore[method-assign]
    found = [Finding(each, Level.WARNING, "\x01\U0001f4a7" * 2000) for each in Check]
    nodes.answering.findings_of = lambda _account_id: found
    seen = (await nodes.asking.at(nodes.far())).findings()
    assert seen is not None
    assert [each.check for each in seen] == list(Check)
    assert all(each.reason for each in seen)
    assert max(len(word.encode()) for word in said) < 7000


async def test_findings_that_are_not_told_or_not_understood_are_none(nodes: Looking) -> None:
    assert (await nodes.asking.at(nodes.far())).findings() is None
    told = '{"findings":[["breaker",2,"open"],["of tomorrow",1,"x"],["drift",9,"x"]]}'
    seen: list[FarAccount] = []

    async def look() -> None:
        seen.append(await nodes.asking.at(nodes.far("of another node")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.sleep(0.1)
        nodes.memory.say(SHOWN, [Showing("two", "glance 2", told).word()])
    assert seen[0].findings() == [Finding(Check.BREAKER, Level.CRITICAL, "open")]


async def test_nobody_waits_long_for_a_node_that_does_not_answer(nodes: Looking) -> None:
    far = nodes.far("of another node")
    began_s = anyio.current_time()
    assert await nodes.asking.at(far) is far
    assert anyio.current_time() - began_s == pytest.approx(ANSWERED_WITHIN_S)
    nodes.memory.is_silent = True
    far = nodes.far()
    assert await nodes.asking.at(far) is far


async def test_answer_that_cannot_be_read_is_none(nodes: Looking) -> None:
    far = nodes.far("of another node")
    seen: list[FarAccount] = []

    async def look() -> None:
        seen.append(await nodes.asking.at(far))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.sleep(0.1)
        nodes.memory.say(SHOW, ["nonsense"])
        nodes.memory.say(SHOWN, ["nonsense", Showing("two", "1", "{").word()])
        nodes.memory.say(SHOWN, [Showing("three", "1", "{}").word()])
    assert seen == [far]


async def test_account_without_an_actor_is_as_it_was_told(nodes: Looking) -> None:
    nodes.run.supervisor.hosted()[nodes.house.account_id].actor = None
    far = nodes.far()
    began_s = anyio.current_time()
    assert await nodes.asking.at(far) is far
    assert anyio.current_time() == began_s
