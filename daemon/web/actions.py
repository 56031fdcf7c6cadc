"""Users' writes: asked for, listed, tried again, called off."""

from http import HTTPStatus
from math import ceil
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import msgspec
import structlog
from msgspec import Meta

from daemon.action_desk import (
    ActingAccount,
    Asked,
    BadWishError,
    CannotActError,
    Wish,
)
from daemon.web.action_list import TOGETHER, outcomes, taken_together
from daemon.web.action_view import (
    ActionOutcomes,
    ActionPage,
    ActionRequest,
    ActionView,
    action_view,
)
from daemon.web.drifts import drifts_of_action
from daemon.web.integrations import NO_ACCOUNT
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, cursor_to_place, place_to_cursor
from daemon.web.problem import (
    ActionProblemError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    ProblemError,
)
from store.action_models import ENDED, Action, ActionFilter, ActionState
from store.errors import (
    ActionConflictError,
    ActionLimitError,
    StoreUnavailableError,
)
from store.models import Account

log = structlog.get_logger()

_TAG = "actions"
_MOST_AT_ONCE = 1000
_TOLD_AFTER = 2 * TOGETHER
"""So many of a list are taken in before the actor is told of them, which has it read all that waits."""


class WaitQuery(msgspec.Struct, frozen=True):
    """Parameters of asking."""

    wait: Annotated[
        float,
        Meta(ge=0, le=30, description="How many seconds to wait for the outcome before 202."),
    ] = 0.25


class ActionsQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""
    state: Annotated[
        Literal["pending", "sending", "succeeded", "failed", "unknown"] | None,
        Meta(description="Only those that stand so."),
    ] = None


class _Payload(msgspec.Struct):
    payload: msgspec.Raw = msgspec.Raw(b"{}")


class _Payloads(msgspec.Struct):
    actions: list[_Payload]


async def ask(call: Call[WaitQuery, ActionRequest]) -> Answer:
    """Take one write in, or a list of them, and wait a little for the outcome."""
    account_id, store, desk = call.path("account_id"), call.context.store, call.context.actions
    if call.body.actions is not None:
        return await _ask_many(call, await store.account(account_id))
    account = desk.acting(account_id) or await store.account(account_id)
    call.context.readers.note(account_id)
    raw = msgspec.json.decode(await call.request.read() or b"{}", type=_Payload)
    body = call.body
    wish = Wish(body.type, bytes(raw.payload), body.idempotency_key, body.allow_duplicate)
    new_id = uuid4()
    with call.waiting.place(), desk.expect(new_id) as happening:
        asked = await _taken(call, account, wish, new_id, at_once=True)
        rests = asked.action.state in ENDED or asked.action.parked
        if asked.hindrance is not None and not rests:
            raise _kept_for_later(asked.action, asked.hindrance)
        heard = happening if asked.is_new else None
        return _answer(await desk.outcome(asked.action, call.query.wait, heard))


def _kept_for_later(action: Action, hindrance: str) -> ActionProblemError:
    certain = action.state is ActionState.PENDING
    later = "sent later" if certain else "looked for later, as it may have happened"
    return ActionProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "vendor-left-alone",
        f"the action is kept and will be {later}: {hindrance}",
        headers={"Retry-After": "60"},
        action_id=action.id,
        queued=True,
    )


async def _ask_many(call: Call[WaitQuery, ActionRequest], account: Account) -> Answer:
    """Take each in by itself; one that is refused keeps no other out."""
    call.context.readers.note(account.id)
    body = await call.request.read()
    wanted = call.body.actions or []
    if len(wanted) > _MOST_AT_ONCE:
        found = f"{len(wanted)} actions"
        raise InvalidInputError([FieldError("actions", f"at most {_MOST_AT_ONCE}", found)])
    if body.lstrip().startswith(b"["):
        payloads = msgspec.json.decode(body, type=list[_Payload])
    else:
        payloads = msgspec.json.decode(body, type=_Payloads).actions
    wishes = [
        Wish(each.type, bytes(raw.payload), each.idempotency_key, each.allow_duplicate)
        for each, raw in zip(wanted, payloads, strict=True)
    ]
    desk, taken = call.context.actions, list[Action | ProblemError]()

    async def take(wish: Wish) -> Action:
        return (await _taken(call, account, wish, uuid4())).action

    # A place first: who is told that there is none must not have been taken in.
    with call.waiting.place():
        try:
            for first in range(0, len(wishes), TOGETHER):
                taken += await taken_together(take, wishes[first : first + TOGETHER])
                if first % _TOLD_AFTER == 0:
                    desk.nudge(account.id)
        finally:
            desk.nudge(account.id)
        items = await outcomes(desk, taken, call.query.wait)
    return Answer(ActionOutcomes(items), HTTPStatus.MULTI_STATUS)


async def list_actions(call: Call[ActionsQuery, Nothing]) -> Answer:
    """List an account's actions, newest first."""
    query, store = call.query, call.context.store
    account = await store.account(call.path("account_id"))
    call.context.readers.note(account.id)
    before = cursor_to_place(query.cursor) or None
    state = None if query.state is None else ActionState(query.state)
    found = await store.actions(ActionFilter(account.id, state, before, query.limit + 1))
    page = found[: query.limit]
    is_last = len(found) <= query.limit
    return Answer(
        ActionPage(
            [action_view(each) for each in page],
            None if is_last else place_to_cursor(page[-1].id),
        )
    )


async def get_action(call: Call[Nothing, Nothing]) -> Answer:
    """Show one action."""
    context, store = call.context, call.context.store
    action = _known(await store.action(call.path("account_id"), call.path("action_id")))
    context.readers.note(action.account_id)
    drifts = await drifts_of_action(store, action.account_id, action.id)
    waits_for = None
    if action.state not in ENDED:
        account = await store.account(action.account_id)
        waits_for = context.actions.hindrance(account, action)
    return Answer(action_view(action, drifts, waits_for))


async def retry(call: Call[WaitQuery, Nothing]) -> Answer:
    """Try an action again by hand; one whose outcome is unknown is looked for, not sent blindly."""
    context = call.context
    account = await context.store.account(call.path("account_id"))
    action_id = call.path("action_id")
    try:
        context.actions.see_that_it_can_act(account)
    except CannotActError as error:
        raise _cannot_act(error, "is not tried again") from error
    with call.waiting.place():
        try:
            action = _known(await context.actions.revive(account, action_id))
        except ActionConflictError as error:
            raise _conflict("action-ended", error) from error
        except ActionLimitError as error:
            raise _too_many(call, error) from error
        log.info("action_retried", account=account.id, vendor=account.vendor, action=action.id)
        return _answer(await context.actions.outcome(action, call.query.wait))


async def cancel(call: Call[Nothing, Nothing]) -> Answer:
    """Call an action off that was certainly not carried out."""
    context = call.context
    account = await context.store.account(call.path("account_id"))
    now = context.clock.now().utc
    try:
        action = _known(await context.store.cancel_action(account.id, call.path("action_id"), now))
    except ActionConflictError as error:
        raise _conflict("action-under-way", error) from error
    log.info("action_canceled", account=account.id, vendor=account.vendor, action=action.id)
    return Answer(action_view(action))


async def _taken(
    call: Call[WaitQuery, ActionRequest],
    account: Account | ActingAccount,
    wish: Wish,
    new_id: UUID,
    *,
    at_once: bool = False,
) -> Asked:
    """Have a wish taken in.

    Raises:
        ProblemError: it was not; says why, and that it is not queued.
    """
    try:
        asked = await call.context.actions.ask(account, wish, new_id, at_once=at_once)
    except BadWishError as error:
        raise InvalidInputError(
            [FieldError(each.path, each.expected, each.found) for each in error.problems]
        ) from error
    except CannotActError as error:
        raise _cannot_act(error, "was not taken") from error
    except ActionConflictError as error:
        raise _conflict("duplicate-action", error) from error
    except ActionLimitError as error:
        raise _too_many(call, error) from error
    except StoreUnavailableError as error:
        raise ActionProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "store-unavailable",
            f"the action was not taken: {error}",
            headers={"Retry-After": "5"},
            queued=False,
        ) from error
    if asked.is_new:
        log.info(
            "action_accepted",
            account=account.id,
            vendor=account.vendor,
            action=asked.action.id,
            type=wish.action_type,
        )
    return asked


def _cannot_act(error: CannotActError, what: str) -> ActionProblemError:
    return ActionProblemError(
        HTTPStatus.CONFLICT,
        "account-cannot-act",
        f"{error}: the action {what}",
        reasons=error.standing.reasons,
        queued=False,
    )


def _answer(action: Action) -> Answer:
    ended = action.state in ENDED
    return Answer(action_view(action), HTTPStatus.OK if ended else HTTPStatus.ACCEPTED)


def _known(action: Action | None) -> Action:
    if action is None:
        raise NotFoundError("this account has no such action")
    return action


def _too_many(call: Call[WaitQuery, Any], error: ActionLimitError) -> ActionProblemError:
    wait_s = (error.free_at - call.context.clock.now().utc).total_seconds()
    return ActionProblemError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "daily-limit",
        f"the account had {error.most} of these within 24 hours, and its vendor takes no more;"
        f" the next may go at {error.free_at:%Y-%m-%dT%H:%M:%SZ}. The action was not taken",
        headers={"Retry-After": str(max(1, ceil(wait_s)))},
        queued=False,
    )


def _conflict(kind: str, error: ActionConflictError) -> ProblemError:
    return ActionProblemError(HTTPStatus.CONFLICT, kind, str(error), action_id=error.action_id)


_ENDED = Reply(HTTPStatus.OK, "It has ended, one way or the other.", ActionView)
_UNDER_WAY = Reply(HTTPStatus.ACCEPTED, "It is kept, and has not ended yet.", ActionView)
_NOT_FOUND = {HTTPStatus.NOT_FOUND: "There is no such account, or no such action of it."}
_TOO_MANY = {
    HTTPStatus.TOO_MANY_REQUESTS: "The vendor takes no more of these for now; `Retry-After` says for"
    " how long. It was not queued."
}
_CONFLICT = {
    **_NOT_FOUND,
    HTTPStatus.CONFLICT: "It stands where that cannot be; `action_id` says which.",
}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/integrations/{account_id}/actions",
        name="createAction",
        deed="action_requested",
        tag=_TAG,
        summary="Have something done at the vendor, once",
        handler=ask,
        query=WaitQuery,
        body=ActionRequest,
        body_required=True,
        list_field="actions",
        replies=[
            _ENDED,
            _UNDER_WAY,
            Reply(HTTPStatus.MULTI_STATUS, "What became of each of a list.", ActionOutcomes),
        ],
        problems={
            **NO_ACCOUNT,
            HTTPStatus.CONFLICT: "An earlier action is in the way (`action_id`), or the account can"
            " do nothing now. It was not queued.",
            **_TOO_MANY,
            HTTPStatus.SERVICE_UNAVAILABLE: "Nothing can be sent or stored now; `queued` says"
            " whether it is kept for later.",
        },
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}/actions",
        name="listActions",
        tag=_TAG,
        summary="An account's actions, newest first",
        handler=list_actions,
        query=ActionsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", ActionPage)],
        problems=NO_ACCOUNT,
    ),
    Operation(
        method="GET",
        path="/integrations/{account_id}/actions/{action_id}",
        name="getAction",
        tag=_TAG,
        summary="One action, with every attempt",
        handler=get_action,
        replies=[Reply(HTTPStatus.OK, "The action.", ActionView)],
        problems=_NOT_FOUND,
    ),
    Operation(
        method="POST",
        path="/integrations/{account_id}/actions/{action_id}/retry",
        name="retryAction",
        deed="action_retried",
        tag=_TAG,
        summary="Try a failed action again, or look for an unknown one now",
        handler=retry,
        query=WaitQuery,
        replies=[_ENDED, _UNDER_WAY],
        problems=_CONFLICT | _TOO_MANY,
    ),
    Operation(
        method="POST",
        path="/integrations/{account_id}/actions/{action_id}/cancel",
        name="cancelAction",
        deed="action_cancelled",
        tag=_TAG,
        summary="Call an action off that was not sent yet",
        handler=cancel,
        replies=[Reply(HTTPStatus.OK, "It will not be sent.", ActionView)],
        problems=_CONFLICT,
    ),
)
