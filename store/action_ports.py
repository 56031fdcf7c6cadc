"""What may be asked of a store about users' writes. The rules of `store.ports` hold here too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from store.action_models import (
    Action,
    ActionFilter,
    ActionLimit,
    Attempt,
    AttemptEnd,
    NewAction,
    TakenIn,
)
from store.models import StoredObject


class Outbox(Protocol):
    """What one account's actor reads and writes. Each write is fenced by the epoch of the claim."""

    async def open_actions(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str | None = None,
        without: Sequence[str] = (),
    ) -> Sequence[Action]:
        """Return what is still to be done without a person: users' own first, then oldest first.

        With `after_id` only what comes behind that action, which may have ended meanwhile. Deliveries
        whose ids are in `without` are left out; what a person asked for is not.
        """
        ...

    async def take_in(
        self, epoch: int, new: NewAction, attempt: Attempt, searched_from: datetime | None
    ) -> TakenIn:
        """Store a new action as `accept_action` does, and in the same piece that it is being sent.

        The latter is left out, and nothing is to be sent, when the action is not new, when another
        of the account is open, or when the caller does not own the account any more.

        Raises:
            UnknownAccountError, ActionConflictError: as `accept_action`.
        """
        ...

    async def begin_attempt(
        self,
        account_id: str,
        epoch: int,
        action_id: str,
        attempt: Attempt,
        searched_from: datetime | None,
        *,
        known_attempts: int,
    ) -> bool:
        """Note durably that the action is about to be sent.

        Returns False, and notes nothing, when it ended meanwhile, or has other than the
        `known_attempts` that this was decided on: it must not be sent then.
        """
        ...

    async def end_attempt(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> bool:
        """Store how an attempt ended, where the action stands, and its object, in one piece.

        A read-back, and a sending that was never begun, is stored as a whole. Returns False, and
        stores nothing of such a one, when the action has other than its `known_attempts` by now.

        An object of a replicated type becomes the newest version of its row, and a change.
        """
        ...

    async def close_action(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> None:
        """Store where the action stands without another attempt."""
        ...

    async def object(
        self, account_id: str, object_type: str, object_id: str
    ) -> StoredObject | None:
        """Return one object, a tombstone too, or None when it was never seen."""
        ...


class ActionDirectory(Protocol):
    """Actions, for everybody but actors."""

    async def accept_action(self, new: NewAction) -> tuple[Action, bool]:
        """Store a new action; return it and whether it is new.

        Under a key that is known for the same type and payload this is the action stored then.

        Raises:
            UnknownAccountError: there is no such account.
            ActionConflictError: the key stands for something else; or, without a key, the same was
                asked for within 24 h, by our clock or the vendor's, or has not ended, and has not
                failed.
            ActionLimitError: there were as many of its kind within 24 h as there may be.
        """
        ...

    async def keyed_action(self, account_id: str, key: str) -> Action | None:
        """Return the action that was stored under this key, if there is one."""
        ...

    async def action(self, account_id: str, action_id: str) -> Action | None:
        """Return one action with its attempts."""
        ...

    async def actions(self, wanted: ActionFilter) -> Sequence[Action]:
        """Return a page of actions, newest first."""
        ...

    async def revive_action(
        self, account_id: str, action_id: str, at: datetime, limit: ActionLimit | None = None
    ) -> Action | None:
        """Ask for an action again by hand; None when there is none of this id.

        Raises:
            ActionConflictError: it succeeded, or is being sent; or it failed, and without a key
                the same was asked for again since; or it delivers a routing no longer.
            ActionLimitError: it failed, and one more of its kind does not keep to the limit.
        """
        ...

    async def cancel_action(self, account_id: str, action_id: str, at: datetime) -> Action | None:
        """Call an action off that is certain not to have happened; None when there is none.

        Raises:
            ActionConflictError: it has ended, is being sent, or may have happened.
        """
        ...

    async def action_counts(self) -> tuple[Mapping[str, int], int]:
        """Return how many actions there are in each state, and how many wait for a person."""
        ...
