"""The one writer: takes what all actors submit, and commits it in groups."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from store.crash_points import Commit, CrashPoint, Place
from store.errors import StoreFullError, StoreUnavailableError
from store.models import StoreHealth
from store.sqlite.database import Database, Work
from store.sqlite.group_commit import Done, GroupResult, commit_group

T = TypeVar("T")

GROUP_BYTES = 8 * 1024 * 1024
"""How much is committed at once at most; a single unit may be larger."""

_UNIT_BYTES = 1024
"""What a unit is taken to write besides the payloads that it says it has."""


@dataclass(frozen=True, slots=True)
class _Unit:
    work: Work[Any]
    size_bytes: int
    commit: Commit
    waiter: "asyncio.Future[Any]"


class Writer:
    """Commits units in the order of their submission, each whole or not at all.

    There is no task: a submission posts the draining to the database, and that goes on there until
    nothing is left. While one group commits, the next one gathers.
    """

    def __init__(
        self,
        database: Database,
        on_commit: Callable[[int], None],
        crash_point: CrashPoint | None = None,
    ) -> None:
        self._database = database
        self._on_commit = on_commit
        self._crash_point = crash_point
        self._lock = Lock()
        self._pending: deque[_Unit] = deque()
        self._draining = False
        self._closed = False
        self._health = StoreHealth(writable=True)
        self._listeners: list[Callable[[StoreHealth], None]] = []
        self._wanted_bytes = 0

    @property
    def health(self) -> StoreHealth:
        """How the last attempt went."""
        return self._health

    @property
    def wanted_bytes(self) -> int:
        """How much there was no room for; 0 when there was."""
        return self._wanted_bytes

    def on_health(self, listener: Callable[[StoreHealth], None]) -> None:
        """Call the listener each time writing stops or resumes."""
        self._listeners.append(listener)

    def submit(
        self, work: Work[T], size_bytes: int = 0, commit: Commit = Commit.OTHER
    ) -> "asyncio.Future[T]":
        """Have the work committed; the result comes once it is durable.

        Cancelling the future does not take the work back. `commit` names its crash points.

        Raises:
            StoreUnavailableError: the store is closed.
        """
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        if self._crash_point is not None:
            self._crash_point.passed(commit, Place.SUBMITTED)
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._pending.append(_Unit(work, _UNIT_BYTES + size_bytes, commit, waiter))
            idle, self._draining = not self._draining, True
        if idle:
            self._database.post(self._drain)
        return waiter

    async def close(self) -> None:
        """Finish what was submitted; refuse what comes later."""
        last = self.submit(lambda _: None)
        self._closed = True
        await asyncio.wait([last])
        last.exception()

    def _drain(self, connection: sqlite3.Connection) -> None:
        while group := self._take_group():
            if self._crash_point is None:
                result = commit_group(connection, [unit.work for unit in group])
            else:
                result = self._commit_mortally(connection, group, self._crash_point)
            self._database.call_back(partial(self._deliver, group, result))

    def _commit_mortally(
        self, connection: sqlite3.Connection, group: Sequence[_Unit], crash_point: CrashPoint
    ) -> GroupResult:
        def passed(place: Place) -> None:
            for unit in group:
                crash_point.passed(unit.commit, place)

        result = commit_group(
            connection,
            [unit.work for unit in group],
            before_commit=partial(passed, Place.BEFORE_COMMIT),
        )
        if result.trouble is None:
            passed(Place.AFTER_COMMIT)
        return result

    def _take_group(self) -> Sequence[_Unit]:
        group: list[_Unit] = []
        room = GROUP_BYTES
        with self._lock:
            while self._pending and (not group or self._pending[0].size_bytes <= room):
                unit = self._pending.popleft()
                room -= unit.size_bytes
                group.append(unit)
            self._draining = bool(group)
        return group

    def _deliver(self, group: Sequence[_Unit], result: GroupResult) -> None:
        for unit, outcome in zip(group, result.outcomes, strict=True):
            if unit.waiter.done():
                continue
            if isinstance(outcome, Done):
                unit.waiter.set_result(outcome.value)
            else:
                unit.waiter.set_exception(outcome.error)
        self._note_health(result.trouble, sum(unit.size_bytes for unit in group))
        if result.trouble is None:
            self._on_commit(result.last_seq)

    def _note_health(self, trouble: StoreUnavailableError | None, size_bytes: int) -> None:
        """A small commit that still found room does not show room for what had none."""
        if trouble is None:
            if size_bytes < self._wanted_bytes:
                return
            self._wanted_bytes = 0
            health = StoreHealth(writable=True)
        else:
            if isinstance(trouble, StoreFullError):
                self._wanted_bytes = max(self._wanted_bytes, min(size_bytes, GROUP_BYTES))
            health = StoreHealth(writable=False, reason=str(trouble))
        stopped_or_resumed = health.writable != self._health.writable
        self._health = health
        if stopped_or_resumed:
            for listener in self._listeners:
                listener(health)
