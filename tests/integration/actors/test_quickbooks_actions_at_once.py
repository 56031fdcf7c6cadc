"""Writes that are noted as being sent in the commit that stores them: sooner, and no less certain."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import anyio
import anyio.abc
import msgspec
import pytest
from anyio.lowlevel import checkpoint

from actors import events
from actors.messages import ActionsWaiting, Pause
from actors.vendors.quickbooks import write_request
from actors.vendors.writing import Intent
from daemon.action_watch import ActionWatch
from daemon.sandbox.quickbooks import Fault, FaultKind, Route
from store.action_models import (
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
    TakenIn,
)
from store.errors import StoreUnavailableError
from store.models import StoredObject
from support.actor_house import full, no_trouble
from support.company_house import CompanyHouse

SENT = (AttemptCall.SEND, AttemptOutcome.DONE)


def payment(house: CompanyHouse, account_id: str, amount: float = 1.25) -> dict[str, object]:
    customer = min(house.truth(account_id)["Customer"], key=int)
    return {"CustomerRef": {"value": customer}, "TotalAmt": amount}


async def calls(house: CompanyHouse, account_id: str, action_id: str) -> list[object]:
    action = await house.action(account_id, action_id)
    return [(each.call, each.outcome) for each in action.attempts]


async def test_with_nothing_before_it_there_is_no_commit_between_storing_and_sending(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        wish = payment(house, account_id)
        action_id = await house.ask(account_id, "payment.create", wish, at_once=True)
        await anyio.sleep(1)
    assert await calls(house, account_id, action_id) == [SENT]
    assert "begin_attempt" not in house.store.log
    assert house.effects(account_id, action_id) == 1


async def test_two_at_the_same_moment_are_both_made_once(house: CompanyHouse) -> None:
    account_id = await house.connect()
    ids: list[str] = []
    async with house.syncing():
        await anyio.sleep(200)
        for amount in (1.25, 2.5, 3.75):
            wish = payment(house, account_id, amount)
            ids.append(await house.ask(account_id, "payment.create", wish, at_once=True))
        await anyio.sleep(2)
    assert [await calls(house, account_id, each) for each in ids] == [[SENT]] * 3
    assert [house.effects(account_id, each) for each in ids] == [1, 1, 1]


async def test_the_call_is_prepared_while_the_write_is_stored_and_made_only_then(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    prepared: list[bytes] = []
    request_of = write_request.request_of

    def noted(intent: Intent) -> write_request.WriteRequest:
        prepared.append(intent.payload)
        return request_of(intent)

    monkeypatch.setattr(write_request, "request_of", noted)
    async with house.syncing():
        await anyio.sleep(200)
        house.store.latency_s = 3.0
        async with anyio.create_task_group() as tasks:
            wish = payment(house, account_id)
            tasks.start_soon(partial(house.ask, account_id, "payment.create", wish, at_once=True))
            await anyio.sleep(2.9)
            assert len(prepared) == 1
            assert house.sandbox.applied_writes(house.realms[account_id]) == []
            await anyio.sleep(0.5)
            assert len(house.sandbox.applied_writes(house.realms[account_id])) == 1


async def test_what_the_store_does_not_take_is_not_sent(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        wish = payment(house, account_id)
        first = await house.ask(account_id, "payment.create", wish, key="k", at_once=True)
        await anyio.sleep(5)
        again = await house.ask(account_id, "payment.create", wish, key="k", at_once=True)
        assert again == first
        await anyio.sleep(5)
        house.store.trouble = full
        with pytest.raises(StoreUnavailableError):
            await house.ask(account_id, "payment.create", wish, key="other", at_once=True)
        house.store.trouble = no_trouble
        await anyio.sleep(600)
        assert len(house.sandbox.applied_writes(house.realms[account_id])) == 1


async def test_whoever_comes_after_a_crash_before_the_sending_looks_first(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    take_in = house.store.take_in
    async with anyio.create_task_group() as tasks:

        async def die(
            epoch: int, new: NewAction, attempt: Attempt, searched_from: datetime | None
        ) -> TakenIn:
            taken = await take_in(epoch, new, attempt, searched_from)
            assert taken.begun
            tasks.cancel_scope.cancel()
            await anyio.sleep(1)
            return taken

        async with house.syncing():
            await anyio.sleep(200)
            monkeypatch.setattr(house.store, "take_in", die)
            actor = house.supervisor.actor(account_id) if house.supervisor else None
            assert actor is not None
            new = wish_of(house, account_id)
            await actor.take_in(new)
    monkeypatch.undo()
    assert house.effects(account_id, new.id) == 0
    async with house.syncing():
        await anyio.sleep(250)
        action = await house.action(account_id, new.id)
        assert {each.call for each in action.attempts[1:]} == {AttemptCall.READ_BACK}
        await anyio.sleep(900)
    assert (await house.action(account_id, new.id)).state is ActionState.SUCCEEDED
    assert house.effects(account_id, new.id) == 1


async def test_what_is_noted_is_sent_though_the_account_is_paused_meanwhile(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        action_id = await house.ask(
            account_id, "payment.create", payment(house, account_id), at_once=True
        )
        await house.real_store.set_paused(account_id, paused=True)
        house.tell(account_id, Pause())
        await anyio.sleep(1)
        assert await calls(house, account_id, action_id) == [SENT]


async def test_a_paused_account_notes_nothing_as_being_sent(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        house.tell(account_id, Pause())
        await anyio.sleep(1)
        action_id = await house.ask(
            account_id, "payment.create", payment(house, account_id), at_once=True
        )
        house.tell(account_id, ActionsWaiting())
        await anyio.sleep(5)
        assert await calls(house, account_id, action_id) == []
        assert (await house.action(account_id, action_id)).state is ActionState.PENDING


def wish_of(house: CompanyHouse, account_id: str) -> NewAction:
    customer = min(house.truth(account_id)["Customer"], key=int)
    return NewAction(
        id="00000000-0000-0000-0000-000000000777",
        account_id=account_id,
        action_type="payment.create",
        payload=f'{{"CustomerRef":{{"value":"{customer}"}},"TotalAmt":7.5}}'.encode(),
        fingerprint="seven",
        idempotency_key=None,
        at=house.clock.utc(),
    )


async def test_a_write_is_sent_however_many_older_ones_have_to_wait(house: CompanyHouse) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        epoch = (await house.account(account_id)).epoch
        not_sent = Attempt(
            AttemptCall.SEND, house.clock.utc(), AttemptOutcome.NOT_SENT, house.clock.utc()
        )
        for number in range(2001):
            new = replace(wish_of(house, account_id), id=f"-{number}", idempotency_key=f"{number}")
            await house.real_store.accept_action(new)
            end = AttemptEnd(not_sent, ActionState.PENDING)
            await house.real_store.end_attempt(account_id, epoch, new.id, end)
        wish = payment(house, account_id)
        action_id = await house.ask(account_id, "payment.create", wish, at_once=True)
        await anyio.sleep(1)
        assert (await house.action(account_id, action_id)).state is ActionState.SUCCEEDED
        assert len(house.sandbox.applied_writes(house.realms[account_id])) == 1


async def test_what_is_known_of_an_object_is_known_after_the_write_before(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice_id = min(house.truth(account_id)["Invoice"], key=int)
        wish = {"object_id": invoice_id, "send_to": "ada@example.com"}
        read = house.store.object

        async def slowly(account_id: str, object_type: str, object_id: str) -> StoredObject | None:
            found = await read(account_id, object_type, object_id)
            await anyio.sleep(5)
            return found

        monkeypatch.setattr(house.store, "object", slowly)
        ids: list[str] = []

        async def second() -> None:
            ids.append(await house.ask(account_id, "invoice.send", wish, at_once=True))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(second)
            await anyio.sleep(0.1)
            monkeypatch.setattr(house.store, "object", read)
            actor = house.supervisor.actor(account_id) if house.supervisor else None
            assert actor is not None
            first = await actor.take_in(
                replace(
                    wish_of(house, account_id),
                    action_type="invoice.send",
                    payload=msgspec.json.encode(wish),
                )
            )
            assert first is not None
            house.tell(account_id, ActionsWaiting())
            await anyio.sleep(3)
            assert house.sandbox.statistics().calls_to(Route.SEND) == 1
            house.sandbox.inject(Fault(FaultKind.RESET, frozenset({Route.SEND}), count=1))
        await anyio.sleep(5)
        assert (await house.action(account_id, ids[0])).state is ActionState.UNKNOWN


async def test_nothing_passes_an_earlier_write_of_its_object_however_soon_it_is_stored(
    house: CompanyHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that prepares the call may begin before, with or after the end of the commit."""
    account_id = await house.connect()
    take_in = house.store.take_in
    async with house.syncing():
        await anyio.sleep(200)
        for turns, invoice_id in enumerate(sorted(house.truth(account_id)["Invoice"], key=int)[:8]):

            async def later(
                epoch: int,
                new: NewAction,
                attempt: Attempt,
                searched_from: datetime | None,
                turns: int = turns,
            ) -> TakenIn:
                taken = await take_in(epoch, new, attempt, searched_from)
                for _ in range(turns):
                    await checkpoint()
                return taken

            monkeypatch.setattr(house.store, "take_in", later)
            wish = {"object_id": invoice_id, "send_to": "ada@example.com"}
            lost = Fault(FaultKind.RESET, frozenset({Route.SEND}), count=1, executed=False)
            house.sandbox.inject(lost)
            first = await house.ask(account_id, "invoice.send", wish, at_once=True)
            await anyio.sleep(40)
            assert (await house.action(account_id, first)).state is ActionState.UNKNOWN
            second = await house.ask(account_id, "invoice.send", wish, at_once=True)
            await anyio.sleep(3)
            assert await calls(house, account_id, second) == []
            await anyio.sleep(1200)
            assert (await house.action(account_id, second)).state is ActionState.SUCCEEDED
            assert house.effects(account_id, first) == 1
            assert house.effects(account_id, second) == 1


async def test_nothing_passes_an_earlier_write_of_its_object_that_went_on_without_us(
    house: CompanyHouse,
) -> None:
    """A store that lost its connection may have kept what it could not confirm."""
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        invoice_id = min(house.truth(account_id)["Invoice"], key=int)
        about = {"object_type": "Invoice", "object_id": invoice_id}
        lost = Fault(FaultKind.RESET, frozenset({Route.WRITE}), count=2, executed=False)
        house.sandbox.inject(lost)
        first = await house.ask(account_id, "object.update", {**about, "PrivateNote": "a"})
        await anyio.sleep(0.5)
        second = await house.ask(account_id, "object.update", {**about, "PrivateNote": "b"})
        unconfirmed = ["end_attempt"]

        def lose(operation: str) -> None:
            if operation in unconfirmed:
                unconfirmed.remove(operation)
                raise StoreUnavailableError("the connection was lost")

        house.store.trouble_after = lose
        for _ in range(6000):
            await anyio.sleep(0.1)
            if await calls(house, account_id, second):
                break
        assert unconfirmed == []
        assert (await house.action(account_id, first)).state is ActionState.SUCCEEDED
        await anyio.sleep(1200)
        assert house.effects(account_id, first) == house.effects(account_id, second) == 1


async def test_a_second_write_of_an_object_does_not_wait_for_another_objects(
    house: CompanyHouse,
) -> None:
    account_id = await house.connect()
    async with house.syncing():
        await anyio.sleep(200)
        hanging, other = sorted(house.truth(account_id)["Invoice"], key=int)[:2]
        hang = Fault(FaultKind.HANG, frozenset({Route.WRITE}), count=1, delay_s=25.0)
        house.sandbox.inject(hang)
        for invoice_id in (hanging, other):
            about = {"object_type": "Invoice", "object_id": invoice_id, "PrivateNote": "a"}
            new = replace(
                wish_of(house, account_id),
                id=f"of invoice {invoice_id}",
                action_type="object.update",
                payload=msgspec.json.encode(about),
                fingerprint=invoice_id,
            )
            await house.real_store.accept_action(new)
        house.tell(account_id, ActionsWaiting())
        await anyio.sleep(0.01)
        about = {"object_type": "Invoice", "object_id": other, "PrivateNote": "b"}
        second = await house.ask(account_id, "object.update", about)
        await anyio.sleep(5)
        assert (await house.action(account_id, second)).state is ActionState.SUCCEEDED
        assert house.sandbox.truth(house.realms[account_id])["Invoice"][other].count(b'"b"') == 1


async def test_who_waits_for_a_write_goes_on_before_anything_is_written_about_it(
    house: CompanyHouse,
) -> None:
    """Lines and counts take longer than the answer does."""
    account_id = await house.connect()
    watch = ActionWatch()
    house.listeners.append(watch.listen)
    written: list[int] = []

    async def wait_for_it(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        with watch.waiting("00000000-0000-0000-0000-000000000001") as happening:
            task_status.started()
            await happening.wait()
        assert happening.ended is not None
        assert happening.ended.state is ActionState.SUCCEEDED
        written.append(len(house.told(events.ActionAttempted)))

    async with house.syncing(), anyio.create_task_group() as tasks:
        await anyio.sleep(200)
        await tasks.start(wait_for_it)
        await house.ask(account_id, "payment.create", payment(house, account_id), at_once=True)
        await anyio.sleep(1)
    assert written == [0]
    assert len(house.told(events.ActionAttempted)) == 1
    assert len(house.told(events.ActionEnded)) == 1
