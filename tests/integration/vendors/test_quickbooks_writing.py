"""Writes at the sandbox: made once, named rightly when they fail, and found again afterwards."""

from datetime import timedelta

import anyio
import msgspec
import pytest

from actors.errors import (
    RejectedError,
    StaleVersionError,
    ThrottledError,
    UnknownOutcomeError,
)
from actors.vendors.quickbooks.write_request import target_of
from actors.vendors.writing import Intent, NotFound, Target, Unclear, Written
from daemon.sandbox.quickbooks import Behaviour, Fault, FaultKind, QuickBooksSandbox, Route
from daemon.sandbox.quickbooks.company import Subscription
from support.quickbooks_replica import ConnectedCompany, connect
from support.virtual_time import EPOCH, VirtualClock

ACTION = "3e0c2b0e-95b7-4f0e-9b50-61b8f3a1d7c2"
BEFORE = EPOCH - timedelta(minutes=1)
WRITES = frozenset({Route.WRITE, Route.SEND})


async def company(**behaviour: object) -> ConnectedCompany:
    sandbox = QuickBooksSandbox(
        VirtualClock().utc,
        1,
        limits=None,
        behaviour=Behaviour(**behaviour),  # type: ignore[arg-type]
    )
    realm = sandbox.add_company()
    connected = await connect(sandbox, realm)
    await anyio.sleep(60)
    return connected


def body(fields: object) -> bytes:
    return msgspec.json.encode(fields)


def some(connected: ConnectedCompany, object_type: str) -> str:
    return next(iter(connected.truth()[object_type]))


def payment(connected: ConnectedCompany, action_id: str = ACTION) -> Intent:
    customer = some(connected, "Customer")
    fields = {"CustomerRef": {"value": customer}, "TotalAmt": 25.5}
    return Intent(action_id, "payment.create", body(fields), 0, None)


def about(
    connected: ConnectedCompany, action_type: str, object_type: str, **fields: object
) -> Intent:
    object_id = some(connected, object_type)
    address = {} if action_type == "invoice.send" else {"object_type": object_type}
    payload = body({**address, "object_id": object_id, **fields})
    record = connected.truth()[object_type][object_id]
    base = connected.vendor.writer.base(action_type, payload, record)
    return Intent(ACTION, action_type, payload, 0, base)


def lose_one(connected: ConnectedCompany, *, executed: bool) -> None:
    kind = FaultKind.RESET
    connected.sandbox.inject(Fault(kind, routes=WRITES, count=1, executed=executed))


async def test_a_payment_is_made_and_its_answer_is_the_object() -> None:
    connected = await company()
    intent = payment(connected)
    written = await connected.vendor.writer.write(connected.session, intent)
    assert written.record is not None
    truth = connected.truth()["Payment"][written.record.object_id]
    assert written.record.payload == truth
    assert connected.vendor.writer.is_ours(ACTION, truth)
    assert written.trace_id is not None
    assert written.status == 200


async def test_a_repeat_is_answered_without_a_second_payment() -> None:
    connected = await company()
    intent = payment(connected)
    for _ in range(2):
        await connected.vendor.writer.write(connected.session, intent)
    assert len(connected.sandbox.applied_writes()) == 1


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.RESET,
        FaultKind.RESET_IN_BODY,
        FaultKind.HTML_503,
        FaultKind.EMPTY_502,
        FaultKind.GATEWAY_TIMEOUT,
        FaultKind.SYSTEM_10000,
        FaultKind.SPURIOUS_500,
        FaultKind.TRUNCATED,
        FaultKind.BACK_SOON,
        FaultKind.HANG,
        FaultKind.LOWERCASE_FAULT,
        FaultKind.FAULT_IN_200,
    ],
)
async def test_what_may_have_happened_is_called_unknown(kind: FaultKind) -> None:
    connected = await company()
    connected.sandbox.inject(Fault(kind, routes=WRITES, executed=True))
    with pytest.raises(UnknownOutcomeError):
        await connected.vendor.writer.write(connected.session, payment(connected))
    assert len(connected.sandbox.applied_writes()) == 1


async def test_a_throttled_write_did_not_happen() -> None:
    connected = await company()
    connected.sandbox.inject(Fault(FaultKind.THROTTLE_XML, routes=WRITES))
    with pytest.raises(ThrottledError):
        await connected.vendor.writer.write(connected.session, payment(connected))


async def test_a_lapsed_subscription_refuses_in_the_vendors_words() -> None:
    connected = await company()
    connected.sandbox.set_subscription(connected.realm, Subscription.EXPIRED)
    with pytest.raises(RejectedError, match="Subscription period has ended") as caught:
        await connected.vendor.writer.write(connected.session, payment(connected))
    assert caught.value.code == "6190"


async def test_a_payment_whose_answer_was_lost_is_found_by_its_mark() -> None:
    connected = await company()
    intent = payment(connected)
    lose_one(connected, executed=True)
    with pytest.raises(UnknownOutcomeError):
        await connected.vendor.writer.write(connected.session, intent)
    found = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(found, Written)
    assert found.record is not None
    assert connected.vendor.writer.is_ours(ACTION, found.record.payload)


async def test_among_thousands_of_new_payments_the_right_one_is_found() -> None:
    connected = await company()
    connected.sandbox.bulk(connected.realm, "Payment", 1500)
    await connected.vendor.writer.write(connected.session, payment(connected))
    connected.sandbox.bulk(connected.realm, "Payment", 900)
    found = await connected.vendor.writer.read_back(connected.session, payment(connected), BEFORE)
    assert isinstance(found, Written)


async def test_a_payment_that_never_arrived_is_not_found_and_no_proof_is_claimed() -> None:
    connected = await company()
    found = await connected.vendor.writer.read_back(connected.session, payment(connected), BEFORE)
    assert isinstance(found, NotFound)
    assert not found.proof
    assert not found.repeatable


async def test_a_payment_deleted_meanwhile_is_named_among_the_deleted() -> None:
    connected = await company()
    intent = payment(connected)
    written = await connected.vendor.writer.write(connected.session, intent)
    connected.sandbox.delete(connected.realm, "Payment", str(written.target.object_id))
    found = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(found, NotFound)
    assert found.deleted_ids == (written.target.object_id,)


async def test_the_same_payment_entered_by_hand_is_for_a_person_to_judge() -> None:
    connected = await company()
    intent = payment(connected)
    connected.sandbox.create(connected.realm, "Payment", msgspec.json.decode(intent.payload))
    found = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(found, Unclear)


async def test_a_customer_whose_answer_was_lost_is_found_by_its_name() -> None:
    connected = await company()
    intent = Intent(ACTION, "customer.create", body({"DisplayName": "Ada O'Park"}), 0, None)
    absent = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(absent, NotFound)
    assert absent.repeatable
    written = await connected.vendor.writer.write(connected.session, intent)
    found = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(found, Written)
    assert found.record == written.record


async def test_a_customer_of_the_same_name_that_is_otherwise_may_be_somebody_elses() -> None:
    connected = await company()
    wish = {"DisplayName": "Ada O'Park", "Notes": "asked for"}
    intent = Intent(ACTION, "customer.create", body(wish), 0, None)
    connected.sandbox.create(connected.realm, "Customer", wish | {"Notes": "by hand"})
    found = await connected.vendor.writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(found, Unclear)
    assert "Notes" in found.reason


async def test_a_stale_version_is_named() -> None:
    connected = await company()
    intent = about(connected, "object.update", "Invoice", DueDate="2027-01-01")
    target = connected.vendor.writer.target(intent.action_type, intent.payload)
    connected.sandbox.update(
        connected.realm, "Invoice", str(target.object_id), {"PrivateNote": "meanwhile"}
    )
    with pytest.raises(StaleVersionError):
        await connected.vendor.writer.write(connected.session, intent)


@pytest.mark.parametrize(
    ("action_type", "object_type", "fields"),
    [
        ("object.update", "Invoice", {"DueDate": "2027-01-01"}),
        ("object.update", "Bill", {"DueDate": "2027-01-01"}),
        ("object.update", "Customer", {"Notes": "calls on Mondays"}),
        ("object.void", "Invoice", {}),
        ("object.void", "Payment", {}),
        ("object.delete", "Invoice", {}),
        ("invoice.send", "Invoice", {"send_to": "ada@example.com"}),
    ],
)
async def test_a_change_whose_answer_was_lost_is_told_from_one_that_never_arrived(
    action_type: str, object_type: str, fields: dict[str, object]
) -> None:
    connected = await company(request_id_ignored=True)
    writer = connected.vendor.writer
    intent = about(connected, action_type, object_type, **fields)
    lose_one(connected, executed=False)
    with pytest.raises(UnknownOutcomeError):
        await writer.write(connected.session, intent)
    absent = await writer.read_back(connected.session, intent, BEFORE)
    assert isinstance(absent, NotFound)
    assert absent.repeatable == (action_type != "invoice.send")
    lose_one(connected, executed=True)
    with pytest.raises(UnknownOutcomeError):
        await writer.write(connected.session, intent)
    assert isinstance(await writer.read_back(connected.session, intent, BEFORE), Written)
    if absent.repeatable:
        with pytest.raises(RejectedError):
            await writer.write(connected.session, intent)
    assert len(connected.sandbox.applied_writes()) == 1


def test_a_target_is_read_from_the_payload() -> None:
    payload = body({"object_type": "Bill", "object_id": "7"})
    assert target_of("object.delete", payload) == Target("Bill", "7")
