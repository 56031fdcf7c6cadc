"""Users' writes and their attempts as rows."""

from collections.abc import Sequence
from typing import Any

from store.action_models import (
    Action,
    ActionPriority,
    ActionResult,
    ActionState,
    Attempt,
    AttemptCall,
    AttemptOutcome,
)
from store.relational.instants import from_text, optional_from_text, optional_to_text, to_text

# To look a value up takes a tenth of calling the class.
_CALLS = {each.value: each for each in AttemptCall}
_OUTCOMES = {each.value: each for each in AttemptOutcome}
_STATES = {each.value: each for each in ActionState}
_PRIORITIES = {each.value: each for each in ActionPriority}


def attempt_row(action_id: str, attempt: Attempt) -> dict[str, object]:
    """Write an attempt at an action as a statement takes it."""
    return {
        "action_id": action_id,
        "call": attempt.call.value,
        "at": to_text(attempt.at),
        "outcome": attempt.outcome.value,
        "ended_at": optional_to_text(attempt.ended_at),
        "status": attempt.status,
        "code": attempt.code,
        "trace_id": attempt.trace_id,
        "error": attempt.error,
        "base": attempt.base,
        "vendor_time": optional_to_text(attempt.vendor_time),
    }


def attempt_of(row: Sequence[Any]) -> Attempt:
    """Turn a row, which begins with its action's id, into an attempt."""
    return Attempt(
        call=_CALLS[row[1]],
        at=from_text(row[2]),
        outcome=_OUTCOMES[row[3]],
        ended_at=optional_from_text(row[4]),
        status=row[5],
        code=row[6],
        trace_id=row[7],
        error=row[8],
        base=row[9],
        vendor_time=optional_from_text(row[10]),
    )


def action_of(row: Sequence[Any], attempts: tuple[Attempt, ...]) -> Action:
    """Turn a row into an action with these attempts."""
    return Action(
        id=row[0],
        account_id=row[1],
        action_type=row[2],
        payload=row[3],
        idempotency_key=row[4],
        state=_STATES[row[5]],
        created_at=from_text(row[6]),
        asked_at=from_text(row[7]),
        revived_after=row[8],
        searched_from=optional_from_text(row[9]),
        parked=bool(row[10]),
        finished_at=optional_from_text(row[11]),
        last_error=row[12],
        result=None if row[13] is None else ActionResult(row[13], row[14], row[15]),
        attempts=attempts,
        priority=_PRIORITIES[row[16]],
    )
