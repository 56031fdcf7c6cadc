"""What is told first of a user's write that has ended."""

from dataclasses import dataclass

from store.action_models import Action


@dataclass(frozen=True, slots=True)
class ActionSettled:
    """A user's write has ended, and that is stored. Told to who waits for it, before all else about it.

    Attributes:
        action: as it is stored; not for logs.
    """

    account_id: str
    vendor: str
    action_id: str
    action: Action | None
