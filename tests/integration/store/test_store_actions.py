"""The ledger of users' writes: nothing is stored twice, lost, or written by a stale owner."""

from dataclasses import replace

import pytest

from store.action_models import (
    Action,
    ActionFilter,
    ActionLimit,
    ActionResult,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
)
from store.errors import (
    ActionConflictError,
    ActionLimitError,
    StaleEpochError,
    UnknownAccountError,
)
from store.models import Tombstone, Via
from store.ports import Store
from support.store_fixtures import Owned, all_changes, all_objects, at, own, record

DAY_S = 86_400


def new(
    company: Owned,
    action_id: str = "one",
    *,
    key: str | None = None,
    fingerprint: str = "f",
    seconds: float = 0,
    allow_duplicate: bool = False,
) -> NewAction:
    return NewAction(
        id=action_id,
        account_id=company.account_id,
        action_type="payment.create",
        payload=b'{"TotalAmt":25.10}',
        fingerprint=fingerprint,
        idempotency_key=key,
        at=at(seconds),
        allow_duplicate=allow_duplicate,
    )


def sending(seconds: float = 1) -> Attempt:
    return Attempt(AttemptCall.SEND, at(seconds), AttemptOutcome.OPEN, base="b")


def ended(outcome: AttemptOutcome, seconds: float = 2) -> Attempt:
    return replace(
        sending(),
        outcome=outcome,
        ended_at=at(seconds),
        status=200,
        code="6000",
        trace_id="tid",
        error="why",
    )


def end(outcome: AttemptOutcome, state: ActionState) -> AttemptEnd:
    return AttemptEnd(ended(outcome), state, last_error="why", object_types=("Payment",))


async def begin(store: Store, company: Owned, action_id: str = "one") -> bool:
    known = await store.action(company.account_id, action_id)
    return await store.begin_attempt(
        company.account_id,
        company.epoch,
        action_id,
        sending(),
        at(-60),
        known_attempts=len(known.attempts) if known else 0,
    )


async def finish(store: Store, company: Owned, outcome: AttemptOutcome, state: ActionState) -> None:
    await store.end_attempt(company.account_id, company.epoch, "one", end(outcome, state))


async def stored(store: Store, company: Owned, action_id: str = "one") -> Action:
    action = await store.action(company.account_id, action_id)
    assert action is not None
    return action


async def test_a_new_action_waits_with_the_users_own_bytes(store: Store, company: Owned) -> None:
    action, is_new = await store.accept_action(new(company, key="k"))
    assert is_new
    assert action.payload == b'{"TotalAmt":25.10}'
    assert action.state is ActionState.PENDING
    assert action.created_at == action.asked_at == at(0)
    assert await store.open_actions(company.account_id, limit=9) == [action]
    assert (await store.claim(company.account_id)).has_open_actions


async def test_the_same_key_gives_the_same_action_for_ever(store: Store, company: Owned) -> None:
    first, _ = await store.accept_action(new(company, key="k"))
    again, is_new = await store.accept_action(new(company, "two", key="k", seconds=99 * DAY_S))
    assert (again, is_new) == (first, False)
    assert await store.keyed_action(company.account_id, "k") == first


async def test_a_key_does_not_stand_for_two_payloads(store: Store, company: Owned) -> None:
    await store.accept_action(new(company, key="k"))
    with pytest.raises(ActionConflictError) as caught:
        await store.accept_action(new(company, "two", key="k", fingerprint="other"))
    assert caught.value.action_id == "one"


async def test_a_key_belongs_to_one_account(store: Store, company: Owned) -> None:
    other = await own(store, "realm-2")
    await store.accept_action(new(company, key="k"))
    action, is_new = await store.accept_action(new(other, "two", key="k"))
    assert is_new
    assert action.id == "two"
    assert await store.action(company.account_id, "two") is None


async def test_the_same_payment_twice_in_a_day_is_held_back(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    with pytest.raises(ActionConflictError) as caught:
        await store.accept_action(new(company, "two", seconds=DAY_S - 1))
    assert caught.value.action_id == "one"
    await begin(store, company)
    await finish(store, company, AttemptOutcome.DONE, ActionState.SUCCEEDED)
    for allowed in (
        new(company, "later", seconds=DAY_S),
        new(company, "meant", allow_duplicate=True),
        new(company, "keyed", key="k"),
        new(company, "other", fingerprint="other"),
    ):
        assert (await store.accept_action(allowed))[1]


async def test_the_same_again_after_a_failure_is_no_duplicate(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    await store.cancel_action(company.account_id, "one", at(1))
    assert (await store.accept_action(new(company, "two")))[1]


async def test_nothing_is_accepted_for_an_unknown_account(store: Store) -> None:
    with pytest.raises(UnknownAccountError):
        await store.accept_action(new(Owned("nobody", 1)))


async def test_an_attempt_is_open_until_its_end_is_stored(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    assert await begin(store, company)
    action = await stored(store, company)
    assert action.state is ActionState.SENDING
    assert action.attempts == (sending(),)
    assert action.searched_from == at(-60)
    await finish(store, company, AttemptOutcome.UNKNOWN, ActionState.UNKNOWN)
    action = await stored(store, company)
    assert action.attempts == (ended(AttemptOutcome.UNKNOWN),)
    assert action.last_error == "why"
    assert await store.open_actions(company.account_id, limit=9) == [action]


async def test_the_answer_the_object_and_its_change_are_stored_in_one_piece(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    paid = record("7", object_type="Payment")
    done = replace(
        end(AttemptOutcome.DONE, ActionState.SUCCEEDED),
        record=paid,
        result=ActionResult("Payment", "7", paid.payload),
    )
    await store.end_attempt(company.account_id, company.epoch, "one", done)
    action = await stored(store, company)
    assert action.state is ActionState.SUCCEEDED
    assert action.result == done.result
    assert action.finished_at == at(2)
    assert list(await all_objects(store, company.account_id, "Payment")) == ["7"]
    (change,) = await all_changes(store)
    assert (change.object_id, change.via) == ("7", Via.ACTION)
    assert await store.open_actions(company.account_id, limit=9) == []


async def test_an_object_of_a_type_that_is_not_replicated_stays_out(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    done = replace(
        end(AttemptOutcome.DONE, ActionState.SUCCEEDED), record=record("7", object_type="Term")
    )
    await store.end_attempt(company.account_id, company.epoch, "one", done)
    assert await all_changes(store) == []


async def test_a_deletion_leaves_a_tombstone(store: Store, company: Owned) -> None:
    await store.apply_page(company.page(record("7", object_type="Payment")))
    await store.accept_action(new(company))
    await begin(store, company)
    done = replace(
        end(AttemptOutcome.DONE, ActionState.SUCCEEDED),
        tombstone=Tombstone("Payment", "7", None),
    )
    await store.end_attempt(company.account_id, company.epoch, "one", done)
    assert (await all_objects(store, company.account_id, "Payment"))["7"].deleted


async def test_a_stale_owner_neither_begins_nor_ends(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await begin(store, company)
    with pytest.raises(StaleEpochError):
        await finish(store, company, AttemptOutcome.DONE, ActionState.SUCCEEDED)
    assert (await stored(store, company)).state is ActionState.SENDING


async def test_what_was_canceled_is_not_begun(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    canceled = await store.cancel_action(company.account_id, "one", at(1))
    assert canceled is not None
    assert canceled.state is ActionState.FAILED
    assert not await begin(store, company)


@pytest.mark.parametrize("outcome", [None, AttemptOutcome.UNKNOWN])
async def test_what_may_have_happened_cannot_be_canceled(
    store: Store, company: Owned, outcome: AttemptOutcome | None
) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    if outcome is not None:
        await finish(store, company, outcome, ActionState.UNKNOWN)
    with pytest.raises(ActionConflictError):
        await store.cancel_action(company.account_id, "one", at(3))


async def test_a_failed_action_asked_for_again_is_pending_and_keeps_its_history(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    await finish(store, company, AttemptOutcome.REFUSED, ActionState.FAILED)
    revived = await store.revive_action(company.account_id, "one", at(9))
    assert revived is not None
    assert revived.state is ActionState.PENDING
    assert (revived.revived_after, revived.asked_at) == (1, at(9))
    assert revived.finished_at is None


async def test_what_waits_for_a_person_is_left_alone_until_it_is_asked_for_again(
    store: Store, company: Owned
) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    await finish(store, company, AttemptOutcome.UNKNOWN, ActionState.UNKNOWN)
    parked = replace(end(AttemptOutcome.UNKNOWN, ActionState.UNKNOWN), parked=True)
    await store.close_action(company.account_id, company.epoch, "one", parked)
    assert await store.open_actions(company.account_id, limit=9) == []
    assert await store.action_counts() == ({"unknown": 1}, 1)
    revived = await store.revive_action(company.account_id, "one", at(9))
    assert revived is not None
    assert revived.state is ActionState.UNKNOWN
    assert await store.open_actions(company.account_id, limit=9) == [revived]


async def test_what_is_still_to_be_done_comes_page_by_page(store: Store, company: Owned) -> None:
    for number in range(5):
        await store.accept_action(
            new(company, f"a{number}", fingerprint=str(number), seconds=number // 2)
        )
    first = await store.open_actions(company.account_id, limit=3)
    assert [each.id for each in first] == ["a0", "a1", "a2"]
    # What was at the end of a page may have ended since.
    await store.cancel_action(company.account_id, "a2", at(9))
    second = await store.open_actions(company.account_id, limit=3, after_id="a2")
    assert [each.id for each in second] == ["a3", "a4"]


async def test_a_success_is_not_tried_again(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    await finish(store, company, AttemptOutcome.DONE, ActionState.SUCCEEDED)
    with pytest.raises(ActionConflictError):
        await store.revive_action(company.account_id, "one", at(9))


async def test_actions_are_listed_newest_first_page_by_page(store: Store, company: Owned) -> None:
    for number in range(5):
        await store.accept_action(
            new(company, f"a{number}", fingerprint=str(number), seconds=number // 2)
        )
    listed: list[str] = []
    before: str | None = None
    while page := await store.actions(ActionFilter(company.account_id, None, before, limit=2)):
        listed += [action.id for action in page]
        before = page[-1].id
    assert listed == ["a4", "a3", "a2", "a1", "a0"]
    failed = ActionFilter(company.account_id, ActionState.FAILED)
    assert await store.actions(failed) == []


async def test_a_purge_takes_the_actions_along(store: Store, company: Owned) -> None:
    await store.accept_action(new(company))
    await begin(store, company)
    await store.disconnect(company.account_id, purge=True, at=at(5))
    assert await store.action(company.account_id, "one") is None
    assert await store.action_counts() == ({}, 0)


async def test_open_actions_are_known_when_a_shard_is_claimed(store: Store, company: Owned) -> None:
    await own(store, "realm-2")
    await store.accept_action(new(company))
    claimed = {each.account.id: each.has_open_actions for each in await store.claim_shard(0)}
    assert claimed == {company.account_id: True, "account of realm-2": False}


LIMIT = ActionLimit(("payment.create",), 2)


def limited(company: Owned, action_id: str, seconds: float) -> NewAction:
    return replace(new(company, action_id, fingerprint=action_id, seconds=seconds), limit=LIMIT)


async def test_no_more_than_so_many_of_a_kind_are_taken_in_a_day(
    store: Store, company: Owned
) -> None:
    for number in range(2):
        await store.accept_action(limited(company, f"{number}", number))
    with pytest.raises(ActionLimitError) as refused:
        await store.accept_action(limited(company, "late", 100))
    assert refused.value.free_at == at(DAY_S)
    await store.accept_action(limited(company, "next day", DAY_S + 0.5))
    with pytest.raises(ActionLimitError):
        await store.accept_action(limited(company, "too many", DAY_S + 0.6))


async def test_what_failed_does_not_count_and_is_counted_when_it_is_tried_again(
    store: Store, company: Owned
) -> None:
    await store.accept_action(limited(company, "failed", 0))
    end = AttemptEnd(ended(AttemptOutcome.REFUSED), ActionState.FAILED)
    await store.end_attempt(company.account_id, company.epoch, "failed", end)
    for number in range(2):
        await store.accept_action(limited(company, f"{number}", number))
    with pytest.raises(ActionLimitError):
        await store.revive_action(company.account_id, "failed", at(10), LIMIT)
    assert await store.revive_action(company.account_id, "0", at(10), LIMIT)


async def test_a_key_that_is_known_is_answered_whatever_the_limit(
    store: Store, company: Owned
) -> None:
    for number in range(2):
        wish = replace(limited(company, f"{number}", number), idempotency_key=f"{number}")
        await store.accept_action(wish)
    again = replace(limited(company, "again", 5), idempotency_key="0", fingerprint="0")
    action, is_new = await store.accept_action(again)
    assert (action.id, is_new) == ("0", False)
