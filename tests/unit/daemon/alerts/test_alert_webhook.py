"""The retry policy that docs/operations.md describes is what happens (F32)."""

import hmac
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import anyio
import httpx
import msgspec
import pytest

from daemon.alerts.delivery_policy import DeliveryError
from daemon.alerts.document import AlertEventsDocument
from daemon.alerts.webhook import check_reply
from daemon.config import AlertsConfig
from store.watch_models import AlertFilter
from support.alert_house import SECRET, URL, WEBHOOK, Receiver, alert_house
from support.virtual_time import VirtualClock

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def always(status: int, **headers: str) -> Receiver:
    return Receiver(VirtualClock(), lambda _: httpx.Response(status, headers=headers))


async def test_alert_is_delivered_signed_within_a_second(tmp_path: Path) -> None:
    async with alert_house(tmp_path) as house:
        house.hold()
        await anyio.sleep(1)
        ((_, request),) = house.receiver.requests
        house.end()
        await anyio.sleep(1)
    assert house.receiver.told() == [
        ("raised", "account_failing"),
        ("resolved", "account_failing"),
    ]
    assert str(request.url) == URL
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message_id, timestamp, signature = (request.headers[name] for name in names)
    signed = f"{message_id}.{timestamp}.".encode() + request.content
    key = b64decode(SECRET.removeprefix("whsec_"))
    expected = b64encode(hmac.new(key, signed, sha256).digest()).decode()
    assert signature == f"v1,{expected}"
    document = msgspec.json.decode(request.content, type=AlertEventsDocument)
    (item,) = document.items
    assert (item.alert.cause, item.alert.vendor, item.alert.state) == (
        "HTTP 503",
        "quickbooks",
        "open",
    )
    assert item.alert.what_to_do
    assert document.next == item.seq


async def test_many_at_once_are_one_request(tmp_path: Path) -> None:
    async with alert_house(tmp_path) as house:
        for number in range(120):
            house.hold(subject=str(number))
        await anyio.sleep(5)
        assert len(house.receiver.told()) == 120
        assert len(house.receiver.requests) == 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_busy_receiver_is_told_from_one_that_refuses(status: int) -> None:
    with pytest.raises(DeliveryError) as caught:
        check_reply(httpx.Response(status), VirtualClock().epoch)
    assert not caught.value.refused


async def test_busy_receiver_is_tried_for_a_day_with_growing_waits(tmp_path: Path) -> None:
    receiver = always(503)
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(DAY - MINUTE)
        waits = [b - a for a, b in zip(receiver.times(), receiver.times()[1:], strict=False)]
        for wait_s, base_s in zip(waits, [5, 10, 20, 40, 80, 160, 300, 300], strict=False):
            assert base_s <= wait_s <= 1.2 * base_s + 1
        assert ("webhook", "given_up") not in house.counted
        await anyio.sleep(10 * MINUTE)
        assert house.counted.count(("webhook", "given_up")) == 1
        receiver.answer = lambda _: httpx.Response(204)
        house.end()
        await anyio.sleep(10 * MINUTE)
    told = receiver.told()
    assert ("resolved", "account_failing") in told
    assert ("raised", "account_failing") not in told  # it was given up; the feed still has it


@pytest.mark.parametrize("status", [307, 404])
async def test_receiver_that_refuses_is_tried_for_an_hour(tmp_path: Path, status: int) -> None:
    receiver = always(status, Location="https://elsewhere.example.com/")
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(HOUR - MINUTE)
        assert ("webhook", "given_up") not in house.counted
        await anyio.sleep(10 * MINUTE)
        assert house.counted.count(("webhook", "given_up")) == 1
        events = await house.store.alert_events(0, 10)
        assert ("raised", "account_failing") in [(str(e.what), e.alert.kind) for e in events]
    assert {str(request.url) for _, request in receiver.requests} == {URL}


@pytest.mark.parametrize("status", [301, 302, 303, 308, 400, 401, 403, 410, 413, 422])
def test_refusals_and_redirects(status: int) -> None:
    with pytest.raises(DeliveryError) as caught:
        check_reply(httpx.Response(status), VirtualClock().epoch)
    assert caught.value.refused


async def test_receiver_says_how_long_to_wait(tmp_path: Path) -> None:
    receiver = always(429, **{"Retry-After": "120"})
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(250)
        first, second, third = receiver.times()
        assert (second - first, third - second) == (120.0, 120.0)
        receiver.answer = lambda _: httpx.Response(
            503, headers={"Retry-After": "Sun, 01 Mar 2026 12:20:00 GMT"}
        )
        await anyio.sleep(130)
        assert len(receiver.times()) == 4
        receiver.answer = lambda _: httpx.Response(200)
        await anyio.sleep(1200 - house.now_s() + 1)
        assert receiver.times()[4] == pytest.approx(1200.0, abs=0.1)
        assert receiver.told()[0] == ("raised", "account_failing")


async def test_hanging_receiver_is_given_a_deadline_and_holds_nobody_up(tmp_path: Path) -> None:
    receiver = Receiver(VirtualClock(), delay_s=1e6)
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(12)
        assert house.counted == [("webhook", "failed")]
        assert len(await house.store.open_alerts()) == 1
        receiver.delay_s = 0.0
        await anyio.sleep(10)
        assert receiver.told() == [("raised", "account_failing")]


async def test_tried_again_is_the_same_message(tmp_path: Path) -> None:
    receiver = always(500)
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(30)
    ids = {request.headers["webhook-id"] for _, request in receiver.requests}
    assert len(receiver.requests) > 2
    assert len(ids) == 1


async def test_restart_goes_on_with_what_was_not_told_and_tells_nothing_twice(
    tmp_path: Path,
) -> None:
    receiver = Receiver(VirtualClock())
    clock = receiver.clock
    async with alert_house(tmp_path, receiver=receiver, clock=clock) as house:
        house.hold(subject="a")
        await anyio.sleep(1)
        receiver.answer = lambda _: httpx.Response(500)
        house.hold(subject="b")
        await anyio.sleep(1)
    receiver.answer = lambda _: httpx.Response(200)
    async with alert_house(tmp_path, receiver=receiver, clock=clock) as house:
        house.hold(subject="a")  # it holds still: no news
        house.hold(subject="b")
        await anyio.sleep(30)
        assert len(await house.store.alerts(AlertFilter())) == 2
    assert receiver.told() == [("raised", "account_failing")] * 2


async def test_new_channel_begins_with_what_happens_from_then_on(tmp_path: Path) -> None:
    receiver = Receiver(VirtualClock())
    async with alert_house(
        tmp_path, AlertsConfig(), receiver=receiver, clock=receiver.clock
    ) as house:
        house.hold(subject="a")
        await anyio.sleep(1)
        house.desk.channels.configure(AlertsConfig(webhook=WEBHOOK))
        await anyio.sleep(1)
        house.end(subject="a")
        await anyio.sleep(1)
        assert receiver.told() == [("resolved", "account_failing")]
        (delivery,) = house.desk.channels.deliveries()
        delivery.replay(0)
        await anyio.sleep(1)
        assert [what for what, _ in receiver.told()] == ["resolved", "raised", "resolved"]
        house.desk.channels.configure(AlertsConfig())
        house.hold(subject="b")
        await anyio.sleep(1)
        assert len(receiver.taken) == 2


async def test_channel_that_fails_for_long_is_an_alert_of_its_own(tmp_path: Path) -> None:
    receiver = always(500)
    async with alert_house(tmp_path, receiver=receiver, clock=receiver.clock) as house:
        house.hold()
        await anyio.sleep(700)
        kinds = [alert.kind for alert in await house.store.open_alerts()]
        assert kinds == ["account_failing", "channel_failing"]
        receiver.answer = lambda _: httpx.Response(200)
        await anyio.sleep(400)
        assert [alert.kind for alert in await house.store.open_alerts()] == ["account_failing"]
