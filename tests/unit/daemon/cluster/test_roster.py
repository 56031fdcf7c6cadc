"""What a node tells of its accounts, and what the others know of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from actors.errors import TransientError
from actors.status import AccountState
from daemon.cluster.announcing import Announcing
from daemon.cluster.roster import Everywhere, Roster
from daemon.hosted import Condition, is_about_to_run
from daemon.standing import standing
from store.cluster_models import HostedStanding
from support.actor_house import House, open_house
from support.cluster_memory import ClusterMemory, OneShard
from support.hosting import Hosting, hosting
from support.virtual_time import VIRTUAL_BACKEND


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return VIRTUAL_BACKEND


RUNNING = b'{"vendor":"quickbooks","condition":"running"}'


@dataclass
class Telling:
    house: House
    run: Hosting
    memory: ClusterMemory
    placed: OneShard
    announcing: Announcing
    roster: Roster

    async def state(self) -> AccountState:
        """Return how the account does, as another node knows."""
        account = await self.house.real_store.account(self.house.account_id)
        return standing(account, self.roster.far.get(account.id)).state


@asynccontextmanager
async def telling(path: Path) -> AsyncIterator[Telling]:
    async with open_house(path) as house, hosting(house) as run:
        house.vendor.put("Customer", "1")
        memory, placed = ClusterMemory(house.clock), OneShard("one", house.clock)
        announcing = Announcing(memory, run.supervisor, placed)
        roster = Roster(memory, "two")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(announcing.run)
            tasks.start_soon(roster.run)
            yield Telling(house, run, memory, placed, announcing, roster)
            tasks.cancel_scope.cancel()


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Telling]:
    async with telling(tmp_path) as opened:
        yield opened


async def heard(nodes: Telling) -> None:
    for event in nodes.house.heard:
        nodes.announcing.listen(event)
    nodes.house.heard.clear()
    await anyio.sleep(3)


async def test_other_node_knows_how_an_account_does(nodes: Telling) -> None:
    await anyio.sleep(30)
    await heard(nodes)
    assert await nodes.state() is AccountState.LIVE
    far = nodes.roster.far[nodes.house.account_id]
    assert (far.condition, far.vendor) == (Condition.RUNNING, nodes.house.vendor.name)
    status = far.status()
    assert status is not None
    here = nodes.run.supervisor.hosted()[nodes.house.account_id].status()
    assert here is not None
    assert status.cursors.keys() == here.cursors.keys()
    assert status.bucket is None


async def test_idle_account_is_told_of_once(nodes: Telling) -> None:
    await anyio.sleep(30)
    await heard(nodes)
    before = nodes.memory.published
    for _ in range(50):
        await anyio.sleep(300)
        await heard(nodes)
    assert nodes.memory.published == before


async def test_trouble_and_its_end_are_told(nodes: Telling) -> None:
    await anyio.sleep(30)

    def trouble(_called: str) -> None:
        raise TransientError("it is down")

    nodes.house.vendor.trouble = trouble
    await anyio.sleep(3600)
    await heard(nodes)
    assert await nodes.state() is AccountState.DEGRADED
    account = await nodes.house.real_store.account(nodes.house.account_id)
    far = standing(account, nodes.roster.far[account.id])
    assert any("it is down" in reason for reason in far.reasons)
    nodes.house.vendor.trouble = lambda _called: None
    await anyio.sleep(3600)
    await heard(nodes)
    assert await nodes.state() is AccountState.LIVE


async def test_who_counts_accounts_hears_of_whom_something_new_was_told(nodes: Telling) -> None:
    changed: list[str] = []
    nodes.roster.on_change = changed.append
    document = b'{"vendor":"quickbooks","condition":"running"}'
    await nodes.memory.publish_standings([HostedStanding("far", "three", document)])
    await anyio.sleep(3)
    assert changed.count("far") == 1


async def test_account_that_goes_is_known_to_be_gone(nodes: Telling) -> None:
    await anyio.sleep(30)
    assert nodes.house.account_id in nodes.roster.far
    await nodes.run.supervisor.stop_account(nodes.house.account_id)
    nodes.announcing.look(nodes.house.account_id)
    assert await nodes.roster.until_gone(nodes.house.account_id, 1.0)


async def test_what_goes_to_another_node_is_not_taken_back(nodes: Telling) -> None:
    await anyio.sleep(30)
    nodes.placed.is_held = False
    await nodes.run.supervisor.stop_account(nodes.house.account_id)
    await anyio.sleep(5)
    assert nodes.house.account_id in nodes.roster.far
    await nodes.memory.publish_standings([HostedStanding(nodes.house.account_id, "two", RUNNING)])
    assert await nodes.roster.until_gone(nodes.house.account_id, 2.0)


async def test_what_this_node_told_stands_until_the_next_one_tells(nodes: Telling) -> None:
    await nodes.memory.publish_standings([HostedStanding("handed over", "two", RUNNING)])
    await anyio.sleep(3)
    assert Everywhere({}, nodes.roster.far)["handed over"].condition is Condition.RUNNING
    crashed = b'{"vendor":"quickbooks","condition":"quarantined"}'
    await nodes.memory.publish_standings([HostedStanding("handed over", "three", crashed)])
    await anyio.sleep(3)
    assert Everywhere({}, nodes.roster.far)["handed over"].condition is Condition.QUARANTINED


async def test_account_that_is_about_to_run_is_taken_for_running_until_its_node_tells(
    nodes: Telling,
) -> None:
    given_up = b'{"vendor":"quickbooks","condition":"quarantined"}'
    await nodes.memory.publish_standings([HostedStanding("given up", "three", given_up)])
    await anyio.sleep(3)
    for account_id in ("new", "given up"):
        nodes.roster.expect(account_id, "quickbooks")
        assert is_about_to_run(nodes.roster.far[account_id])
    await nodes.memory.publish_standings([HostedStanding("given up", "three", given_up)])
    await anyio.sleep(3)
    assert nodes.roster.far["given up"].condition is Condition.QUARANTINED


async def test_account_that_is_ending_here_is_shown_as_it_was_told(nodes: Telling) -> None:
    await anyio.sleep(30)
    here = nodes.run.supervisor.hosted()
    hosted = here[nodes.house.account_id]
    hosted.is_ending = True
    everywhere = Everywhere(here, nodes.roster.far)
    assert everywhere[hosted.account_id] is nodes.roster.far[hosted.account_id]
    assert Everywhere(here, {})[hosted.account_id] is hosted


async def test_what_a_vendor_said_may_hold_anything(nodes: Telling) -> None:
    await anyio.sleep(30)
    hosted = nodes.run.supervisor.hosted()[nodes.house.account_id]
    hosted.restarts, hosted.last_error = 1, "it said \0 and \\u0000"
    await anyio.sleep(3)
    far = nodes.roster.far[nodes.house.account_id]
    assert far.last_error == "it said \ufffd and \\ufffd"


async def test_what_a_dead_node_told_is_taken_back_by_the_next(nodes: Telling) -> None:
    document = b'{"vendor":"quickbooks","condition":"running"}'
    await nodes.memory.publish_standings([HostedStanding("stopped", "dead", document)])
    await anyio.sleep(3)
    assert "stopped" in nodes.roster.far
    nodes.announcing.look("stopped")
    assert await nodes.roster.until_gone("stopped", 2.0)


async def test_node_that_leaves_tells_nothing_any_more(nodes: Telling) -> None:
    await anyio.sleep(30)
    await nodes.announcing.leave()
    assert await nodes.memory.standing_count("one") == 0


async def test_that_an_account_is_gone_is_known_though_its_node_left_at_once(
    nodes: Telling,
) -> None:
    await anyio.sleep(30)
    account_id = nodes.house.account_id
    await nodes.memory.publish_standings([HostedStanding(account_id, "one", b"")])
    await nodes.announcing.leave()
    assert await nodes.roster.until_gone(account_id, 2.0)


async def test_that_an_account_is_gone_is_told_for_an_hour_or_two(nodes: Telling) -> None:
    await anyio.sleep(30)
    await nodes.run.supervisor.stop_account(nodes.house.account_id)
    await anyio.sleep(3500)
    assert [each.document for each in await nodes.memory.standings(0, limit=9)] == [b""]
    await anyio.sleep(4000)
    assert await nodes.memory.standings(0, limit=9) == []


async def test_everything_is_told_again_when_the_database_forgot_it(nodes: Telling) -> None:
    await anyio.sleep(30)
    nodes.memory.crash()
    await anyio.sleep(12)
    assert await nodes.memory.standing_count("one") == 1


async def test_what_could_not_be_published_is_published_later(nodes: Telling) -> None:
    nodes.memory.is_away = True
    other = await nodes.house.connect("2")
    await nodes.run.supervisor.start_account(other)
    await anyio.sleep(30)
    assert other not in nodes.roster.far
    nodes.memory.is_away = False
    await anyio.sleep(3)
    assert other in nodes.roster.far


async def test_document_of_many_accounts_is_kept_once(nodes: Telling) -> None:
    document = b'{"vendor":"quickbooks","condition":"running"}'
    await nodes.memory.publish_standings(
        [HostedStanding(f"a{number}", "three", document) for number in range(2_500)]
    )
    await nodes.memory.publish_standings([HostedStanding("odd", "three", b'{"condition":"odd"}')])
    await anyio.sleep(3)
    found = [nodes.roster.far[f"a{number}"] for number in range(2_500)]
    assert len({id(each.told) for each in found}) == 1
    assert "odd" not in nodes.roster.far


async def test_accounts_are_one_map_wherever_they_are(nodes: Telling) -> None:
    document = b'{"vendor":"quickbooks","condition":"running"}'
    account_id = nodes.house.account_id
    await anyio.sleep(30)
    await nodes.memory.publish_standings(
        [HostedStanding(each, "three", document) for each in ("far", account_id)]
    )
    await anyio.sleep(3)
    here = nodes.run.supervisor.hosted()
    everywhere = Everywhere(here, nodes.roster.far)
    assert sorted(everywhere) == sorted([account_id, "far"])
    assert len(everywhere) == 2
    assert everywhere[account_id] is here[account_id]
    assert everywhere.get("far") is nodes.roster.far["far"]
    assert everywhere.get("nobody") is None
    assert "nobody" not in everywhere
