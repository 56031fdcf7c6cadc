"""Where an action stands once an attempt is over. Pure."""

from actors.ledger import GiveUp, Move, Park, state_of
from store.action_models import ENDED, Action, Attempt, AttemptEnd


def is_over(end: AttemptEnd) -> bool:
    """Tell whether nothing more is done about the action without a person."""
    return end.state in ENDED or end.parked


def standing_after(move: Move, action: Action, attempt: Attempt) -> AttemptEnd:
    """Say where the action stands when this is its next move."""
    reason = move.reason if isinstance(move, GiveUp | Park) else attempt.error
    return AttemptEnd(
        attempt=attempt,
        state=state_of(move, action.attempts),
        parked=isinstance(move, Park),
        last_error=reason or action.last_error,
    )
