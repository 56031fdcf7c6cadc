"""What the ledger says about a write, held against what the vendor did. Pure."""

from store.action_models import ActionState

WITHOUT_EFFECT = ("object.void", "object.update")
"""What was so already is no effect: a second void, an update to what is there."""


def wrong_about(action_type: str, state: str, *, parked: bool, effects: int) -> str | None:
    """Say what must not be about an action when all is calm again, if anything."""
    if effects > 1:
        return f"{effects} effects"
    match ActionState(state):
        case ActionState.SUCCEEDED if effects == 0 and action_type not in WITHOUT_EFFECT:
            return "succeeded without an effect"
        case ActionState.FAILED if effects:
            return "failed, and had an effect"
        case ActionState.PENDING | ActionState.SENDING:
            return f"still {state} when all was calm"
        case ActionState.UNKNOWN if not parked:
            return "unknown, and nobody was told"
    return None
