"""Users' writes through the real actor, store and sandbox: once, at once, and honest about it."""

import anyio
import msgspec
import pytest

from actors import events
from actors.messages import Pause, Resume, SyncNow
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from daemon.sandbox.quickbooks.company import Subscription
from store.action_models import ActionState, AttemptCall, AttemptOutcome
from store.models import ChangeFilter, Via
from support.company_house import CompanyHouse

WRITES = frozenset({Route.WRITE, Route.SEND})


def one(house: CompanyHouse, account_id: str, object_type: str) -> dict[str, object]:
    body = next(iter(house.truth(account_id)[object_type].values()))
    found: dict[str, object] = msgspec.json.decode(body)
    return found


def open_invoice(house: CompanyHouse, account_id: str) -> dict[str, object]:
    bodies = house.truth(account_id)["Invoice"].values()
    invoices: list[dict[str, object]] = [msgspec.json.decode(body) for body in bodies]
    return next(each for each in invoices if float(str(each["Balance"])) > 0)


def payment(house: CompanyHouse, account_id: str) -> dict[str, object]:
    invoice = open_invoice(house, account_id)
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    return {
        "CustomerRef": invoice["CustomerRef"],
        "TotalAmt": 1.25,
        "Line": [{"Amount": 1.25, "LinkedTxn": [link]}],
    }


async def state(house: CompanyHouse, account_id: str, action_id: str) -> ActionState:
    return (await house.action(account_id, action_id)).state


async def test_a_payment_is_answered_at_once_and_is_in_the_replica_with_its_answer(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        calls = len(house.calls())
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(0.35)
        action = await house.action(account_id, action_id)
        assert action.state is ActionState.SUCCEEDED
        assert action.result is not None
        replica = await house.replica(account_id)
        assert replica["Payment"][action.result.object_id] == action.result.payload
        changes = await house.real_store.changes(ChangeFilter(limit=100_000))
        mine = [each for each in changes if each.via is Via.ACTION]
        assert [each.object_id for each in mine] == [action.result.object_id]
        await anyio.sleep(2)
        assert await house.is_exact(account_id), "the invoice behind it was looked at next"
        assert house.calls()[calls:] == ["write", "cdc"]
    assert [event.state for event in house.told(events.ActionEnded)] == [ActionState.SUCCEEDED]
    assert house.told(events.DriftFound) == []


@pytest.mark.parametrize("ignored", [False, True])
async def test_a_lost_answer_is_found_by_looking_and_nothing_is_sent_twice(
    house: CompanyHouse, *, ignored: bool
) -> None:
    house.sandbox.behaviour.request_id_ignored = ignored
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.RESET, routes=WRITES, count=1, executed=True))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(5)
    action = await house.action(account_id, action_id)
    assert action.state is ActionState.SUCCEEDED
    calls = [(each.call, each.outcome) for each in action.attempts]
    assert calls == [
        (AttemptCall.SEND, AttemptOutcome.UNKNOWN),
        (AttemptCall.READ_BACK, AttemptOutcome.DONE),
    ]
    assert house.effects(account_id, action_id) == 1


async def test_a_payment_that_never_arrived_is_sent_again_only_after_proof(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.RESET, routes=WRITES, count=1))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(250)
        assert await state(house, account_id, action_id) is ActionState.UNKNOWN
        assert house.effects(account_id, action_id) == 0
        await anyio.sleep(700)
    assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1


async def test_a_payment_deleted_before_it_was_found_waits_for_a_person(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        realm = house.realms[account_id]
        house.sandbox.inject(Fault(FaultKind.RESET, routes=WRITES, count=1, executed=True))
        house.sandbox.inject(Fault(FaultKind.HTML_503, routes=frozenset({Route.QUERY}), count=1))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(1)
        (write,) = house.sandbox.applied_writes(realm)
        house.sandbox.delete(realm, "Payment", write.object_id)
        await anyio.sleep(60)
    action = await house.action(account_id, action_id)
    assert action.state is ActionState.UNKNOWN
    assert action.parked
    assert [event.action_id for event in house.told(events.ActionParked)] == [action_id]


async def test_a_refusal_carries_the_vendors_code_and_words(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.set_subscription(house.realms[account_id], Subscription.EXPIRED)
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(3600)
    action = await house.action(account_id, action_id)
    assert action.state is ActionState.FAILED
    (attempt,) = action.attempts
    assert attempt.code == "6190"
    assert action.last_error is not None
    assert "Subscription period has ended" in action.last_error
    assert house.calls().count("write") == 1, "no storm of repeats"


async def test_an_update_over_another_users_change_is_merged_again(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice = one(house, account_id, "Invoice")
        object_id = str(invoice["Id"])
        realm = house.realms[account_id]
        house.sandbox.update(realm, "Invoice", object_id, {"PrivateNote": "theirs"})
        payload = {"object_type": "Invoice", "object_id": object_id, "DueDate": "2027-03-04"}
        action_id = await house.ask(account_id, "object.update", payload)
        await anyio.sleep(10)
        action = await house.action(account_id, action_id)
        assert [each.outcome for each in action.attempts] == [
            AttemptOutcome.STALE,
            AttemptOutcome.DONE,
        ]
        now = house.sandbox.read(realm, "Invoice", object_id)
        assert (now["DueDate"], now["PrivateNote"]) == ("2027-03-04", "theirs")


async def test_a_version_that_the_user_named_is_insisted_on(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice = one(house, account_id, "Invoice")
        payload = {
            "object_type": "Invoice",
            "object_id": invoice["Id"],
            "SyncToken": "99",
            "DueDate": "2027-03-04",
        }
        action_id = await house.ask(account_id, "object.update", payload)
        await anyio.sleep(10)
    assert await state(house, account_id, action_id) is ActionState.FAILED


async def test_a_deleted_object_is_gone_from_the_replica_at_once(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice_id = str(one(house, account_id, "Bill")["Id"])
        payload = {"object_type": "Bill", "object_id": invoice_id}
        action_id = await house.ask(account_id, "object.delete", payload)
        await anyio.sleep(1)
        assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
        assert invoice_id not in (await house.replica(account_id))["Bill"]


async def test_a_look_that_began_before_does_not_bring_a_deleted_object_back(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(400)
        payment_id = str(one(house, account_id, "Payment")["Id"])
        house.sandbox.update(house.realms[account_id], "Payment", payment_id, {"PrivateNote": "x"})
        house.tell(account_id, SyncNow())
        await anyio.sleep(5)
        slow = Fault(FaultKind.HANG, routes=frozenset({Route.CDC}), count=1, delay_s=9.0)
        house.sandbox.inject(slow)
        house.tell(account_id, SyncNow())
        await anyio.sleep(1)
        payload = {"object_type": "Payment", "object_id": payment_id}
        action_id = await house.ask(account_id, "object.delete", payload)
        await anyio.sleep(60)
        assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
        wanted = ChangeFilter(limit=10_000, account_id=account_id, object_type="Payment")
        changes = await house.real_store.changes(wanted)
        told = [each.via for each in changes if each.object_id == payment_id]
        assert told[-1] is Via.ACTION


async def test_a_paused_account_sends_nothing_until_it_goes_on(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.tell(account_id, Pause())
        await anyio.sleep(1)
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(100)
        assert await state(house, account_id, action_id) is ActionState.PENDING
        house.tell(account_id, Resume())
        await anyio.sleep(1)
        assert await state(house, account_id, action_id) is ActionState.SUCCEEDED


async def test_what_was_accepted_before_a_stop_is_sent_after_the_next_start(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        wanted = payment(house, account_id)
    action_id = await house.ask(account_id, "payment.create", wanted)
    async with house.syncing():
        await anyio.sleep(5)
    assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1


async def test_an_outage_keeps_it_waiting_and_it_is_made_once_when_that_is_over(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        wanted = payment(house, account_id)
        house.sandbox.outage()
        action_id = await house.ask(account_id, "payment.create", wanted)
        await anyio.sleep(2000)
        assert house.effects(account_id, action_id) == 0
        house.sandbox.end_outage()
        await anyio.sleep(3000)
    assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1


async def test_a_token_that_is_refused_is_renewed_and_the_payment_made(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.UNAUTHORIZED, routes=WRITES, count=1))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(20)
    assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1
    assert "token_refresh" in house.calls()


async def test_a_reminder_whose_answer_was_lost_is_not_mailed_again(house: CompanyHouse) -> None:
    house.sandbox.behaviour.request_id_ignored = True
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice = one(house, account_id, "Invoice")
        for executed in (True, False):
            fault = Fault(FaultKind.GATEWAY_TIMEOUT, routes=WRITES, count=1, executed=executed)
            house.sandbox.inject(fault)
            payload = {"object_id": invoice["Id"], "send_to": "ada@example.com"}
            action_id = await house.ask(account_id, "invoice.send", payload)
            await anyio.sleep(1000)
            assert await state(house, account_id, action_id) is ActionState.SUCCEEDED
            assert house.effects(account_id, action_id) == 1


async def test_two_reminders_at_once_are_told_apart_when_an_answer_is_lost(
    house: CompanyHouse,
) -> None:
    house.sandbox.behaviour.request_id_ignored = True
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200.1)
        invoice = one(house, account_id, "Invoice")
        house.sandbox.inject(Fault(FaultKind.RESET, WRITES, count=1, skip=1, executed=True))
        asked = [
            await house.ask(
                account_id, "invoice.send", {"object_id": invoice["Id"], "send_to": address}
            )
            for address in ("ada@example.com", "bob@example.com")
        ]
        await anyio.sleep(1000)
    assert [house.effects(account_id, action_id) for action_id in asked] == [1, 1]


async def test_an_object_that_cannot_be_read_leaves_nothing_to_be_looked_for(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        payload = {"object_id": "999999", "send_to": "ada@example.com"}
        action_id = await house.ask(account_id, "invoice.send", payload)
        await anyio.sleep(5)
    action = await house.action(account_id, action_id)
    assert action.state is ActionState.FAILED
    assert [each.outcome for each in action.attempts] == [AttemptOutcome.REFUSED]
