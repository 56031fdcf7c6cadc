"""A routing, its history and its job move with the action that delivers it, whoever moves that."""

from dataclasses import replace

import pytest

from store.action_models import (
    ActionLimit,
    ActionPriority,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptEnd,
    AttemptOutcome,
    NewAction,
)
from store.errors import ActionConflictError, ActionLimitError, UnknownAccountError
from store.job_models import JobStatus, Routing, RoutingEvent, RoutingStatus
from store.ports import Store
from support.jobs import (
    action_of,
    begin,
    deliver,
    end,
    enter,
    new_job,
    new_routing,
    offer,
    progress,
    refuse,
    routing_of,
    routings,
    told,
)
from support.store_fixtures import Owned, at, own

ROUTING = "job to account of realm-1"
ACTION = f"deliver {ROUTING}"


@pytest.fixture
async def entered(store: Store, company: Owned) -> Owned:
    await enter(store, [company])
    return company


async def only(store: Store) -> Routing:
    (routing,) = await routings(store)
    assert replace(routing, history=()) == await store.routing(routing.id)
    return routing


async def status(store: Store) -> JobStatus:
    job = await store.job("job")
    assert job is not None
    return job.status


async def test_what_was_delivered_is_linked_to_what_the_vendor_made_of_it(
    store: Store, entered: Owned
) -> None:
    await deliver(store, entered, lead_id="L7")
    routing = await only(store)
    assert routing.history == (
        RoutingEvent(at(0), RoutingStatus.PENDING, "the job was entered"),
        RoutingEvent(at(1), RoutingStatus.SENDING, "being sent"),
        RoutingEvent(at(2), RoutingStatus.SYNCED, "delivered"),
    )
    assert (routing.external_type, routing.external_id) == ("leads", "L7")
    assert (routing.attempts, routing.last_error) == (1, None)
    assert await status(store) is JobStatus.ROUTING


async def test_what_was_refused_has_failed_with_the_reason(store: Store, entered: Owned) -> None:
    await refuse(store, entered)
    routing = await only(store)
    assert (routing.status, routing.last_error) == (RoutingStatus.FAILED, "no such campaign")
    assert told(routing)[-1] == ("failed", "no such campaign")
    assert await status(store) is JobStatus.FAILED


async def test_what_came_back_unsent_is_pending_and_each_sending_counts(
    store: Store, entered: Owned
) -> None:
    for _ in range(2):
        await begin(store, entered, ACTION)
        await end(store, entered, ACTION, ActionState.PENDING, error="throttled")
    routing = await only(store)
    again = [("sending", "being sent"), ("pending", "throttled")]
    assert told(routing) == [("pending", "the job was entered"), *again, *again]
    assert (routing.attempts, routing.last_error) == (2, "throttled")


@pytest.mark.parametrize("parked", [False, True])
async def test_while_nobody_knows_it_is_being_sent_and_says_why(
    store: Store, entered: Owned, *, parked: bool
) -> None:
    await begin(store, entered, ACTION)
    await end(store, entered, ACTION, ActionState.UNKNOWN, error="no answer", parked=parked)
    routing = await only(store)
    assert (routing.status, routing.last_error) == (RoutingStatus.SENDING, "no answer")
    assert len(routing.history) == 2


async def test_what_was_given_up_has_failed(store: Store, entered: Owned) -> None:
    attempt = Attempt(AttemptCall.SEND, at(9), AttemptOutcome.NOT_SENT)
    ended = AttemptEnd(attempt, ActionState.FAILED, last_error="not sent within 24 hours")
    await store.close_action(entered.account_id, entered.epoch, ACTION, ended)
    routing = await only(store)
    assert routing.history[-1] == RoutingEvent(
        at(9), RoutingStatus.FAILED, "not sent within 24 hours"
    )


async def test_a_delivery_canceled_by_hand_has_failed_and_can_be_offered_again(
    store: Store, entered: Owned
) -> None:
    await store.cancel_action(entered.account_id, ACTION, at(3))
    assert told(await only(store))[-1] == ("failed", "canceled by hand")
    assert await store.offer_again(ROUTING, offer("second"), at(4), instead_of=ACTION)


async def test_revived_by_hand_it_is_a_persons_and_goes_first(store: Store, entered: Owned) -> None:
    await refuse(store, entered)
    await enter(store, [entered], "another", seconds=-100)
    await store.revive_action(entered.account_id, ACTION, at(5))
    assert told(await only(store))[-1] == ("pending", "asked for again by hand")
    first, second = await store.open_actions(entered.account_id, limit=10)
    assert (first.id, first.priority) == (ACTION, ActionPriority.USER)
    assert (second.id, second.priority) == (action_of("another", entered), ActionPriority.DELIVERY)


async def test_users_own_writes_go_before_deliveries_and_else_the_oldest_does(
    store: Store, company: Owned
) -> None:
    for number in (3, 1, 2):
        await enter(store, [company], f"job {number}", seconds=number)
    for number in (5, 4):
        new = NewAction(f"a{number}", company.account_id, "t", b"{}", f"{number}", None, at(number))
        await store.accept_action(new)
    deliveries = [action_of(f"job {number}", company) for number in (1, 2, 3)]
    found = await store.open_actions(company.account_id, limit=10)
    assert [action.id for action in found] == ["a4", "a5", *deliveries]
    (first,) = await store.open_actions(company.account_id, limit=1)
    assert first.id == "a4"
    left_out = ["a5", *deliveries[:2]]
    found = await store.open_actions(company.account_id, limit=10, without=left_out)
    assert [action.id for action in found] == ["a4", "a5", deliveries[2]]


async def test_offered_again_it_is_another_action_and_the_old_one_is_no_more(
    store: Store, entered: Owned
) -> None:
    await refuse(store, entered)
    assert await store.offer_again(ROUTING, offer("second"), at(5), instead_of=ACTION)
    routing = await only(store)
    assert (routing.action_id, routing.attempts, routing.last_error) == ("second", 1, None)
    assert told(routing)[-1] == ("pending", "offered again by hand")
    assert await status(store) is JobStatus.ROUTING
    action = await store.action(entered.account_id, "second")
    assert action is not None
    assert (action.idempotency_key, action.priority) == (
        f"routing:{ROUTING}:2",
        ActionPriority.USER,
    )
    with pytest.raises(ActionConflictError, match="offered otherwise since"):
        await store.revive_action(entered.account_id, ACTION, at(6))
    await begin(store, entered, "second")
    await end(store, entered, "second", ActionState.SUCCEEDED, lead_id="L2")
    assert ((await only(store)).attempts, (await only(store)).external_id) == (2, "L2")


async def test_two_who_offer_it_again_at_once_offer_it_once(store: Store, entered: Owned) -> None:
    await refuse(store, entered)
    assert await store.offer_again(ROUTING, offer("second"), at(5), instead_of=ACTION)
    assert not await store.offer_again(ROUTING, offer("third"), at(5), instead_of=ACTION)
    assert await store.action(entered.account_id, "third") is None


@pytest.mark.parametrize("state", [ActionState.SUCCEEDED, ActionState.UNKNOWN])
async def test_what_has_not_failed_is_not_offered_again(
    store: Store, entered: Owned, state: ActionState
) -> None:
    assert not await store.offer_again(ROUTING, offer("second"), at(5), instead_of=ACTION)
    await begin(store, entered, ACTION)
    assert not await store.offer_again(ROUTING, offer("second"), at(5), instead_of=ACTION)
    await end(store, entered, ACTION, state, parked=True)
    assert not await store.offer_again(ROUTING, offer("second"), at(5), instead_of=ACTION)
    assert not await store.offer_again("no such", offer("second"), at(5), instead_of=None)


async def test_what_there_was_nothing_to_send_of_is_offered_when_there_is(
    store: Store, company: Owned
) -> None:
    await store.accept_job(new_job(), [new_routing("job", company, "set the campaign")])
    assert not await store.offer_again(ROUTING, offer("first"), at(5), instead_of="other")
    assert await store.offer_again(ROUTING, offer("first"), at(5), instead_of=None)
    routing = await only(store)
    assert (routing.status, routing.action_id) == (RoutingStatus.PENDING, "first")


async def test_nothing_is_offered_again_to_who_is_disconnected_or_beyond_the_limit(
    store: Store, entered: Owned
) -> None:
    await refuse(store, entered)
    await enter(store, [entered], "another")
    limited = replace(offer("second"), limit=ActionLimit(("lead.create",), 1))
    with pytest.raises(ActionLimitError):
        await store.offer_again(ROUTING, limited, at(5), instead_of=ACTION)
    await store.disconnect(entered.account_id, purge=False, at=at(6))
    with pytest.raises(UnknownAccountError):
        await store.offer_again(ROUTING, offer("second"), at(7), instead_of=ACTION)
    assert (await only(store)).action_id == ACTION


async def test_news_of_the_delivery_does_not_undo_what_the_company_made_of_it(
    store: Store, entered: Owned
) -> None:
    await begin(store, entered, ACTION)
    await store.note_progress([progress(ROUTING, RoutingStatus.ACCEPTED)], 1)
    await end(store, entered, ACTION, ActionState.SUCCEEDED, lead_id="L3")
    routing = await only(store)
    assert (routing.status, routing.external_id) == (RoutingStatus.ACCEPTED, "L3")
    assert len(routing.history) == 3


async def test_disconnecting_fails_what_was_not_sent_and_keeps_the_rest(
    store: Store, company: Owned
) -> None:
    for job_id in ("pending", "sending", "synced"):
        await enter(store, [company], job_id)
    await begin(store, company, action_of("sending", company))
    await deliver(store, company, "synced")
    await store.disconnect(company.account_id, purge=False, at=at(9))
    found = {
        job_id: (await routings(store, job_id))[0] for job_id in ("pending", "sending", "synced")
    }
    assert {job_id: routing.status for job_id, routing in found.items()} == {
        "pending": "failed",
        "sending": "sending",
        "synced": "synced",
    }
    assert found["pending"].history[-1].at == at(9)
    assert "disconnected before it was sent" in str(found["pending"].last_error)
    assert "before it was known" in str(found["sending"].last_error)


async def test_purging_a_company_ends_what_went_on_there_and_keeps_the_history(
    store: Store, company: Owned
) -> None:
    other = await own(store, "realm-2")
    names = ("pending", "sending", "synced", "accepted", "completed")
    for job_id in names:
        await enter(store, [company], job_id)
    for job_id in names[1:]:
        await begin(store, company, action_of(job_id, company))
    for job_id in names[2:]:
        ended = (company, action_of(job_id, company), ActionState.SUCCEEDED)
        await end(store, *ended, lead_id=job_id)
    steps = [(job_id, RoutingStatus(job_id)) for job_id in names[3:]]
    await store.note_progress(
        [progress(routing_of(job_id, company), step) for job_id, step in steps], 0
    )
    await enter(store, [other], "elsewhere")
    before = {job_id: (await routings(store, job_id))[0].history for job_id in names}
    await store.disconnect(company.account_id, purge=True, at=at(200))
    after = {job_id: (await routings(store, job_id))[0] for job_id in (*names, "elsewhere")}
    assert {job_id: routing.status.value for job_id, routing in after.items()} == {
        "pending": "failed",
        "sending": "failed",
        "synced": "canceled",
        "accepted": "canceled",
        "completed": "completed",
        "elsewhere": "pending",
    }
    assert "purged before it was known" in str(after["sending"].last_error)
    for job_id in names:
        assert after[job_id].history[: len(before[job_id])] == before[job_id]
        assert after[job_id].account_id == company.account_id
    jobs = {job_id: await store.job(job_id) for job_id in names}
    assert [job.status.value for job in jobs.values() if job] == [
        "failed",
        "failed",
        "canceled",
        "canceled",
        "completed",
    ]
    action_id = action_of("sending", company)
    again = (routing_of("sending", company), offer("second"), at(300))
    with pytest.raises(UnknownAccountError):
        await store.offer_again(*again, instead_of=action_id)


async def test_purging_who_entered_a_job_leaves_the_job(store: Store, company: Owned) -> None:
    origin = await own(store, "origin")
    entered = new_job(account_id=origin.account_id)
    await store.accept_job(entered, [new_routing("job", company)])
    await store.disconnect(origin.account_id, purge=True, at=at(200))
    job = await store.job("job")
    assert job is not None
    assert (job.account_id, job.status) == (origin.account_id, JobStatus.ROUTING)
    await deliver(store, company)
    assert (await only(store)).status is RoutingStatus.SYNCED


async def test_more_routings_than_a_piece_of_a_purge_all_end(store: Store, company: Owned) -> None:
    for number in range(450):
        await enter(store, [company], f"job {number}")
    await store.disconnect(company.account_id, purge=True, at=at(9))
    assert await store.routing_counts() == {"failed": 450}


async def test_users_writes_move_nothing_of_routed_work(store: Store, entered: Owned) -> None:
    before = await only(store)
    new = NewAction("a", entered.account_id, "t", b"{}", "f", f"routing:{ROUTING}:9", at(1))
    await store.accept_action(new)
    await begin(store, entered, "a")
    await end(store, entered, "a", ActionState.FAILED, error="no")
    assert await only(store) == before
