"""A write that is stored and noted as being sent in one piece: both, or as if it were only stored."""

from dataclasses import replace

import pytest

from store.action_models import (
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
)
from store.errors import ActionConflictError, UnknownAccountError
from store.ports import Store
from support.store_fixtures import Owned, at

ATTEMPT = Attempt(AttemptCall.SEND, at(1), AttemptOutcome.OPEN, base="b")


def new(company: Owned, action_id: str = "one", *, key: str | None = None) -> NewAction:
    return NewAction(
        id=action_id,
        account_id=company.account_id,
        action_type="payment.create",
        payload=b'{"TotalAmt":25.10}',
        fingerprint=action_id,
        idempotency_key=key,
        at=at(0),
    )


async def test_it_is_stored_and_noted_as_being_sent(store: Store, company: Owned) -> None:
    taken = await store.take_in(company.epoch, new(company), ATTEMPT, at(-60))
    assert (taken.is_new, taken.begun) == (True, True)
    assert (taken.action.state, taken.action.attempts) == (ActionState.SENDING, ())
    stored = await store.action(company.account_id, "one")
    assert stored == replace(taken.action, attempts=(ATTEMPT,))
    assert stored.searched_from == at(-60)


async def test_behind_an_open_one_it_is_only_stored(store: Store, company: Owned) -> None:
    await store.accept_action(new(company, "earlier"))
    taken = await store.take_in(company.epoch, new(company), ATTEMPT, at(-60))
    assert (taken.is_new, taken.begun) == (True, False)
    stored = await store.action(company.account_id, "one")
    assert stored == taken.action
    assert (stored.state, stored.attempts) == (ActionState.PENDING, ())


async def test_behind_one_that_ended_it_is_begun(store: Store, company: Owned) -> None:
    await store.take_in(company.epoch, new(company, "earlier"), ATTEMPT, at(-60))
    done = replace(ATTEMPT, outcome=AttemptOutcome.DONE, ended_at=at(2))
    end = AttemptEnd(done, ActionState.SUCCEEDED)
    await store.end_attempt(company.account_id, company.epoch, "earlier", end)
    assert (await store.take_in(company.epoch, new(company), ATTEMPT, at(-60))).begun


async def test_an_earlier_owner_only_stores_it(store: Store, company: Owned) -> None:
    await store.claim(company.account_id)
    taken = await store.take_in(company.epoch, new(company), ATTEMPT, at(-60))
    assert (taken.is_new, taken.begun) == (True, False)
    stored = await store.action(company.account_id, "one")
    assert stored is not None
    assert stored.attempts == ()


async def test_a_repeat_gives_the_same_and_begins_nothing(store: Store, company: Owned) -> None:
    await store.take_in(company.epoch, new(company, key="k"), ATTEMPT, at(-60))
    again = replace(new(company, "two", key="k"), fingerprint="one")
    taken = await store.take_in(company.epoch, again, ATTEMPT, at(-60))
    assert (taken.is_new, taken.begun, taken.action.id) == (False, False, "one")
    assert len(taken.action.attempts) == 1
    assert await store.action(company.account_id, "two") is None


async def test_what_is_in_its_way_keeps_it_out(store: Store, company: Owned) -> None:
    await store.take_in(company.epoch, new(company, key="k"), ATTEMPT, at(-60))
    with pytest.raises(ActionConflictError):
        await store.take_in(company.epoch, new(company, "two", key="k"), ATTEMPT, at(-60))
    same = replace(new(company, "three"), fingerprint="one")
    with pytest.raises(ActionConflictError):
        await store.take_in(company.epoch, same, ATTEMPT, at(-60))
    nobody = replace(new(company, "four"), account_id="nobody")
    with pytest.raises(UnknownAccountError):
        await store.take_in(company.epoch, nobody, ATTEMPT, at(-60))


async def test_an_account_that_was_just_disconnected_takes_nothing_new(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company, key="k"))
    await store.disconnect(company.account_id, purge=False, at=at(1))
    with pytest.raises(UnknownAccountError):
        await store.accept_action(new(company, "two"))
    known, is_new = await store.accept_action(replace(new(company, "one", key="k")))
    assert (known.state, is_new) == (ActionState.FAILED, False)


async def test_a_sending_decided_on_an_old_view_of_the_ledger_is_not_begun(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company))
    owner = (company.account_id, company.epoch, "one")
    assert await store.begin_attempt(*owner, ATTEMPT, at(-60), known_attempts=0)
    lost = replace(ATTEMPT, outcome=AttemptOutcome.UNKNOWN, ended_at=at(2))
    await store.end_attempt(*owner, AttemptEnd(lost, ActionState.UNKNOWN))
    assert not await store.begin_attempt(*owner, ATTEMPT, at(-60), known_attempts=0)
    stored = await store.action(company.account_id, "one")
    assert stored is not None
    assert stored.attempts == (lost,)


async def test_a_look_that_began_before_another_sending_proves_nothing(
    store: Store, company: Owned
) -> None:
    taken = await store.take_in(company.epoch, new(company), ATTEMPT, at(-60))
    assert taken.begun
    owner = (company.account_id, company.epoch, "one")
    absent = Attempt(AttemptCall.READ_BACK, at(2), AttemptOutcome.ABSENT, ended_at=at(3))
    end = AttemptEnd(absent, ActionState.PENDING, known_attempts=0)
    assert not await store.end_attempt(*owner, end)
    stored = await store.action(company.account_id, "one")
    assert stored is not None
    assert (stored.state, stored.attempts) == (ActionState.SENDING, (ATTEMPT,))
    assert await store.end_attempt(*owner, replace(end, known_attempts=1))
