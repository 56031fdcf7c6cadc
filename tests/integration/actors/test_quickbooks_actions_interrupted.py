"""Users' writes when the account is paused, disconnected or asked again in the middle of them."""

import anyio

from actors import events
from actors.messages import Pause, Resume
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.action_models import ActionState
from support.company_house import CompanyHouse

WRITES = frozenset({Route.WRITE, Route.SEND})


def payment(house: CompanyHouse, account_id: str) -> dict[str, object]:
    customer = min(house.truth(account_id)["Customer"], key=int)
    return {"CustomerRef": {"value": customer}, "TotalAmt": 1.25}


async def test_a_write_that_waited_when_the_account_was_paused_goes_on_with_it(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.THROTTLE_XML, routes=WRITES, count=1))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(1)
        house.tell(account_id, Pause())
        await anyio.sleep(600)
        assert (await house.action(account_id, action_id)).state is ActionState.PENDING
        house.tell(account_id, Resume())
        await anyio.sleep(5)
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1


async def test_a_write_whose_answer_was_lost_before_a_pause_is_looked_for_after_it(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.HANG, routes=WRITES, count=1, delay_s=30.0))
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(1)
        house.tell(account_id, Pause())
        await anyio.sleep(600)
        house.tell(account_id, Resume())
        await anyio.sleep(900)
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1


async def test_disconnecting_leaves_no_write_waiting(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing() as supervisor:
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.RESET, routes=WRITES, count=1))
        lost = await house.ask(account_id, "payment.create", payment(house, account_id))
        await anyio.sleep(5)
        house.tell(account_id, Pause())
        await anyio.sleep(5)
        waiting = await house.ask(account_id, "payment.create", payment(house, account_id))
        await supervisor.stop_account(account_id)
        await house.real_store.disconnect(account_id, purge=False, at=house.clock.utc())
        unsent = await house.action(account_id, waiting)
        assert (unsent.state, unsent.last_error) == (
            ActionState.FAILED,
            "the account was disconnected before it was sent",
        )
        unsure = await house.action(account_id, lost)
        assert (unsure.state, unsure.parked) == (ActionState.UNKNOWN, True)
        assert unsure.last_error is not None
        assert "disconnected" in unsure.last_error

        await house.connect_again(account_id, house.realms[account_id])
        await supervisor.start_account(account_id)
        await anyio.sleep(1000)
        assert house.effects(account_id, waiting) == 0, "a payment behind its user's back"
        revived = await house.real_store.revive_action(account_id, lost, house.clock.utc())
        assert revived is not None
        await supervisor.start_account(account_id)
        await anyio.sleep(1000)
        assert (await house.action(account_id, lost)).state is ActionState.SUCCEEDED
    assert house.effects(account_id, lost) == 1


async def test_writes_whose_turn_came_too_late_do_not_count_as_failures_of_the_vendor(
    house: CompanyHouse,
) -> None:
    """Who is asked to wait for a minute lets those wait longer that were noted already."""
    account_id = await house.connect()
    house.limit(per_minute=500, per_second=2, in_flight=10)
    async with house.syncing():
        await anyio.sleep(200)
        house.sandbox.inject(Fault(FaultKind.THROTTLE_XML, frozenset({Route.SEND}), count=1))
        ids: list[str] = []
        for invoice_id in sorted(house.truth(account_id)["Invoice"], key=int)[:10]:
            wish = {"object_id": invoice_id, "send_to": "ada@example.com"}
            ids.append(await house.ask(account_id, "invoice.send", wish))
            await anyio.sleep(0.01)
        await anyio.sleep(300)
        states = [(await house.action(account_id, each)).state for each in ids]
    assert house.told(events.BreakerChanged) == []
    assert set(states) == {ActionState.SUCCEEDED}


async def test_a_write_taken_in_just_before_its_actor_begins_is_sent_when_it_does(
    house: CompanyHouse,
) -> None:
    """The actor was told of what was open when it was claimed, and could not be told of this one."""
    account_id = await house.connect()
    async with house.syncing() as supervisor, anyio.create_task_group() as tasks:
        await anyio.sleep(200)
        await supervisor.stop_account(account_id)
        house.store.late_s = 1.0
        tasks.start_soon(supervisor.start_account, account_id)
        await anyio.sleep(0.5)
        action_id = await house.ask(account_id, "payment.create", payment(house, account_id))
        house.store.late_s = 0.0
        await anyio.sleep(10)
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED
    assert house.effects(account_id, action_id) == 1
