"""Users' writes over HTTP: answered at once, never taken twice, and honest when nothing can be sent."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import anyio
import msgspec
import pytest

from actors.breaker import BreakerState
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from daemon.sandbox.quickbooks.company import Subscription
from store.action_models import Action
from store.models import Account
from support.store_fixtures import on_writer
from support.web_house import Visitor, WebHouse

WRITES = frozenset({Route.WRITE, Route.SEND})


def payment(web: WebHouse, account: Account, amount: float = 12.5) -> dict[str, Any]:
    customer = min(web.sandbox.truth(account.external_account_id)["Customer"], key=int)
    return {
        "type": "payment.create",
        "payload": {"CustomerRef": {"value": customer}, "TotalAmt": amount},
    }


def at(account: Account) -> str:
    return f"/integrations/{account.id}/actions"


def effects(web: WebHouse) -> int:
    return len(web.sandbox.applied_writes())


async def test_a_payment_is_answered_with_the_vendors_object(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    action = await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    assert action["state"] == "succeeded"
    truth = web.sandbox.truth(account.external_account_id)["Payment"]
    assert action["result"]["payload"] == msgspec.json.decode(truth[action["result"]["object_id"]])
    (attempt,) = action["attempts"]
    assert (attempt["call"], attempt["outcome"], attempt["status"]) == ("send", "done", 200)
    assert attempt["trace_id"]
    assert await visitor.get(f"{at(account)}/{action['id']}") == action
    assert (await visitor.get(at(account)))["items"] == [action]


async def test_the_users_own_bytes_are_kept_to_the_last_digit(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    wish = msgspec.json.encode(payment(web, account)).replace(b"12.5", b"12.500000000000000001")
    await visitor.call("POST", f"{at(account)}?wait=5", content=wish, expect=200, check=False)
    (action,) = (await visitor.get(at(account)))["items"]
    stored = await web.store.action(account.id, action["id"])
    assert stored is not None
    assert b"12.500000000000000001" in stored.payload


async def test_a_payment_costs_two_commits_one_before_it_is_sent(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    statements: list[str] = []
    await on_writer(web.store, lambda each: each.set_trace_callback(statements.append))
    await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    await on_writer(web.store, lambda each: each.set_trace_callback(None))
    ledger = [each for each in statements if each == "COMMIT" or "actions" in each]
    begun, ended, *_ = (place for place, each in enumerate(ledger) if each == "COMMIT")
    assert any("INSERT INTO actions" in each for each in ledger[:begun])
    assert any("'sending'" in each for each in ledger[:begun])
    assert any("result_payload" in each for each in ledger[begun:ended])
    assert effects(web) == 1


async def test_an_account_that_can_send_is_not_read_before_its_payment(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await web.live()
    read: list[str] = []

    async def note(account_id: str) -> Account:
        read.append(account_id)
        return account

    monkeypatch.setattr(web.store, "account", note)
    action = await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    assert (action["state"], read) == ("succeeded", [])


async def test_what_takes_longer_is_answered_202_and_ends_by_itself(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    web.sandbox.inject(Fault(FaultKind.HANG, WRITES, delay_s=0.2, count=1))
    action = await visitor.post(f"{at(account)}?wait=0", payment(web, account), expect=202)
    assert action["state"] in ("pending", "sending")
    with anyio.fail_after(5):
        while action["state"] != "succeeded":
            await anyio.sleep(0.01)
            action = await visitor.get(f"{at(account)}/{action['id']}")


async def test_the_same_key_is_the_same_action(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    wish = payment(web, account) | {"idempotency_key": "k"}
    first = await visitor.post(f"{at(account)}?wait=5", wish)
    again = await visitor.post(f"{at(account)}?wait=5", wish)
    assert again == first
    assert effects(web) == 1
    other = payment(web, account, 99.0) | {"idempotency_key": "k"}
    problem = await visitor.post(at(account), other, expect=409)
    assert problem["action_id"] == first["id"]


async def test_a_repeat_without_a_key_is_held_back_and_names_the_earlier_one(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    first = await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    reordered = payment(web, account)
    reordered["payload"] = dict(reversed(reordered["payload"].items())) | {"TotalAmt": 12.50}
    problem = await visitor.post(at(account), reordered, expect=409)
    assert problem["action_id"] == first["id"]
    meant = reordered | {"allow_duplicate": True}
    await visitor.post(f"{at(account)}?wait=5", meant)
    assert effects(web) == 2


@pytest.mark.parametrize(
    ("wish", "path"),
    [
        ({"type": "payment.eat", "payload": {}}, "type"),
        ({"payload": {}}, "type"),
        ({"type": "payment.create", "payload": {"TotalAmt": 1}}, "payload.CustomerRef"),
        ({"type": "payment.create", "payload": 7}, "payload"),
        ({"type": "payment.create", "payload": {}, "key": "x"}, "key"),
        ({"type": "payment.create", "payload": {}, "idempotency_key": ""}, "idempotency_key"),
    ],
)
async def test_bad_input_is_named_and_nothing_is_kept(
    web: WebHouse, visitor: Visitor, wish: dict[str, Any], path: str
) -> None:
    account = await web.live()
    problem = await visitor.post(at(account), wish, expect=422)
    assert path in [error["path"] for error in problem["errors"]]
    assert (await visitor.get(at(account)))["items"] == []


async def test_a_state_that_there_is_not_is_named_with_those_that_there_are(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    problem = await visitor.get(f"/integrations/{account.id}/actions?state=gone", expect=422)
    assert problem["errors"] == [
        {
            "path": "state",
            "expected": "one of failed, pending, sending, succeeded, unknown",
            "found": "'gone'",
        }
    ]


async def test_a_refusal_shows_the_vendors_code_and_words(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    web.sandbox.set_subscription(account.external_account_id, Subscription.EXPIRED)
    action = await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    assert action["state"] == "failed"
    assert action["attempts"][0]["code"] == "6190"
    assert "Subscription period has ended" in action["last_error"]
    web.sandbox.set_subscription(account.external_account_id, Subscription.SUBSCRIBED)
    again = await visitor.post(f"{at(account)}/{action['id']}/retry?wait=5")
    assert again["state"] == "succeeded"
    assert effects(web) == 1
    await visitor.post(f"{at(account)}/{action['id']}/retry", expect=409)


async def test_what_a_pause_leaves_open_says_what_it_waits_for(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    web.sandbox.inject(Fault(FaultKind.RESET, WRITES, count=1))
    action = await visitor.post(f"{at(account)}?wait=0", payment(web, account), expect=202)
    with anyio.fail_after(5):
        while action["state"] != "unknown":
            await anyio.sleep(0.01)
            action = await visitor.get(f"{at(account)}/{action['id']}")
    assert "waits_for" not in action
    await visitor.post(f"/integrations/{account.id}/pause")
    action = await visitor.get(f"{at(account)}/{action['id']}")
    assert action["waits_for"].endswith("is paused: somebody paused it")


async def test_a_paused_account_takes_nothing_and_says_so(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    known = payment(web, account) | {"idempotency_key": "k"}
    await visitor.post(f"{at(account)}?wait=5", known)
    await visitor.post(f"/integrations/{account.id}/pause")
    problem = await visitor.post(at(account), payment(web, account, 2.0), expect=409)
    assert problem["queued"] is False
    assert (await visitor.post(at(account), known))["state"] == "succeeded"


async def test_while_the_vendor_is_left_alone_it_is_kept_and_that_is_said(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    web.sandbox.outage()
    with anyio.fail_after(20):
        status = web.supervisor.hosted()[account.id].status()
        while status is not None and status.breaker is not BreakerState.OPEN:
            await visitor.post(f"/integrations/{account.id}/sync", expect=202)
            await anyio.sleep(0.02)
            status = web.supervisor.hosted()[account.id].status()
    problem = await visitor.post(at(account), payment(web, account), expect=503)
    assert problem["queued"] is True
    action = await visitor.get(f"{at(account)}/{problem['action_id']}")
    assert action["state"] == "pending"
    canceled = await visitor.post(f"{at(account)}/{action['id']}/cancel")
    assert canceled["state"] == "failed"
    await visitor.post(f"{at(account)}/{action['id']}/cancel", expect=409)


async def test_a_list_is_taken_one_by_one(web: WebHouse, visitor: Visitor) -> None:
    account = await web.live()
    wishes = [payment(web, account, amount) for amount in (1.0, 2.0, 1.0)]
    wishes.append({"type": "payment.create", "payload": {}})
    for body in (wishes, {"actions": [payment(web, account, 3.0)]}):
        reply = await visitor.call("POST", f"{at(account)}?wait=5", json=body, expect=207)
        found = [each.get("problem", {}).get("status") for each in reply.json()["items"]]
        assert found == ([None, None, 409, 422] if body is wishes else [None])
    listed = (await visitor.get(f"{at(account)}?limit=2"))["next"]
    assert len((await visitor.get(f"{at(account)}?limit=2&cursor={listed}"))["items"]) == 1


async def test_a_list_with_a_broken_item_is_refused_and_names_it(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    problem = await visitor.post(at(account), {"actions": [{"type": "payment.create"}]}, expect=422)
    assert problem["errors"][0]["path"].startswith("actions")


async def test_a_long_list_is_not_read_again_for_each_that_comes(
    web: WebHouse, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await web.live()
    read: list[int] = []

    async def counted(
        account_id: str, *, limit: int, after_id: str | None = None, without: Sequence[str] = ()
    ) -> Sequence[Action]:
        found = await open_actions(account_id, limit=limit, after_id=after_id, without=without)
        read.append(len(found))
        return found

    open_actions = web.store.open_actions
    monkeypatch.setattr(web.store, "open_actions", counted)
    wishes = [payment(web, account, amount + 1.0) for amount in range(120)]
    reply = await visitor.call("POST", f"{at(account)}?wait=30", json=wishes, expect=207)
    assert {each["action"]["state"] for each in reply.json()["items"]} == {"succeeded"}
    assert len(web.sandbox.applied_writes()) == 120
    assert len(read) < 120


async def test_a_list_is_stored_by_few_commits_and_in_its_order(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    statements: list[str] = []
    await on_writer(web.store, lambda each: each.set_trace_callback(statements.append))
    wishes = [payment(web, account, amount + 1.0) for amount in range(50)]
    reply = await visitor.call("POST", f"{at(account)}?wait=0", json=wishes, expect=207)
    await on_writer(web.store, lambda each: each.set_trace_callback(None))
    amounts = [each["action"]["payload"]["TotalAmt"] for each in reply.json()["items"]]
    assert amounts == [amount + 1.0 for amount in range(50)]
    stored = [each for each in statements if each == "COMMIT" or "INSERT INTO actions" in each]
    last = max(place for place, each in enumerate(stored) if each != "COMMIT")
    assert stored[:last].count("COMMIT") <= 3


async def test_actions_of_another_account_are_not_shown(web: WebHouse, visitor: Visitor) -> None:
    one, other = await web.live(), await web.live()
    action = await visitor.post(f"{at(one)}?wait=5", payment(web, one))
    for path in ("", "/retry", "/cancel"):
        method = "POST" if path else "GET"
        await visitor.call(method, f"{at(other)}/{action['id']}{path}", expect=404)
    await visitor.call("GET", f"{at(one)}/{uuid4()}", expect=404)


async def test_a_retry_while_the_account_can_do_nothing_is_refused_and_not_queued(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    wish = payment(web, account)
    wish["payload"]["CustomerRef"]["value"] = "999999"
    action = await visitor.post(f"{at(account)}?wait=5", wish)
    assert action["state"] == "failed"
    await visitor.post(f"/integrations/{account.id}/pause")
    problem = await visitor.post(f"{at(account)}/{action['id']}/retry", expect=409)
    assert (problem["type"].rpartition(":")[2], problem["queued"]) == ("account-cannot-act", False)
    assert (await visitor.get(f"{at(account)}/{action['id']}"))["state"] == "failed"


def mail(web: WebHouse, account: Account, number: int) -> dict[str, Any]:
    invoices = sorted(web.sandbox.truth(account.external_account_id)["Invoice"], key=int)
    payload = {"object_id": invoices[number], "send_to": "ada@example.com"}
    return {"type": "invoice.send", "payload": payload}


async def test_mails_beyond_the_days_are_refused_before_the_vendor_does(
    web: WebHouse, visitor: Visitor
) -> None:
    web.vendors["quickbooks"].writer._mails_per_day = 2  # noqa: SLF001 - as configured
    account = await web.live()
    for number in range(2):
        assert (await visitor.post(f"{at(account)}?wait=5", mail(web, account, number)))["result"]
    reply = await visitor.call("POST", at(account), json=mail(web, account, 2), expect=429)
    assert 86_300 < int(reply.headers["Retry-After"]) <= 86_400
    assert reply.json()["queued"] is False
    assert effects(web) == 2
    await visitor.post(f"{at(account)}?wait=5", payment(web, account))
    listed = await visitor.post(at(account), [mail(web, account, 3)], expect=207)
    assert listed["items"][0]["problem"]["status"] == 429


async def test_the_days_mails_are_one_accounts(web: WebHouse, visitor: Visitor) -> None:
    web.vendors["quickbooks"].writer._mails_per_day = 1  # noqa: SLF001 - as configured
    for account in (await web.live(), await web.live()):
        await visitor.post(f"{at(account)}?wait=5", mail(web, account, 0))
        await visitor.post(at(account), mail(web, account, 1), expect=429)


async def test_drifts_are_listed_and_shown_with_their_action_and_object(
    web: WebHouse, visitor: Visitor
) -> None:
    account = await web.live()
    wish = {
        "type": "customer.create",
        "payload": {"DisplayName": "Ada", "FullyQualifiedName": "Eve"},
    }
    action = await visitor.post(f"{at(account)}?wait=5", wish)
    page = await visitor.get(f"/integrations/{account.id}/drifts")
    (drift,) = page["items"]
    assert page["next"] is None
    assert (drift["action_id"], drift["field"]) == (action["id"], "FullyQualifiedName")
    assert (drift["asked"], drift["found"], drift["resolved_at"]) == ("Eve", "Ada", None)
    shown = await visitor.get(f"{at(account)}/{action['id']}")
    assert shown["drifts"] == [drift]
    path = f"/integrations/{account.id}/objects/Customer/{action['result']['object_id']}"
    assert (await visitor.get(f"{path}/explanation"))["drifts"] == [drift]
    assert (await visitor.get(f"/integrations/{account.id}/drifts?state=resolved"))["items"] == []
    metrics = (await visitor.call("GET", "/metrics", check=False)).text
    assert 'syncline_drifts_open{vendor="quickbooks"} 1.0' in metrics
    problem = await visitor.get(f"/integrations/{account.id}/drifts?cursor=zz", expect=422)
    assert problem["errors"][0]["path"] == "cursor"
