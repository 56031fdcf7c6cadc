from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import msgspec
import pytest

from actors.events import DeliveryOutcome, PageStored, WebhookDelivered
from daemon.config import Secret
from daemon.web.body_room import MOST_LARGE_BODIES
from store.models import Account, ChangeFilter, Via
from support.deliveries import cloud_event, deliver, signed
from support.store_fixtures import on_writer
from support.web_house import Visitor, WebHouse, house, serving

HOOK = "/webhooks/quickbooks"


async def inbox(web: WebHouse) -> list[tuple[str, str, bool]]:
    statement = "SELECT object_type, object_id, handled_at IS NOT NULL FROM notices ORDER BY id"
    return await on_writer(web.store, lambda connection: connection.execute(statement).fetchall())


def outcomes(web: WebHouse) -> list[DeliveryOutcome]:
    return [event.outcome for event in web.heard if isinstance(event, WebhookDelivered)]


def feed_looks(web: WebHouse) -> int:
    return sum(isinstance(each, PageStored) and each.look == "feed" for each in web.heard)


async def changed(web: WebHouse, account: Account) -> tuple[str, dict[str, object]]:
    """Change an invoice at the vendor; return its id and the event that tells of it."""
    realm_id = account.external_account_id
    (invoice, *_) = web.sandbox.truth(realm_id)["Invoice"]
    web.sandbox.update(realm_id, "Invoice", invoice, {"PrivateNote": "call again"})
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"  # noqa: TID251 - the house runs in real time
    return invoice, cloud_event(realm_id, "Invoice", invoice, time=at)


async def test_delivery_is_durable_when_it_is_answered(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    reply = await deliver(visitor, cloud_event(account.external_account_id))
    assert reply.json() == {
        "stored": 1,
        "duplicates": 0,
        "unknown_accounts": 0,
        "unknown_types": 0,
        "unreadable": 0,
    }
    assert await inbox(web) == [("Invoice", "1", 0)]


async def test_change_that_was_told_of_arrives_by_webhook(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    after = await web.store.last_seq()
    invoice, event = await changed(web, account)
    await deliver(visitor, event)
    with anyio.fail_after(10):
        await web.store.changed(after)
    changes = await web.store.changes(ChangeFilter(after=after))
    assert {(each.object_id, each.via) for each in changes if each.object_type == "Invoice"} == {
        (invoice, Via.WEBHOOK)
    }
    scraped = (await visitor.call("GET", "/metrics", check=False)).text
    told = 'syncline_changes_applied_total{op="upsert",vendor="quickbooks",via="webhook"} 1.0'
    assert told in scraped
    assert 'syncline_webhook_change_lag_seconds_count{vendor="quickbooks"} 1.0' in scraped


async def test_burst_is_one_look(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    before, realm_id = feed_looks(web), account.external_account_id
    for _ in range(20):
        await deliver(visitor, *(cloud_event(realm_id, "Invoice", str(n)) for n in range(50)))
    await web.until(lambda: feed_looks(web) > before)
    await anyio.sleep(0.2)
    assert feed_looks(web) == before + 1
    assert len(await inbox(web)) == 1000


async def test_older_form_is_taken(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    entity = {
        "id": "7",
        "operation": "Update",
        "name": "Invoice",
        "lastUpdated": "2026-11-21T09:00:00.000Z",
    }
    change = {"realmId": account.external_account_id, "dataChangeEvent": {"entities": [entity]}}
    body = msgspec.json.encode({"eventNotifications": [change]})
    for stored in (1, 0):
        reply = await visitor.call("POST", HOOK, content=body, headers=signed(body))
        assert (reply.json()["stored"], reply.json()["duplicates"]) == (stored, 1 - stored)


async def test_companies_and_types_that_nobody_asked_for_are_counted(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    realm_id = account.external_account_id
    reply = await deliver(
        visitor,
        cloud_event("404"),
        cloud_event(realm_id, "Budget"),
        cloud_event(realm_id, "Estimate"),
        cloud_event(realm_id, id=None),
    )
    assert reply.json() == {
        "stored": 0,
        "duplicates": 0,
        "unknown_accounts": 1,
        "unknown_types": 2,
        "unreadable": 1,
    }
    assert await inbox(web) == []


@pytest.mark.parametrize("headers", [{}, signed(b"[]", "another"), {"intuit-signature": "?"}])
async def test_forged_delivery_is_refused(
    web: WebHouse, visitor: Visitor, headers: dict[str, str]
) -> None:
    await visitor.call("POST", HOOK, content=b"[]", headers=headers, expect=401)
    assert outcomes(web) == [DeliveryOutcome.FORGED]


async def test_signature_is_over_the_raw_bytes(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    body = msgspec.json.encode([cloud_event(account.external_account_id)])
    spaced = body.replace(b",", b", ")
    await visitor.call("POST", HOOK, content=spaced, headers=signed(body), expect=401)
    await visitor.call("POST", HOOK, content=spaced, headers=signed(spaced))


async def test_signed_rubbish_is_refused_as_such(web: WebHouse, visitor: Visitor) -> None:
    reply = await visitor.call("POST", HOOK, content=b"{", headers=signed(b"{"), expect=400)
    assert reply.json()["type"] == "urn:syncline:problem:malformed-delivery"
    assert outcomes(web) == [DeliveryOutcome.MALFORMED]


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 200), (b'[{"id": 1}]', 200)])
async def test_signed_bodies_of_which_nothing_can_be_read_prove_no_webhooks(
    web: WebHouse, visitor: Visitor, body: bytes, status: int
) -> None:
    health = web.receivers["quickbooks"].hearing.health
    health.missed(web.clock.now().monotonic_s)
    await visitor.call("POST", HOOK, content=body, headers=signed(body), expect=status)
    assert health.works_until_s < 0
    await deliver(visitor, cloud_event("404"))
    assert health.works_until_s > 0


async def test_delivery_that_was_not_kept_proves_no_webhooks(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    health = web.receivers["quickbooks"].hearing.health
    health.missed(web.clock.now().monotonic_s)
    await on_writer(web.store, lambda connection: connection.execute("PRAGMA query_only = 1"))
    await deliver(visitor, cloud_event(account.external_account_id), expect=503)
    assert health.works_until_s < 0
    await on_writer(web.store, lambda connection: connection.execute("PRAGMA query_only = 0"))
    await deliver(visitor, cloud_event(account.external_account_id))
    assert health.works_until_s > 0


async def test_without_a_secret_the_vendor_is_told_to_try_later(
    web: WebHouse, visitor: Visitor
) -> None:
    receiver = web.receivers["quickbooks"]
    web.receivers["quickbooks"] = replace(receiver, secret=None)
    reply = await deliver(visitor, expect=503)
    assert "not configured" in reply.json()["detail"]
    web.receivers["quickbooks"] = replace(receiver, secret=Secret("another"))
    await deliver(visitor, expect=401)


async def test_vendor_that_is_not_configured_is_not_found(web: WebHouse, visitor: Visitor) -> None:
    web.receivers.clear()
    await deliver(visitor, expect=404)


async def test_delivery_needs_no_token_and_may_name_the_public_host(web: WebHouse) -> None:
    async with web.stranger() as stranger:
        headers = signed(b"[]") | {"Host": "sync.example.com"}
        reply = await stranger.post(HOOK, content=b"[]", headers=headers)
        assert reply.status_code == 200


async def test_large_delivery_is_taken_and_a_huge_one_refused(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    events = [cloud_event(account.external_account_id, "Invoice", str(n)) for n in range(9_000)]
    assert len(msgspec.json.encode(events)) > 2_000_000
    assert (await deliver(visitor, *events)).json()["stored"] == 9_000
    body = b"[" + b" " * 4 * 1024 * 1024 + b"]"
    await visitor.call("POST", HOOK, content=body, headers=signed(body), expect=413)


async def test_strangers_cannot_fill_the_memory_with_unsigned_bodies(
    web: WebHouse, visitor: Visitor
) -> None:
    head = (
        f"POST {HOOK} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nintuit-signature: guessed\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    )
    async with AsyncExitStack() as open_ones:
        answered = []
        for _ in range(MOST_LARGE_BODIES + 2):
            stream = await open_ones.enter_async_context(
                await anyio.connect_tcp("127.0.0.1", web.port)
            )
            await stream.send(head.encode() + b" " * 200_000)
            with anyio.move_on_after(0.3):
                answered.append(await stream.receive())
        assert len(answered) == 2
        for reply in answered:
            assert reply.startswith(b"HTTP/1.1 503")
            assert b"Retry-After: 10" in reply
        await deliver(visitor, cloud_event("404"))
    large = [cloud_event("404", id=str(n)) for n in range(1000)]
    await web.until(lambda: not web.context.body_room.taken)
    await deliver(visitor, *large)


async def test_delivery_that_cannot_be_stored_is_to_be_made_again(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    event = cloud_event(account.external_account_id)
    await on_writer(web.store, lambda connection: connection.execute("PRAGMA query_only = 1"))
    await deliver(visitor, event, expect=503)
    assert outcomes(web)[-1] is DeliveryOutcome.NOT_STORED
    await on_writer(web.store, lambda connection: connection.execute("PRAGMA query_only = 0"))
    assert (await deliver(visitor, event)).json()["stored"] == 1


async def test_notices_that_nobody_answered_are_looked_after_when_the_daemon_starts(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as within, serving(within) as web:
        account = await web.live()
        await web.supervisor.stop_account(account.id)
        _, event = await changed(web, account)
        await deliver(web.visitor, event)
        after = await web.store.last_seq()
        await web.supervisor.start_account(account.id)
        with anyio.fail_after(10):
            await web.store.changed(after)
        (change, *_) = await web.store.changes(ChangeFilter(after=after))
        assert change.via is not Via.BACKFILL


async def test_paused_account_looks_when_it_goes_on(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    await visitor.post(f"/integrations/{account.id}/pause")
    after = await web.store.last_seq()
    _, event = await changed(web, account)
    await deliver(visitor, event)
    await visitor.post(f"/integrations/{account.id}/resume")
    with anyio.fail_after(10):
        await web.store.changed(after)
    changes = await web.store.changes(ChangeFilter(after=after))
    assert Via.WEBHOOK in {change.via for change in changes}


async def test_hints_are_taken_however_many_there_are(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    for number in range(40):  # more than a mailbox takes
        await deliver(visitor, cloud_event(account.external_account_id, "Invoice", str(number)))
    assert len(await inbox(web)) == 40
