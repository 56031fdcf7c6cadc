"""Every node judges what is its own; the store is the truth; one node at a time tells."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import httpx
import pytest

from daemon.config import AlertsConfig
from store.errors import StoreUnavailableError
from store.watch_models import AlertEvent, AlertFilter
from support.alert_house import WEBHOOK
from support.alert_nodes import alert_nodes

HOUR_S = 3_600.0


async def test_each_alert_is_told_once_whoever_raised_it(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path, number=3) as house:
        for node in house.nodes:
            node.hold(subject="the same")
        house.nodes[2].hold(subject="its own")
        await anyio.sleep(10)
        assert house.receiver.told() == [("raised", "account_failing")] * 2
        assert {tuple(node.open()) for node in house.nodes} == {
            (("account_failing", "the same"), ("account_failing", "its own"))
        }
        for node in house.nodes:
            node.end(subject="the same")
        await anyio.sleep(10)
        assert [what for what, _ in house.receiver.told()] == ["raised", "raised", "resolved"]


async def test_nothing_is_lost_or_told_twice_while_the_house_moves_on(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        for number in range(12):
            house.give_house(number % 2 if number % 3 else None)
            house.nodes[number % 2].hold(subject=f"{number}")
            await anyio.sleep(0.7 * number)
        house.give_house(1)
        await anyio.sleep(10)
        told = [request.headers["webhook-id"] for request in house.receiver.taken]
        assert len(told) == len(set(told))
        assert house.receiver.told() == [("raised", "account_failing")] * 12


async def test_who_gets_an_account_ends_what_was_open_about_it(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        house.nodes[0].hold()
        await anyio.sleep(5)
        house.nodes[1].end()
        await anyio.sleep(5)
        assert [node.open() for node in house.nodes] == [[], []]
        house.nodes[0].end()
        await anyio.sleep(5)
        assert [what for what, _ in house.receiver.told()] == ["raised", "resolved"]


async def test_acknowledging_on_any_node_holds_on_all(tmp_path: Path) -> None:
    config = AlertsConfig(webhook=WEBHOOK, escalate_after_s=HOUR_S)
    async with alert_nodes(tmp_path, config) as house:
        house.nodes[0].hold()
        await anyio.sleep(5)
        (alert,) = await house.store.open_alerts()
        await house.nodes[1].desk.acknowledge(alert.id, "ada", "I look")
        await anyio.sleep(5)
        house.nodes[0].hold(cause="HTTP 502")  # by a node that knew it unacknowledged
        await anyio.sleep(2 * HOUR_S)
        (now,) = await house.store.open_alerts()
        assert (now.acked_by, now.cause) == ("ada", "HTTP 502")
        assert [what for what, _ in house.receiver.told()] == ["raised", "acknowledged"]


async def test_only_the_holder_of_the_house_escalates(tmp_path: Path) -> None:
    config = AlertsConfig(webhook=WEBHOOK, escalate_after_s=HOUR_S)
    async with alert_nodes(tmp_path, config, number=3) as house:
        house.nodes[2].hold()
        await anyio.sleep(HOUR_S + 60)
        house.give_house(1)
        await anyio.sleep(60)
        assert [what for what, _ in house.receiver.told()] == ["raised", "escalated"]
        await anyio.sleep(3 * HOUR_S)
        assert [what for what, _ in house.receiver.told()] == ["raised", *["escalated"] * 2]


async def test_what_some_nodes_see_is_one_alert_until_none_does(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path, number=3) as house:
        first, second, third = house.nodes
        second.see("heartbeat_silent", "quickbooks", "no page was stored")
        third.see("heartbeat_silent", "quickbooks", "no page was stored")
        await anyio.sleep(30)
        assert first.open() == [("heartbeat_silent", "quickbooks")]
        (alert,) = first.desk.book.open_alerts()
        assert "seen by node-1, node-2, and not by the other nodes" in alert.cause
        second.sight.end("heartbeat_silent", "quickbooks", "")
        await anyio.sleep(30)
        assert first.open() == [("heartbeat_silent", "quickbooks")]
        third.life.cancel()  # a node that died sees nothing any more
        await anyio.sleep(30)
        assert first.open() == []
        assert [what for what, _ in house.receiver.told()] == ["raised", "resolved"]


async def test_what_is_seen_stays_open_when_the_house_moves(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        house.nodes[1].see("webhooks_silent", "quickbooks", "nothing was delivered for 25 hours")
        await anyio.sleep(30)
        for place in (1, 0, 1):
            house.give_house(place)
            await anyio.sleep(30)
        assert len(await house.store.alerts(AlertFilter())) == 1
        assert [what for what, _ in house.receiver.told()] == ["raised"]


async def test_replay_may_be_asked_of_any_node(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        house.nodes[0].hold()
        await anyio.sleep(5)
        assert await house.nodes[1].desk.channels.replay("webhook", 0)
        assert not await house.nodes[1].desk.channels.replay("email", 0)
        await anyio.sleep(5)
        assert [what for what, _ in house.receiver.told()] == ["raised", "raised"]


async def test_company_is_let_go_by_a_node_that_does_not_tell_once_the_other_told(
    tmp_path: Path,
) -> None:
    async with alert_nodes(tmp_path) as house:
        house.nodes[1].hold(subject="a")
        await anyio.sleep(5)
        began_s = house.clock.now().monotonic_s
        await house.nodes[1].desk.let_go("a")
        assert house.clock.now().monotonic_s - began_s < 2.1
        await anyio.sleep(2.5)
        assert [what for what, _ in house.receiver.told()] == ["raised", "resolved"]


async def test_deputy_tells_while_nobody_holds_the_house(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        await anyio.sleep(5)
        house.give_house(None)
        await anyio.sleep(5)
        house.nodes[0].hold()
        await anyio.sleep(30)
        assert house.receiver.told() == []
        house.nodes[1].is_deputy = True
        await anyio.sleep(5)
        assert house.receiver.told() == [("raised", "account_failing")]


async def test_that_the_store_is_away_is_told_by_who_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> Sequence[AlertEvent]:
        raise StoreUnavailableError("the server is away")

    async with alert_nodes(tmp_path) as house:
        await anyio.sleep(5)
        with monkeypatch.context() as away:
            away.setattr(type(house.store), "record_alerts", fail)
            for node in house.nodes:
                node.is_blind = True
            house.give_house(None)
            house.nodes[0].hold("store_unavailable", "", "no writes")
            await anyio.sleep(30)
            assert house.receiver.told() == [("raised", "store_unavailable")]
        for node in house.nodes:
            node.is_blind = False
        house.nodes[0].end("store_unavailable", "")
        house.give_house(1)
        await anyio.sleep(30)
        assert [what for what, _ in house.receiver.told()][-1] == "resolved"
        assert [node.desk.tells for node in house.nodes] == [False, True]


async def test_delivery_that_hangs_is_taken_up_by_the_next_holder(tmp_path: Path) -> None:
    async with alert_nodes(tmp_path) as house:
        house.receiver.answer = lambda _: httpx.Response(503)
        house.nodes[0].hold()
        await anyio.sleep(5)
        house.receiver.answer = lambda _: httpx.Response(200)
        house.give_house(1)
        await anyio.sleep(30)
        assert house.receiver.told() == [("raised", "account_failing")]
        (alert,) = await house.store.open_alerts()
        assert alert.subject == "a"
