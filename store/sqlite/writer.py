"""The one writer: takes what all actors submit, and commits it in groups."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from store.crash_points import Commit, CrashPoint, Place
from store.errors import StoreFullError, StoreUnavailableError
from store.models import StoreHealth
from store.sqlite.database import Database
from store.sqlite.group_commit import Done, GroupResult, commit_group
from store.sqlite.log_upkeep import LogUpkeep
from store.sqlite.session import SqliteSession, Work

T = TypeVar("T")

GROUP_BYTES = 8 * 1024 * 1024
"""How much is committed at once at most; a single unit may be larger."""

_SMALL_GROUP_BYTES = 1024 * 1024

_UNIT_BYTES = 1024
"""What a unit is taken to write besides the payloads that it says it has."""

_BROKEN_OFF_AT_MOST = 4
"""How often a group gives way to what is urgent; then it is let through."""

_PRESS_AGAIN_S = 0.001

_HELD_BACK_S = 0.5
"""So long nothing large is begun while something urgent is expected: most vendors answer sooner."""

_KEPT_WAITING_S = 0.5
"""So long what is urgent or expected may keep all else waiting, one after the other: then one small
group of that goes first and is not broken off, for a stream of users' writes need not end."""

_SMALL_GROUPS = 32
"""How many groups after an urgent one are small: another may come, and the larger a commit, the longer
it keeps that one waiting."""

_SMALL_UNIT_BYTES = 64 * 1024
"""Up to this a unit is committed about as soon as anything can be: it is never held back."""

_BREATH_S = 0.002
"""After an urgent commit the loop goes on with it before the thread takes the interpreter again."""


@dataclass(slots=True)
class _Unit:
    work: Work[Any]
    size_bytes: int
    commit: Commit
    waiter: "asyncio.Future[Any]"
    urgent: bool
    broken_off: int = 0


class Writer:
    """Commits units in the order of their submission, each whole or not at all.

    Urgent ones, in their own order, go before all others: they share no commit with them, and what
    is being written when one comes is broken off, undone and begun again behind it. So work must
    have no effect but in the database. What cannot be broken off is the end of a commit, which takes
    milliseconds for a page: so while something urgent is expected, nothing large is begun.

    There is no task: a submission posts the draining to the database, and that goes on there until
    nothing is left. While one group commits, the next one gathers.
    """

    def __init__(
        self,
        database: Database,
        on_commit: Callable[[int], None],
        crash_point: CrashPoint | None = None,
        upkeep: LogUpkeep | None = None,
    ) -> None:
        """Take the connection, who hears of new changes, and what keeps the log short, if not SQLite."""
        self._database = database
        self._on_commit = on_commit
        self._crash_point = crash_point
        self._upkeep = upkeep
        self._tidying: asyncio.TimerHandle | None = None
        self._lock = Lock()
        self._pending: deque[_Unit] = deque()
        self._urgent: deque[_Unit] = deque()
        self._draining = False
        self._held_back: asyncio.TimerHandle | None = None
        self._owes_a_turn = False
        self._patience: asyncio.TimerHandle | None = None
        self._goes_first = False
        self._had_a_turn = False
        self._small_groups = 0
        self._gives_way = False
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
        self,
        work: Work[T],
        size_bytes: int = 0,
        commit: Commit = Commit.OTHER,
        *,
        urgent: bool = False,
    ) -> "asyncio.Future[T]":
        """Have the work committed; the result comes once it is durable.

        Cancelling the future does not take the work back. `commit` names its crash points. `urgent`
        is for what a user waits for: small, and seldom.

        Raises:
            StoreUnavailableError: the store is closed.
        """
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        if self._crash_point is not None:
            self._crash_point.passed(commit, Place.SUBMITTED)
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        unit = _Unit(work, _UNIT_BYTES + size_bytes, commit, waiter, urgent)
        with self._lock:
            (self._urgent if urgent else self._pending).append(unit)
            idle, self._draining = not self._draining, True
        if urgent:
            self._bear_with_it()
            self._press()
        if idle:
            self._database.post(self._drain)
        return waiter

    def expect_urgent(self) -> None:
        """Begin nothing large until `urgent_came`, or for a moment; then some is let through first."""
        if self._held_back is None and not self._owes_a_turn and not self._closed:
            loop = asyncio.get_running_loop()
            self._held_back = loop.call_later(_HELD_BACK_S, self._hold_back_no_longer)
            self._bear_with_it()

    def urgent_came(self) -> None:
        """Go on with what was held back."""
        if self._held_back is not None:
            self._held_back.cancel()
            self._held_back = None
            self._resume_soon()

    def _hold_back_no_longer(self) -> None:
        self._held_back = None
        self._owes_a_turn = bool(self._pending)
        self._resume()

    def _bear_with_it(self) -> None:
        """From now on what is not urgent may be kept waiting; one group of it goes first if it was."""
        if self._patience is None and not self._closed:
            self._had_a_turn = False
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(_KEPT_WAITING_S, self._lose_patience)

    def _lose_patience(self) -> None:
        self._patience = None
        with self._lock:
            self._goes_first = bool(self._pending) and not self._had_a_turn
        if self._goes_first:
            self._resume()

    def _resume_soon(self) -> None:
        if self._pending:
            asyncio.get_running_loop().call_later(_BREATH_S, self._resume)

    def _resume(self) -> None:
        """Have what is left drained, if nobody does."""
        with self._lock:
            idle = not self._draining and bool(self._pending or self._urgent)
            self._draining |= idle
        if idle:
            self._database.post(self._drain)

    async def close(self) -> None:
        """Finish what was submitted; refuse what comes later."""
        self.urgent_came()
        last = self.submit(lambda _: None)
        self._closed = True
        for timer in (self._tidying, self._patience):
            if timer is not None:
                timer.cancel()
        await asyncio.wait([last])
        last.exception()

    def _press(self) -> None:
        """Break off what is not urgent. Between two statements that has no effect: so try again."""
        with self._lock:
            waits = bool(self._urgent) and self._gives_way
            if waits:
                self._database.interrupt()
        if waits:
            asyncio.get_running_loop().call_later(_PRESS_AGAIN_S, self._press)

    def _drain(self, connection: SqliteSession) -> None:
        """Go on until nothing is left; what was urgent is first heard of on the loop, which resumes."""
        after_urgent = False
        while group := self._take_group(after_urgent=after_urgent):
            after_urgent = group[0].urgent
            result = self._commit(connection, group)
            with self._lock:
                self._gives_way = False
                if result.interrupted:
                    for unit in group:
                        unit.broken_off += 1
                    self._pending.extendleft(reversed(group))
                    self._had_a_turn = False
            if not result.interrupted:
                if self._upkeep is not None:
                    self._upkeep.wrote(sum(unit.size_bytes for unit in group))
                self._database.call_back(partial(self._deliver, group, result))
                if self._upkeep is not None and self._upkeep.due:
                    self._carry_over(connection)
        if after_urgent:
            # Not before it is certain that nobody drains: what was left would lie there.
            self._database.call_back(self._resume_soon)

    def _commit(self, connection: SqliteSession, group: Sequence[_Unit]) -> GroupResult:
        if self._crash_point is not None:
            return self._commit_mortally(connection, group, self._crash_point)
        works = [unit.work for unit in group]
        return commit_group(connection, works, gives_way=self._urgent_waits)

    def _urgent_waits(self) -> bool:
        with self._lock:
            return bool(self._urgent) and self._gives_way

    def _carry_over(self, connection: SqliteSession) -> None:
        """Unless somebody urgent waits, who may also break it off, or is expected."""
        with self._lock:
            if self._urgent or self._held_back is not None:
                return
            self._gives_way = True
        if self._upkeep is not None:
            self._upkeep.carry_over(connection)
        with self._lock:
            self._gives_way = False

    def _commit_mortally(
        self, connection: SqliteSession, group: Sequence[_Unit], crash_point: CrashPoint
    ) -> GroupResult:
        def passed(place: Place) -> None:
            for unit in group:
                crash_point.passed(unit.commit, place)

        result = commit_group(
            connection,
            [unit.work for unit in group],
            before_commit=partial(passed, Place.BEFORE_COMMIT),
            gives_way=self._urgent_waits,
        )
        if result.trouble is None and not result.interrupted:
            passed(Place.AFTER_COMMIT)
        return result

    def _take_group(self, *, after_urgent: bool) -> Sequence[_Unit]:
        group: list[_Unit] = []
        with self._lock:
            goes_first = self._goes_first and bool(self._pending)
            self._goes_first = False
            source = self._urgent or (deque() if after_urgent else self._pending)
            if goes_first:
                source = self._pending
            # What was broken off once goes in smaller pieces: less is lost by the next time.
            # So it does for a while after anything urgent, and what was held back comes in a heap.
            is_small = self._small_groups > 0 or bool(source and source[0].broken_off) or goes_first
            room = _SMALL_GROUP_BYTES if is_small else GROUP_BYTES
            while source and (not group or source[0].size_bytes <= room):
                if self._waits(source[0]) and not goes_first:
                    break
                unit = source.popleft()
                room -= unit.size_bytes
                group.append(unit)
            self._draining = bool(group)
            if group:
                self._small_groups = _SMALL_GROUPS if group[0].urgent else self._small_groups - 1
            self._owes_a_turn &= not group or group[0].urgent
            self._had_a_turn |= source is self._pending and bool(group)
            self._gives_way = (
                source is self._pending
                and not goes_first
                and all(unit.broken_off < _BROKEN_OFF_AT_MOST for unit in group)
            )
        return group

    def _waits(self, unit: _Unit) -> bool:
        is_large = unit.size_bytes > _SMALL_UNIT_BYTES
        return self._held_back is not None and is_large and not unit.urgent

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
        self._tidy_soon()

    def _tidy_soon(self) -> None:
        """Have the log carried over once nothing was written for a moment."""
        if self._upkeep is None or self._closed or not self._upkeep.worthwhile:
            return
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.get_running_loop().call_later(
            self._upkeep.pause_s, self._database.post, self._carry_over
        )

    def _note_health(self, trouble: StoreUnavailableError | None, size_bytes: int) -> None:
        """A small commit that still found room does not show room for what had none."""
        if trouble is None:
            goes_on = self._health.writable and self._wanted_bytes == 0
            if goes_on or size_bytes < self._wanted_bytes:
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
