"""One connection that writes: commits what it is given in groups, in that order."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import psycopg

from store.crash_points import Commit, CrashPoint, Place
from store.errors import StoreOpenError, StoreUnavailableError
from store.postgresql.group_commit import Committed, CommitUnknownError, Undone, commit_group
from store.postgresql.readers import Connect
from store.postgresql.session import PostgresqlSession
from store.postgresql.trouble import is_to_be_repeated, unavailable
from store.postgresql.work_thread import WorkThread
from store.relational.named_sql import StatementNames
from store.relational.session import Work

if TYPE_CHECKING:
    import asyncio

LANES = StatementNames("transactions")

_TIMES = 5
"""How often a group is begun again when others are in the way, or the connection is lost."""

_PAUSE_S = 0.02
_UNKNOWN_S = 10.0
"""How long the server is asked what became of a commit."""

_ASK_AGAIN_S = 0.1


@dataclass(slots=True)
class Unit:
    """A piece of work, and who waits for it."""

    work: Work[Any]
    size_bytes: int
    commit: Commit
    waiter: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a group.

    Attributes:
        trouble: why the database took nothing at all, or None.
    """

    units: Sequence[Unit]
    committed: Committed
    trouble: StoreUnavailableError | None = None


class Lane:
    """Commits units in the order of their submission, each whole or not at all.

    There is no task: a submission posts the draining to the thread, and that goes on there until
    nothing is left. While one group commits, the next one gathers.
    """

    def __init__(
        self,
        name: str,
        connect: Connect,
        deliver: Callable[[Delivery], None],
        *,
        group_bytes: int,
        crash_point: CrashPoint | None = None,
    ) -> None:
        """Take how to connect, who hears on the loop of what became of groups, and their size.

        No more than one unit is committed at once when `group_bytes` is 0.
        """
        self._connect = connect
        self._deliver = deliver
        self._group_bytes = group_bytes
        self._crash_point = crash_point
        self._thread = WorkThread(name)
        self._session: PostgresqlSession | None = None
        self._lock = Lock()
        self._pending: deque[Unit] = deque()
        self._draining = False

    async def open(self) -> None:
        """Connect, so that what keeps it from that shows at once."""
        await self._thread.run(self._opened)

    def put(self, unit: Unit) -> None:
        """Have the unit committed."""
        with self._lock:
            self._pending.append(unit)
            idle, self._draining = not self._draining, True
        if idle:
            self._thread.post(self._drain)

    async def close(self) -> None:
        """Finish what was given, then let go of the connection."""
        await self._thread.run(self._let_go)
        await self._thread.close()

    def _drain(self) -> None:
        while group := self._take_group():
            delivery = self._commit(group)
            if self._crash_point is not None and delivery.trouble is None:
                self._pass(group, Place.AFTER_COMMIT)
            self._thread.call_back(partial(self._deliver, delivery))

    def _take_group(self) -> Sequence[Unit]:
        group: list[Unit] = []
        room = self._group_bytes
        with self._lock:
            while self._pending and (not group or self._pending[0].size_bytes <= room):
                unit = self._pending.popleft()
                room -= unit.size_bytes
                group.append(unit)
            self._draining = bool(group)
        return group

    def _commit(self, group: Sequence[Unit]) -> Delivery:
        """Never raises: all waiters get what went wrong, and none may wait for ever."""
        try:
            return Delivery(group, self._commit_at_last(group))
        except Exception as error:  # noqa: BLE001
            trouble = _trouble(error)
            undone = [Undone(_trouble(error)) for _ in group]
            return Delivery(group, Committed(undone, None), trouble)

    def _commit_at_last(self, group: Sequence[Unit]) -> Committed:
        works = [unit.work for unit in group]
        before_commit = partial(self._pass, group, Place.BEFORE_COMMIT)
        for left in reversed(range(_TIMES)):
            session = self._opened()
            try:
                return commit_group(session, works, before_commit if self._crash_point else None)
            except CommitUnknownError as unknown:
                self._let_go()
                if self._was_committed(unknown.transaction):
                    return unknown.committed
            except psycopg.Error as error:
                lost = session.is_lost
                if lost or isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
                    self._let_go()
                if not left or not (lost or is_to_be_repeated(error)):
                    raise
            _sleep(_PAUSE_S)
        raise StoreUnavailableError("other writers were in the way again and again")

    def _was_committed(self, transaction: str) -> bool:
        """Ask the server, when it can be reached again.

        Raises:
            StoreUnavailableError: it did not say within the time; what is submitted again then may
                be there already.
        """
        for _ in range(int(_UNKNOWN_S / _ASK_AGAIN_S)):
            try:
                rows = self._opened().execute(LANES["status"], (transaction,))
                (status,) = rows.fetchone()
            except (psycopg.Error, StoreUnavailableError):
                self._let_go()
            else:
                if status != "in progress":
                    return bool(status == "committed")
            _sleep(_ASK_AGAIN_S)
        raise StoreUnavailableError(
            "the connection was lost, and what became of a commit is unknown"
        )

    def _opened(self) -> PostgresqlSession:
        if self._session is not None and not self._session.is_at_rest:
            self._let_go()
        if self._session is None:
            self._session = self._connect()
        return self._session

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _pass(self, group: Sequence[Unit], place: Place) -> None:
        if self._crash_point is not None:
            for unit in group:
                self._crash_point.passed(unit.commit, place)


def _sleep(seconds: float) -> None:
    """Rest on the lane's own thread."""
    Event().wait(seconds)


def _trouble(error: Exception) -> StoreUnavailableError:
    """Return a new exception each time: raising one adds to its traceback."""
    if isinstance(error, StoreUnavailableError):
        trouble = type(error)(*error.args)
    elif isinstance(error, StoreOpenError):  # a later version changed the schema meanwhile
        trouble = StoreUnavailableError(str(error))
    else:
        trouble = unavailable(error) or StoreUnavailableError(repr(error))
    trouble.__cause__ = error
    return trouble
