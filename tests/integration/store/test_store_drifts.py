"""What drifts: opened and resolved in one piece, compared in time, and forgotten with its account."""

from dataclasses import replace

import pytest

from store.action_models import (
    ActionResult,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    Mismatch,
    NewAction,
)
from store.drift import Comparison, DriftFilter
from store.errors import StaleEpochError
from store.ports import Store
from support.store_fixtures import Owned, at

SENT = Attempt(AttemptCall.SEND, at(1), AttemptOutcome.DONE, ended_at=at(2))


def new(company: Owned) -> NewAction:
    return NewAction("one", company.account_id, "payment.create", b"{}", "f", None, at(0))


def mismatch(field: str, found: str = "b") -> Mismatch:
    return Mismatch("Payment", "7", field, "a", found)


async def succeed(store: Store, company: Owned, *mismatches: Mismatch) -> None:
    await store.accept_action(new(company))
    end = AttemptEnd(
        SENT,
        ActionState.SUCCEEDED,
        result=ActionResult("Payment", "7", b"{}"),
        mismatches=mismatches,
        compare_at=at(300),
    )
    await store.end_attempt(company.account_id, company.epoch, "one", end)


def comparison(
    *mismatches: Mismatch, seconds: float = 300, next_s: float | None = None
) -> Comparison:
    next_at = None if next_s is None else at(next_s)
    return Comparison("one", at(seconds), mismatches, changed_since=True, next_at=next_at)


async def test_what_an_answer_shows_is_stored_with_the_end_of_its_action(
    store: Store, company: Owned
) -> None:
    await succeed(store, company, mismatch("TotalAmt"))
    (drift,) = await store.drifts(DriftFilter(company.account_id, is_open=True))
    assert (drift.action_id, drift.mismatch, drift.found_at) == ("one", mismatch("TotalAmt"), at(2))
    assert await store.next_comparison(company.account_id) == at(300)
    assert await store.due_comparisons(company.account_id, at(299), limit=10) == []
    (due,) = await store.due_comparisons(company.account_id, at(300), limit=10)
    assert (due.action.id, due.later_types, due.is_drifting) == ("one", [], True)


async def test_a_comparison_opens_keeps_and_resolves_drifts_in_one_piece(
    store: Store, company: Owned
) -> None:
    await succeed(store, company, mismatch("TotalAmt"), mismatch("TxnDate"))
    first = comparison(mismatch("TotalAmt", "c"), mismatch("DueDate"), next_s=900)
    noted = await store.note_comparison(company.account_id, company.epoch, first)
    assert [each.mismatch.field for each in noted.opened] == ["DueDate"]
    assert [each.mismatch.field for each in noted.resolved] == ["TxnDate"]
    assert await store.next_comparison(company.account_id) == at(900)
    kept = await store.drifts(DriftFilter(company.account_id, is_open=True))
    assert {each.mismatch.found for each in kept} == {"b", "c"}
    assert await store.open_drifts() == {"quickbooks": 2}
    last = comparison(seconds=900)
    noted = await store.note_comparison(company.account_id, company.epoch, last)
    assert len(noted.resolved) == 2
    assert await store.next_comparison(company.account_id) is None
    assert await store.open_drifts() == {}
    again = comparison(mismatch("TotalAmt"), seconds=1000)
    noted = await store.note_comparison(company.account_id, company.epoch, again)
    assert len(noted.opened) == 1, "what comes back is a drift of its own"


async def test_what_could_not_be_compared_leaves_drifts_as_they_are(
    store: Store, company: Owned
) -> None:
    await succeed(store, company, mismatch("TotalAmt"))
    nothing = replace(comparison(next_s=900), mismatches=None)
    await store.note_comparison(company.account_id, company.epoch, nothing)
    assert await store.open_drifts() == {"quickbooks": 1}


async def test_an_owner_who_was_fenced_off_notes_nothing(store: Store, company: Owned) -> None:
    await succeed(store, company)
    await store.claim(company.account_id)
    with pytest.raises(StaleEpochError):
        await store.note_comparison(company.account_id, company.epoch, comparison())


async def test_what_is_to_be_compared_is_told_to_who_claims_the_account(
    store: Store, company: Owned
) -> None:
    await succeed(store, company)
    assert (await store.claim(company.account_id)).has_open_actions
    (claimed,) = await store.claim_shard(0)
    assert claimed.has_open_actions
    await store.note_comparison(company.account_id, claimed.account.epoch, comparison())
    assert not (await store.claim(company.account_id)).has_open_actions


async def test_a_purge_forgets_drifts(store: Store, company: Owned) -> None:
    await succeed(store, company, mismatch("TotalAmt"))
    await store.disconnect(company.account_id, purge=True, at=at(400))
    assert await store.open_drifts() == {}
    assert await store.drifts(DriftFilter(company.account_id)) == []
