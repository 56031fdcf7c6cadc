"""Users' writes compared with what the vendor has, under virtual time, through the real parts."""

from datetime import timedelta

import anyio
import msgspec
import pytest

from actors import events
from actors.messages import Pause, Resume
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.action_models import ActionState
from store.drift import Drift, DriftFilter
from support.company_house import CompanyHouse

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0


def open_invoice(house: CompanyHouse, account_id: str) -> dict[str, object]:
    bodies = house.truth(account_id)["Invoice"].values()
    invoices: list[dict[str, object]] = [msgspec.json.decode(body) for body in bodies]
    return next(each for each in invoices if float(str(each["Balance"])) > 0)


async def pay(house: CompanyHouse, account_id: str) -> tuple[str, str, str]:
    """Pay an invoice; return the ids of action, payment and invoice."""
    invoice = open_invoice(house, account_id)
    link = {"TxnId": invoice["Id"], "TxnType": "Invoice"}
    wish = {
        "CustomerRef": invoice["CustomerRef"],
        "TotalAmt": 1.25,
        "Line": [{"Amount": 1.25, "LinkedTxn": [link]}],
    }
    action_id = await house.ask(account_id, "payment.create", wish)
    await anyio.sleep(2)
    result = (await house.action(account_id, action_id)).result
    assert result is not None
    return action_id, result.object_id, str(invoice["Id"])


async def drifts(house: CompanyHouse, account_id: str) -> list[Drift]:
    return list(await house.real_store.drifts(DriftFilter(account_id)))


async def test_a_write_that_stays_as_it_was_asked_for_makes_no_drift_and_no_call(
    house: CompanyHouse,
) -> None:
    house.configure(poll_interval_s=2 * HOUR_S)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        await pay(house, account_id)
        calls = len(house.calls())
        await anyio.sleep(8 * DAY_S)
        assert set(house.calls()[calls:]) <= {"cdc", "token_refresh"}
        assert await house.real_store.next_comparison(account_id) is None
    assert house.told(events.DriftFound) == []


async def test_a_payment_that_somebody_takes_off_its_invoice_is_a_drift_of_both_objects(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        action_id, payment_id, invoice_id = await pay(house, account_id)
        realm = house.realms[account_id]
        house.sandbox.update(realm, "Payment", payment_id, {"Line": []})
        await anyio.sleep(20 * MINUTE_S)
        found = {(each.object_type, each.object_id, each.field) for each in told(house)}
        assert found == {
            ("Payment", payment_id, "Line[0].LinkedTxn"),
            ("Invoice", invoice_id, "LinkedTxn"),
        }
        open_drifts = await drifts(house, account_id)
        assert {each.action_id for each in open_drifts} == {action_id}
        assert all(each.changed_since and each.resolved_at is None for each in open_drifts)
        assert await house.real_store.open_drifts() == {"quickbooks": 2}


async def create_customer(house: CompanyHouse, account_id: str) -> str:
    """Have a customer created with a note; return its id at the vendor."""
    wish = {"DisplayName": "Ada Park", "Notes": "asked"}
    action_id = await house.ask(account_id, "customer.create", wish)
    await anyio.sleep(2)
    result = (await house.action(account_id, action_id)).result
    assert result is not None
    return result.object_id


def told(house: CompanyHouse) -> list[events.DriftFound]:
    return house.told(events.DriftFound)


async def test_a_drift_is_told_once_and_is_over_when_the_values_agree_again(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        customer_id = await create_customer(house, account_id)
        realm = house.realms[account_id]
        house.sandbox.update(realm, "Customer", customer_id, {"Notes": "other"})
        await anyio.sleep(2 * HOUR_S)
        (event,) = told(house)
        assert (event.field, event.asked, event.found) == ("Notes", "asked", "other")
        house.sandbox.update(realm, "Customer", customer_id, {"Notes": "asked"})
        await anyio.sleep(3 * HOUR_S)
        (resolved,) = house.told(events.DriftResolved)
        assert resolved.field == "Notes"
        (drift,) = await drifts(house, account_id)
        assert drift.resolved_at is not None


async def test_what_a_later_action_overwrote_is_no_drift(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        customer_id = await create_customer(house, account_id)
        change = {"object_type": "Customer", "object_id": customer_id, "Notes": "newer"}
        second = await house.ask(account_id, "object.update", change)
        await anyio.sleep(2)
        assert (await house.action(account_id, second)).state is ActionState.SUCCEEDED
        await anyio.sleep(DAY_S)
    assert told(house) == []


@pytest.mark.parametrize("action_type", ["object.void", "object.delete"])
async def test_a_payment_whose_invoice_is_ended_through_us_does_not_drift(
    house: CompanyHouse, action_type: str
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, _, invoice_id = await pay(house, account_id)
        about = {"object_type": "Invoice", "object_id": invoice_id}
        ended = await house.ask(account_id, action_type, about)
        await anyio.sleep(2)
        assert (await house.action(account_id, ended)).state is ActionState.SUCCEEDED
        await anyio.sleep(2 * HOUR_S)
    assert told(house) == []


async def test_a_payment_that_is_taken_off_an_invoice_that_we_changed_is_a_drift_all_the_same(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, payment_id, invoice_id = await pay(house, account_id)
        change = {"object_type": "Invoice", "object_id": invoice_id, "PrivateNote": "thanks"}
        changed = await house.ask(account_id, "object.update", change)
        await anyio.sleep(2)
        assert (await house.action(account_id, changed)).state is ActionState.SUCCEEDED
        house.sandbox.update(house.realms[account_id], "Payment", payment_id, {"Line": []})
        await anyio.sleep(2 * HOUR_S)
        assert {each.object_type for each in told(house)} == {"Payment", "Invoice"}


async def test_an_object_that_somebody_deletes_is_a_drift(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, payment_id, _ = await pay(house, account_id)
        house.sandbox.delete(house.realms[account_id], "Payment", payment_id)
        await anyio.sleep(20 * MINUTE_S)
    found = [(each.field, each.found) for each in told(house) if each.object_id == payment_id]
    assert found == [("(object)", "deleted")]


async def test_a_daemon_that_was_down_compares_after_its_start(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, payment_id, _ = await pay(house, account_id)
    house.sandbox.delete(house.realms[account_id], "Payment", payment_id)
    await anyio.sleep(2 * DAY_S)
    async with house.syncing():
        await anyio.sleep(DAY_S + HOUR_S)
    assert [each.object_id for each in told(house)] == [payment_id]


def set_vendor_clock(house: CompanyHouse, *, ahead_h: float) -> None:
    """Have the vendor's calendar differ from ours."""
    house.sandbox.world.clock = lambda: house.clock.utc() + timedelta(hours=ahead_h)


async def test_a_vendor_whose_clock_is_ahead_does_not_make_a_drift_of_an_old_replica(
    house: CompanyHouse,
) -> None:
    set_vendor_clock(house, ahead_h=1)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.HTML_503, frozenset({Route.CDC})))
        await pay(house, account_id)
        await anyio.sleep(20 * MINUTE_S)
        house.sandbox.clear_faults()
        await anyio.sleep(2 * HOUR_S)
    assert told(house) == []


async def test_a_vendor_whose_clock_is_behind_is_compared_with_as_soon_as_any(
    house: CompanyHouse,
) -> None:
    set_vendor_clock(house, ahead_h=-10)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, payment_id, _ = await pay(house, account_id)
        house.sandbox.delete(house.realms[account_id], "Payment", payment_id)
        await anyio.sleep(20 * MINUTE_S)
    assert [each.object_id for each in told(house)] == [payment_id]


async def test_a_type_that_is_not_replicated_is_read_twice_in_all(house: CompanyHouse) -> None:
    house.configure(object_types=("Invoice", "Item"), poll_interval_s=6 * HOUR_S)
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        await house.ask(account_id, "customer.create", {"DisplayName": "Ada Park"})
        await anyio.sleep(10 * DAY_S)
        assert await house.real_store.next_comparison(account_id) is None
    assert house.calls().count("read") == 2


async def test_what_can_never_be_found_to_differ_is_not_compared(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    monkeypatch.setattr(house.vendor.writer, "is_compared", lambda _type: False)
    async with house.syncing():
        await anyio.sleep(200)
        await pay(house, account_id)
        assert await house.real_store.next_comparison(account_id) is None


async def test_a_type_that_is_not_replicated_is_read_once_each_time(house: CompanyHouse) -> None:
    house.configure(object_types=("Invoice", "Item"))
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        customer_id = await create_customer(house, account_id)
        realm = house.realms[account_id]
        house.sandbox.update(realm, "Customer", customer_id, {"Notes": "other"})
        await anyio.sleep(6 * MINUTE_S)
    assert house.calls().count("read") == 1
    assert [each.found for each in told(house)] == ["other"]


@pytest.mark.parametrize("kind", [FaultKind.HTML_503, FaultKind.RESET])
async def test_a_replica_that_is_not_exact_says_nothing(
    house: CompanyHouse, kind: FaultKind
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        _, payment_id, _ = await pay(house, account_id)
        house.sandbox.inject(Fault(kind, frozenset({Route.CDC, Route.READ})))
        house.sandbox.delete(house.realms[account_id], "Payment", payment_id)
        await anyio.sleep(2 * HOUR_S)
        assert told(house) == []
        house.sandbox.clear_faults()
        await anyio.sleep(3 * HOUR_S)
    assert [each.object_id for each in told(house)] == [payment_id]


async def unreplicated(house: CompanyHouse, number: int) -> str:
    """Have so many customers made by a daemon that holds none, and wait until they are to be compared."""
    house.configure(object_types=("Invoice", "Item"))
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        for each in range(number):
            await house.ask(account_id, "customer.create", {"DisplayName": f"Ada {each}"})
        await anyio.sleep(60)
    await anyio.sleep(HOUR_S)
    return account_id


async def test_a_write_does_not_wait_until_others_are_compared(house: CompanyHouse) -> None:
    account_id = await unreplicated(house, 100)
    action_id = await house.ask(account_id, "customer.create", {"DisplayName": "Eve"})
    house.sandbox.inject(Fault(FaultKind.HTML_503, frozenset({Route.WRITE})))
    async with house.syncing():
        await anyio.sleep(2)
        house.sandbox.clear_faults()
        await anyio.sleep(3)
        assert 0 < house.calls().count("read") < 80
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED


async def test_a_paused_account_compares_nothing(house: CompanyHouse) -> None:
    account_id = await unreplicated(house, 30)
    async with house.syncing():
        await anyio.sleep(1)
        house.tell(account_id, Pause())
        await anyio.sleep(HOUR_S)
        assert 0 < house.calls().count("read") < 25
        house.tell(account_id, Resume())
        await anyio.sleep(MINUTE_S)
        assert house.calls().count("read") == 30
