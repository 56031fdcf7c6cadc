"""The same asked for twice: noticed whatever this machine's clock does meanwhile."""

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
from store.errors import ActionConflictError
from store.ports import Store
from support.store_fixtures import Owned, at, move, record

DAY_S = 86_400.0


def new(company: Owned, action_id: str, seconds: float) -> NewAction:
    return NewAction(
        id=action_id,
        account_id=company.account_id,
        action_type="payment.create",
        payload=b'{"TotalAmt":25.10}',
        fingerprint="the same",
        idempotency_key=None,
        at=at(seconds),
    )


async def paid(store: Store, company: Owned, seconds: float, vendor_s: float) -> None:
    """Have the payment made; our clock and the vendor's may differ."""
    attempt = Attempt(AttemptCall.SEND, at(seconds), AttemptOutcome.OPEN)
    await store.take_in(company.epoch, new(company, "one", seconds), attempt, None)
    done = replace(
        attempt, outcome=AttemptOutcome.DONE, ended_at=at(seconds), vendor_time=at(vendor_s)
    )
    end = AttemptEnd(done, ActionState.SUCCEEDED)
    await store.end_attempt(company.account_id, company.epoch, "one", end)


async def vendor_time_is(store: Store, company: Owned, seconds: float) -> None:
    """Have the replica cover everything up to this vendor time."""
    page = company.page(record("1", seconds), cursors=[move(covered=seconds)])
    assert (await store.apply_page(page)).exact_as_of == at(seconds)


async def test_a_clock_that_was_a_day_behind_lets_no_second_payment_through(
    store: Store, company: Owned
) -> None:
    await paid(store, company, seconds=-DAY_S, vendor_s=0)
    await vendor_time_is(store, company, 30)
    with pytest.raises(ActionConflictError) as refused:
        await store.accept_action(new(company, "two", 60))
    assert refused.value.action_id == "one"


async def test_a_clock_that_leaps_ahead_lets_no_second_payment_through(
    store: Store, company: Owned
) -> None:
    await paid(store, company, seconds=0, vendor_s=0)
    await vendor_time_is(store, company, 30)
    with pytest.raises(ActionConflictError):
        await store.accept_action(new(company, "two", 60 + 2 * DAY_S))


async def test_after_a_day_of_the_vendors_it_may_be_asked_for_again(
    store: Store, company: Owned
) -> None:
    await paid(store, company, seconds=0, vendor_s=0)
    await vendor_time_is(store, company, DAY_S + 60)
    action, is_new = await store.accept_action(new(company, "two", DAY_S + 60))
    assert (action.id, is_new) == ("two", True)


async def test_one_that_has_not_ended_stands_in_the_way_for_as_long_as_it_takes(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company, "one", 0))
    with pytest.raises(ActionConflictError):
        await store.accept_action(new(company, "two", 5 * DAY_S))


async def test_a_failed_one_is_not_tried_again_when_another_took_its_place(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company, "one", 0))
    await store.cancel_action(company.account_id, "one", at(1))
    await store.accept_action(new(company, "two", 2))
    with pytest.raises(ActionConflictError, match="again since") as refused:
        await store.revive_action(company.account_id, "one", at(3))
    assert refused.value.action_id == "two"
    await store.cancel_action(company.account_id, "two", at(4))
    revived = await store.revive_action(company.account_id, "one", at(5))
    assert revived is not None
    assert revived.state is ActionState.PENDING
