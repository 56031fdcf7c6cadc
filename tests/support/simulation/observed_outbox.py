"""The ledger of users' writes as one process sees it: each commit is a moment to die at."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from store.action_models import Action, Attempt, AttemptEnd, NewAction, TakenIn
from store.drift import Comparison, ComparisonNoted, DueComparison
from store.models import StoredObject
from store.sqlite import SqliteStore

Answer = TypeVar("Answer")


class _Observed(Protocol):
    _store: SqliteStore

    async def _write(self, call: Callable[[], Awaitable[Answer]]) -> Answer: ...


class ObservedOutbox:
    """A base of `ObservedStore`."""

    async def open_actions(
        self: _Observed,
        account_id: str,
        *,
        limit: int,
        after_id: str | None = None,
        without: Sequence[str] = (),
    ) -> Sequence[Action]:
        return await self._store.open_actions(
            account_id, limit=limit, after_id=after_id, without=without
        )

    async def object(
        self: _Observed, account_id: str, object_type: str, object_id: str
    ) -> StoredObject | None:
        return await self._store.object(account_id, object_type, object_id)

    async def accept_action(self: _Observed, new: NewAction) -> tuple[Action, bool]:
        return await self._write(lambda: self._store.accept_action(new))

    async def take_in(
        self: _Observed,
        epoch: int,
        new: NewAction,
        attempt: Attempt,
        searched_from: datetime | None,
    ) -> TakenIn:
        return await self._write(lambda: self._store.take_in(epoch, new, attempt, searched_from))

    async def begin_attempt(
        self: _Observed,
        account_id: str,
        epoch: int,
        action_id: str,
        attempt: Attempt,
        searched_from: datetime | None,
        *,
        known_attempts: int,
    ) -> bool:
        return await self._write(
            lambda: self._store.begin_attempt(
                account_id, epoch, action_id, attempt, searched_from, known_attempts=known_attempts
            )
        )

    async def end_attempt(
        self: _Observed, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> bool:
        return await self._write(lambda: self._store.end_attempt(account_id, epoch, action_id, end))

    async def close_action(
        self: _Observed, account_id: str, epoch: int, action_id: str, end: AttemptEnd
    ) -> None:
        await self._write(lambda: self._store.close_action(account_id, epoch, action_id, end))

    async def next_comparison(self: _Observed, account_id: str) -> datetime | None:
        return await self._store.next_comparison(account_id)

    async def due_comparisons(
        self: _Observed, account_id: str, at: datetime, *, limit: int
    ) -> Sequence[DueComparison]:
        return await self._store.due_comparisons(account_id, at, limit=limit)

    async def types_done_since(
        self: _Observed, account_id: str, object_type: str, object_id: str, since: datetime
    ) -> Sequence[str]:
        return await self._store.types_done_since(account_id, object_type, object_id, since)

    async def note_comparison(
        self: _Observed, account_id: str, epoch: int, comparison: Comparison
    ) -> ComparisonNoted:
        return await self._write(lambda: self._store.note_comparison(account_id, epoch, comparison))
