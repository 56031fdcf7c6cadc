from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest

from actors import events
from daemon.alerts.condition import Condition
from daemon.alerts.desk import UnknownAlertError
from daemon.alerts.happenings import Happenings
from daemon.alerts.kinds import STORE_UNAVAILABLE
from daemon.config import AlertsConfig
from store.action_models import ActionState
from store.errors import StoreUnavailableError
from store.watch_models import AlertFilter
from support.alert_house import ALERTMANAGER, WEBHOOK, Receiver, alert_house
from support.store_fixtures import own
from support.virtual_time import VirtualClock


async def test_raised_and_resolved_before_it_was_written_is_both(tmp_path: Path) -> None:
    async with alert_house(tmp_path) as house:
        house.hold()
        house.end()
        house.hold()
        await anyio.sleep(1)
        assert [what for what, _ in house.receiver.told()] == ["raised", "resolved", "raised"]
        assert len(await house.store.open_alerts()) == 1
        house.end()
        await anyio.sleep(1)
        assert await house.store.open_alerts() == []


async def test_acknowledged_alert_is_stored_with_who_and_why(tmp_path: Path) -> None:
    async with alert_house(tmp_path) as house:
        house.hold()
        await anyio.sleep(1)
        (alert,) = await house.store.open_alerts()
        acked = await house.desk.acknowledge(alert.id, "ada", "looking")
        assert (await house.store.open_alerts())[0] == acked
        assert (acked.acked_by, acked.note) == ("ada", "looking")
        with pytest.raises(UnknownAlertError):
            await house.desk.acknowledge(alert.id + 1, "ada", None)
        await anyio.sleep(1)
        assert [what for what, _ in house.receiver.told()] == ["raised", "acknowledged"]


async def test_what_is_open_about_a_company_is_over_and_told_before_it_is_purged(
    tmp_path: Path,
) -> None:
    async with alert_house(tmp_path) as house:
        account = (await own(house.store)).account_id
        house.hold("routing_failed", account)
        house.hold("routing_failed", "another")
        await anyio.sleep(1)
        await house.desk.let_go(account)
        assert [alert.subject for alert in await house.store.open_alerts()] == ["another"]
        await house.store.disconnect(account, purge=True, at=house.clock.now().utc)
        await anyio.sleep(1)
        assert [what for what, _ in house.receiver.told()] == ["raised", "raised", "resolved"]


async def test_a_channel_that_hangs_does_not_keep_a_company_from_being_let_go(
    tmp_path: Path,
) -> None:
    async with alert_house(tmp_path) as house:
        house.hold(subject="somebody")
        await anyio.sleep(1)
        house.receiver.answer = lambda _: httpx.Response(503)
        began = house.clock.now().monotonic_s
        await house.desk.let_go("somebody")
        assert house.clock.now().monotonic_s - began <= 2.1


async def test_escalates_after_an_hour_across_a_restart(tmp_path: Path) -> None:
    receiver = Receiver(VirtualClock())
    clock = receiver.clock
    async with alert_house(tmp_path, receiver=receiver, clock=clock) as house:
        house.hold()
        await anyio.sleep(3000)
    async with alert_house(tmp_path, receiver=receiver, clock=clock) as house:
        await anyio.sleep(700)
    assert [what for what, _ in receiver.told()] == ["raised", "escalated"]


async def test_trouble_with_the_store_is_told_though_it_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with alert_house(tmp_path) as house:
        broken = True
        record = house.store.record_alerts

        async def fail(changes: Any) -> Any:  # noqa: ANN401
            if broken:
                raise StoreUnavailableError("the disk is full")
            return await record(changes)

        monkeypatch.setattr(type(house.store), "record_alerts", lambda _, changes: fail(changes))
        house.desk.hold(Condition(STORE_UNAVAILABLE, "", "the disk is full"))
        house.hold()
        await anyio.sleep(60)
        assert house.receiver.told() == [("raised", "store_unavailable")]
        broken = False
        house.end("store_unavailable", "")
        await anyio.sleep(30)
        assert house.receiver.told()[1:] == [
            ("raised", "store_unavailable"),
            ("raised", "account_failing"),
            ("resolved", "store_unavailable"),
        ]
        assert len(await house.store.alerts(AlertFilter())) == 2


async def test_test_alert_goes_over_every_channel_and_is_no_alert(tmp_path: Path) -> None:
    config = AlertsConfig(webhook=WEBHOOK, alertmanager=ALERTMANAGER)
    async with alert_house(tmp_path, config) as house:
        await house.desk.send_test("ada")
        await anyio.sleep(1)
        paths = sorted(request.url.path for request in house.receiver.taken)
        assert paths == ["/api/v2/alerts", "/hook"]
        assert await house.store.alerts(AlertFilter()) == []


async def test_alertmanager_hears_of_open_alerts_every_minute_and_of_their_end(
    tmp_path: Path,
) -> None:
    async with alert_house(tmp_path, AlertsConfig(alertmanager=ALERTMANAGER)) as house:
        house.hold()
        await anyio.sleep(200)
        posted = [msgspec.json.decode(request.content) for request in house.receiver.taken]
        assert len(posted) in {4, 5}
        (alert,) = posted[-1]
        assert alert["labels"] == {
            "alertname": "account_failing",
            "severity": "warning",
            "subject": "a",
            "vendor": "quickbooks",
            "account": "a",
            "job": "syncline",
        }
        assert alert["startsAt"] == "2026-03-01T12:00:00Z"
        assert alert["annotations"]["summary"] == "HTTP 503"
        house.end()
        await anyio.sleep(1)
        (alert,) = msgspec.json.decode(house.receiver.taken[-1].content)
        assert alert["endsAt"] == "2026-03-01T12:03:20Z"
        count = len(house.receiver.taken)
        await anyio.sleep(600)
        assert len(house.receiver.taken) == count


async def test_happening_is_over_when_another_says_so_or_somebody_takes_it(tmp_path: Path) -> None:
    drift = ("a", "quickbooks", "17", "Invoice", "129", "TotalAmt")
    parked = ("a", "quickbooks", "18", "payment.create")
    async with alert_house(tmp_path) as house:
        happenings = Happenings(house.desk, house.desk, house.clock)
        for event in (
            events.DriftFound(*drift, asked="12", found="13"),
            events.ActionParked(*parked, reason="the answer was lost"),
            events.DriftResolved(*drift),
            events.ActionEnded(*parked, ActionState.SUCCEEDED, 1.0, None),
        ):
            happenings.listen(event)
        await anyio.sleep(1)
        assert house.receiver.told() == [
            ("raised", "drift_found"),
            ("raised", "action_needs_person"),
            ("resolved", "drift_found"),
            ("resolved", "action_needs_person"),
        ]


async def test_deliveries_that_are_refused_are_an_alert_when_there_are_many(tmp_path: Path) -> None:
    forged = events.WebhookDelivered("quickbooks", events.DeliveryOutcome.FORGED, 0.1)
    async with alert_house(tmp_path) as house:
        happenings = Happenings(house.desk, house.desk, house.clock)
        for _ in range(4):
            happenings.listen(forged)
        assert house.desk.book.open_alerts() == ()
        happenings.listen(forged)
        (alert,) = house.desk.book.open_alerts()
        assert (alert.kind, alert.subject) == ("webhooks_refused", "quickbooks")
        for _ in range(40):
            await anyio.sleep(60)
            happenings.settle()
        assert house.desk.book.open_alerts() == ()
