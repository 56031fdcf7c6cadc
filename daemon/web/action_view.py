"""How users' writes look on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from daemon.web.drifts import DriftView
from daemon.web.instant import Instant
from daemon.web.paging import Next
from daemon.web.problem import Problem
from store.action_models import Action, ActionState, Attempt, AttemptCall, AttemptOutcome

Key = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="The same key gives the same action, for ever."),
]
_PAYLOAD = Meta(extra_json_schema={"type": "object"})


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One call about an action."""

    at: Instant
    call: Annotated[
        AttemptCall,
        Meta(description="It was sent, or the vendor was asked whether it had happened."),
    ]
    outcome: AttemptOutcome
    ended_at: Instant | None
    status: Annotated[int | None, Meta(description="HTTP status of the vendor's answer.")]
    code: Annotated[str | None, Meta(description="The vendor's own code.")]
    trace_id: Annotated[str | None, Meta(description="The vendor's own id of the call.")]
    error: str | None


class ActionResultView(msgspec.Struct, frozen=True, kw_only=True):
    """The object that an action left."""

    object_type: str
    object_id: str
    payload: Annotated[
        msgspec.Raw | None,
        Meta(
            description="As the vendor answered; null when the action removed it.",
            extra_json_schema={"type": ["object", "null"]},
        ),
    ]


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """One write that a user asked for."""

    id: str
    account_id: str
    type: str
    state: Annotated[
        ActionState,
        Meta(
            description="`succeeded`: it happened, once. `failed`: it did not happen. `unknown`: it"
            " was sent and its answer lost; it is looked for, and never sent blindly."
        ),
    ]
    needs_person: Annotated[
        bool, Meta(description="Nothing more is done about it before somebody asks.")
    ]
    idempotency_key: str | None
    payload: Annotated[msgspec.Raw, _PAYLOAD]
    result: ActionResultView | None
    attempts: Sequence[AttemptView]
    last_error: str | None
    created_at: Instant
    finished_at: Instant | None
    waits_for: Annotated[
        str | msgspec.UnsetType,
        Meta(
            description="Why nothing is done about it just now (its account is paused, say). Left out"
            " when nothing is in its way, and where actions are listed or asked for."
        ),
    ] = msgspec.UNSET
    drifts: Annotated[
        Sequence[DriftView] | msgspec.UnsetType,
        Meta(
            description="Where the vendor has, or had, something else than was asked for. Left out"
            " when there is nothing, and where actions are listed or asked for."
        ),
    ] = msgspec.UNSET


class ActionPage(msgspec.Struct, frozen=True):
    """Actions, newest first."""

    items: list[ActionView]
    next: Next


class ActionOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one of a list: its action, or why it was not taken."""

    action: ActionView | None = None
    problem: Problem | None = None


class ActionOutcomes(msgspec.Struct, frozen=True):
    """What became of each of a list, in its order."""

    items: list[ActionOutcome]


class OneAction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One write of a list."""

    type: str
    payload: dict[str, Any]
    idempotency_key: Key | None = None
    allow_duplicate: bool = False


class ActionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One write, or a list of them: a bare list will do as well as `actions`."""

    type: Annotated[str, Meta(description="`payment.create`, for example.")] = ""
    payload: Annotated[
        dict[str, Any],
        Meta(description="The vendor's object as the vendor documents it; kept byte for byte."),
    ] = {}
    idempotency_key: Key | None = None
    allow_duplicate: Annotated[
        bool,
        Meta(description="It may be the same as one without a key of the last 24 h."),
    ] = False
    actions: Annotated[
        list[OneAction] | None, Meta(description="Many at once, instead of the other fields.")
    ] = None


def action_view(
    action: Action, drifts: Sequence[DriftView] = (), waits_for: str | None = None
) -> ActionView:
    """Show an action."""
    result = action.result
    return ActionView(
        id=action.id,
        account_id=action.account_id,
        type=action.action_type,
        state=action.state,
        needs_person=action.parked,
        idempotency_key=action.idempotency_key,
        payload=msgspec.Raw(action.payload),
        result=None
        if result is None
        else ActionResultView(
            object_type=result.object_type,
            object_id=result.object_id,
            payload=None if result.payload is None else msgspec.Raw(result.payload),
        ),
        attempts=[_attempt_view(attempt) for attempt in action.attempts],
        last_error=action.last_error,
        created_at=action.created_at,
        finished_at=action.finished_at,
        waits_for=waits_for or msgspec.UNSET,
        drifts=drifts or msgspec.UNSET,
    )


def _attempt_view(attempt: Attempt) -> AttemptView:
    return AttemptView(
        at=attempt.at,
        call=attempt.call,
        outcome=attempt.outcome,
        ended_at=attempt.ended_at,
        status=attempt.status,
        code=attempt.code,
        trace_id=attempt.trace_id,
        error=attempt.error,
    )
