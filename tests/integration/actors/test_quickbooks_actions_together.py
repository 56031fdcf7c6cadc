"""Users' writes that wait together share a call, and each still happens once and ends for itself."""

import anyio
import msgspec
import pytest

from actors import events
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from daemon.sandbox.quickbooks.company import Subscription
from store.action_models import Action, ActionState, AttemptOutcome
from support.company_house import CompanyHouse

WRITES = frozenset({Route.WRITE})
SUCCEEDED = ActionState.SUCCEEDED


def some(house: CompanyHouse, account_id: str, object_type: str) -> dict[str, object]:
    body = next(iter(house.truth(account_id)[object_type].values()))
    found: dict[str, object] = msgspec.json.decode(body)
    return found


async def ask_for_payments(house: CompanyHouse, account_id: str, number: int) -> list[str]:
    """Have so many payments wait together."""
    customer = some(house, account_id, "Customer")["Id"]
    return [
        await house.ask(
            account_id, "payment.create", {"CustomerRef": {"value": customer}, "TotalAmt": n + 1}
        )
        for n in range(number)
    ]


async def actions(house: CompanyHouse, account_id: str, ids: list[str]) -> list[Action]:
    return [await house.action(account_id, each) for each in ids]


def effects(house: CompanyHouse, account_id: str, ids: list[str]) -> list[int]:
    return [house.effects(account_id, each) for each in ids]


def calls(house: CompanyHouse) -> tuple[int, int]:
    """Return how many single writes and how many batches there were."""
    statistics = house.sandbox.statistics()
    return statistics.calls_to(Route.WRITE), statistics.calls_to(Route.BATCH)


async def test_what_waits_together_shares_calls_and_each_is_made_once(house: CompanyHouse) -> None:
    house.sandbox.behaviour.batch_unordered = True
    house.sandbox.behaviour.request_id_ignored = True
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        ids = await ask_for_payments(house, account_id, 40)
        await anyio.sleep(20)
        found = await actions(house, account_id, ids)
        assert {each.state for each in found} == {SUCCEEDED}
        assert effects(house, account_id, ids) == [1] * 40
        singles, batches = calls(house)
        assert batches >= 4
        assert singles + batches <= 16
        for action in found:
            assert action.result is not None
            document = msgspec.json.decode(action.result.payload or b"")
            assert document["TotalAmt"] == msgspec.json.decode(action.payload)["TotalAmt"]
            assert [each.outcome for each in action.attempts] == [AttemptOutcome.DONE]
            assert action.attempts[0].trace_id is not None
        assert len(house.told(events.ActionEnded)) == 40
        await anyio.sleep(600)
        assert await house.is_exact(account_id)


async def test_a_few_go_each_by_itself(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        ids = await ask_for_payments(house, account_id, 4)
        await anyio.sleep(5)
        assert effects(house, account_id, ids) == [1] * 4
        assert calls(house) == (4, 0)


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.HTML_503, FaultKind.TRUNCATED])
async def test_a_batch_whose_answer_is_lost_is_looked_for_write_by_write(
    house: CompanyHouse, kind: FaultKind, executed: bool
) -> None:
    house.sandbox.behaviour.request_id_ignored = True
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        ids = await ask_for_payments(house, account_id, 12)
        batched = Fault(kind, frozenset({Route.BATCH}), executed=executed)
        house.sandbox.inject(batched)
        await anyio.sleep(3)
        assert calls(house)[1] > 0
        await anyio.sleep(2000)
        found = await actions(house, account_id, ids)
        assert {each.state for each in found} == {SUCCEEDED}
        assert effects(house, account_id, ids) == [1] * 12
        assert await house.is_exact(account_id)
        # What was in a batch once is never in one again.
        assert calls(house)[1] <= 4


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ITEM_FAULT),
        Fault(FaultKind.ITEM_FAULT, executed=True),
        Fault(FaultKind.ITEM_MISSING),
        Fault(FaultKind.ITEM_THROTTLED),
    ],
)
async def test_one_write_of_a_batch_that_goes_wrong_does_not_touch_the_others(
    house: CompanyHouse, fault: Fault
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(fault)
        ids = await ask_for_payments(house, account_id, 12)
        await anyio.sleep(5)
        states = [each.state for each in await actions(house, account_id, ids)]
        assert states.count(SUCCEEDED) >= 8
        assert set(states) - {SUCCEEDED} <= {ActionState.UNKNOWN, ActionState.PENDING}
        house.sandbox.clear_faults()
        await anyio.sleep(2000)
        found = await actions(house, account_id, ids)
        assert {each.state for each in found} == {SUCCEEDED}
        assert effects(house, account_id, ids) == [1] * 12


async def test_each_refusal_is_its_own_actions_and_final(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.set_subscription(house.realms[account_id], Subscription.EXPIRED)
        ids = await ask_for_payments(house, account_id, 12)
        await anyio.sleep(5)
        found = await actions(house, account_id, ids)
    assert {each.state for each in found} == {ActionState.FAILED}
    assert {each.attempts[0].code for each in found} == {"6190"}
    assert all(len(each.attempts) == 1 for each in found)


async def test_payments_of_one_invoice_and_customers_of_one_name_share_no_call(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice = some(house, account_id, "Invoice")
        link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
        for _ in range(8):
            line = {"Amount": 0.01, "LinkedTxn": [link]}
            payload = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": 0.01, "Line": [line]}
            await house.ask(account_id, "payment.create", payload)
            await house.ask(account_id, "customer.create", {"DisplayName": "The Same"})
        before = calls(house)
        await anyio.sleep(30)
        singles, batches = (now - then for now, then in zip(calls(house), before, strict=True))
        writes = house.sandbox.applied_writes(house.realms[account_id])
    assert len(writes) == 9
    # One payment and one customer at most go together.
    assert singles + batches >= 8


async def test_what_changes_an_object_goes_by_itself(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        for number, object_id in enumerate(list(house.truth(account_id)["Invoice"])[:12]):
            about = {"object_type": "Invoice", "object_id": object_id}
            await house.ask(account_id, "object.update", {**about, "PrivateNote": f"note {number}"})
        await anyio.sleep(20)
        assert calls(house) == (12, 0)


async def test_a_limit_of_batches_that_is_used_up_leaves_single_calls(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        for _ in range(4):
            ids = await ask_for_payments(house, account_id, 40)
            await anyio.sleep(10)
            assert effects(house, account_id, ids) == [1] * 40
    violations = house.sandbox.statistics().violations
    assert not any(limit.startswith("batches") for _, limit in violations)


async def test_writes_of_several_runs_wait_quietly_while_the_vendor_is_to_be_left_alone(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.THROTTLE_XML, WRITES, count=3))
        looked = house.store.log.count("open_actions")
        ids = []
        # Each of these begins a run, and some take what others put into the queue.
        for _ in range(24):
            ids += await ask_for_payments(house, account_id, 2)
            await anyio.sleep(0.011)
        await anyio.sleep(400)
        assert effects(house, account_id, ids) == [1] * 48
        assert house.store.log.count("open_actions") - looked < 500
