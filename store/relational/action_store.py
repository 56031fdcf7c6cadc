"""The part of a relational store that keeps users' writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from store.action_models import (
    Action,
    ActionFilter,
    ActionLimit,
    Attempt,
    AttemptEnd,
    NewAction,
    TakenIn,
)
from store.crash_points import Commit
from store.relational import actions, drifts
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session


class ActionStore:
    """`store.action_ports`; a base of `RelationalStore`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def open_actions(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str | None = None,
        without: Sequence[str] = (),
    ) -> Sequence[Action]:
        """Return what is still to be done, users' own first."""
        return await self._readers.run(
            lambda connection: actions.open_actions(
                connection, account_id, limit, after_id, without
            )
        )

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
        """Note that the action is about to be sent."""
        begun = await self._writer.submit(
            lambda connection: actions.begin_attempt(
                connection, account_id, epoch, action_id, attempt, searched_from, known_attempts
            ),
            commit=Commit.ACTION_BEGUN,
            urgent=True,
        )
        if begun:
            self._writer.expect_urgent()
        return begun

    async def take_in(
        self, epoch: int, new: NewAction, attempt: Attempt, searched_from: datetime | None
    ) -> TakenIn:
        """Store a new action and that it is being sent."""
        taken = await self._writer.submit(
            lambda connection: actions.take_in(connection, epoch, new, attempt, searched_from),
            len(new.payload),
            Commit.ACTION_TAKEN_IN,
            urgent=True,
        )
        if taken.begun:
            self._writer.expect_urgent()
        return taken

    async def end_attempt(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> bool:
        """Store how an attempt ended, with all that goes with it."""

        def end_it(connection: Session) -> bool:
            ended = actions.end_attempt(connection, account_id, epoch, action_id, end)
            if ended and end.mismatches:
                at = end.attempt.ended_at or end.attempt.at
                drifts.see_all(connection, account_id, action_id, end.mismatches, at)
            return ended

        size = 2 * len(end.record.payload) if end.record else 0
        try:
            return await self._writer.submit(end_it, size, Commit.ACTION_ENDED, urgent=True)
        finally:
            self._writer.urgent_came()

    async def close_action(
        self, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> None:
        """Store where the action stands."""
        await self._writer.submit(
            lambda connection: actions.close_action(connection, account_id, epoch, action_id, end),
            commit=Commit.ACTION_CLOSED,
            urgent=True,
        )

    async def accept_action(self, new: NewAction) -> tuple[Action, bool]:
        """Store a new action, or return the one under its key."""
        return await self._writer.submit(
            partial(actions.accept, new=new),
            len(new.payload),
            Commit.ACTION_ACCEPTED,
            urgent=True,
        )

    async def keyed_action(self, account_id: str, key: str) -> Action | None:
        """Return the action under this key."""
        return await self._readers.run(
            partial(actions.keyed_action, account_id=account_id, key=key)
        )

    async def action(self, account_id: str, action_id: str) -> Action | None:
        """Return one action."""
        return await self._readers.run(
            partial(actions.read_action, account_id=account_id, action_id=action_id)
        )

    async def actions(self, wanted: ActionFilter) -> Sequence[Action]:
        """Return a page of actions, newest first."""
        return await self._readers.run(partial(actions.read_actions, wanted=wanted))

    async def revive_action(
        self, account_id: str, action_id: str, at: datetime, limit: ActionLimit | None = None
    ) -> Action | None:
        """Ask for an action again."""
        return await self._writer.submit(
            lambda connection: actions.revive(connection, account_id, action_id, at, limit),
            commit=Commit.ACTION_REVIVED,
            urgent=True,
        )

    async def cancel_action(self, account_id: str, action_id: str, at: datetime) -> Action | None:
        """Call an action off."""
        return await self._writer.submit(
            partial(actions.cancel, account_id=account_id, action_id=action_id, at=at),
            commit=Commit.ACTION_CANCELED,
            urgent=True,
        )

    async def action_counts(self) -> tuple[Mapping[str, int], int]:
        """Return how many actions there are in each state, and how many wait for a person."""
        return await self._readers.run(actions.action_counts)
