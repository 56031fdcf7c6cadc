"""Who writes: one connection for pages and all the rest, one for what a user waits for."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from store.crash_points import Commit, CrashPoint, Place
from store.errors import NewerSchemaError, StoreFullError, StoreUnavailableError
from store.models import StoreHealth
from store.postgresql.group_commit import Done
from store.postgresql.lane import Delivery, Lane, Unit
from store.postgresql.readers import Connect
from store.relational.session import Work

T = TypeVar("T")

GROUP_BYTES = 4 * 1024 * 1024
"""How much is committed at once at most; a single unit may be larger."""

_UNIT_BYTES = 1024
"""What a unit is taken to write besides the payloads that it says it has."""


class Writer:
    """Commits units, each whole or not at all; those of one kind in the order of their submission.

    Urgent ones are committed one by one on a connection of their own, so that they wait for no page
    but one of their own account.
    """

    def __init__(
        self,
        connect: Connect,
        connect_urgent: Connect,
        on_commit: Callable[[int], None],
        crash_point: CrashPoint | None = None,
    ) -> None:
        """Take how to connect, and who hears of new changes."""
        self._pages = Lane(
            "store-writer",
            connect,
            self._deliver,
            group_bytes=GROUP_BYTES,
            crash_point=crash_point,
        )
        self._urgent = Lane(
            "store-urgent", connect_urgent, self._deliver, group_bytes=0, crash_point=crash_point
        )
        self._on_commit = on_commit
        self._crash_point = crash_point
        self._closed = False
        self._health = StoreHealth(writable=True)
        self._listeners: list[Callable[[StoreHealth], None]] = []
        self._wanted_bytes = 0

    async def open(self) -> None:
        """Connect, so that what keeps it from that shows at once."""
        await self._pages.open()

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

    def expect_urgent(self) -> None:
        """Do nothing: what is urgent has a connection of its own, and pages are not in its way."""

    def urgent_came(self) -> None:
        """Do nothing: nothing was held back."""

    def submit(
        self,
        work: Work[T],
        size_bytes: int = 0,
        commit: Commit = Commit.OTHER,
        *,
        urgent: bool = False,
    ) -> "asyncio.Future[T]":
        """Have the work committed; the result comes once it is durable.

        Cancelling the future does not take the work back.

        Raises:
            StoreUnavailableError: the store is closed.
        """
        if self._closed:
            raise StoreUnavailableError("the store is closed")
        if self._crash_point is not None:
            self._crash_point.passed(commit, Place.SUBMITTED)
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        lane = self._urgent if urgent else self._pages
        lane.put(Unit(work, _UNIT_BYTES + size_bytes, commit, waiter))
        return waiter

    async def close(self) -> None:
        """Finish what was submitted; refuse what comes later."""
        self._closed = True
        await self._urgent.close()
        await self._pages.close()

    def _deliver(self, delivery: Delivery) -> None:
        for unit, outcome in zip(delivery.units, delivery.committed.outcomes, strict=True):
            if unit.waiter.done():
                continue
            if isinstance(outcome, Done):
                unit.waiter.set_result(outcome.value)
            else:
                unit.waiter.set_exception(outcome.error)
        self._note_health(delivery.trouble, sum(unit.size_bytes for unit in delivery.units))
        if delivery.committed.last_seq is not None:
            self._on_commit(delivery.committed.last_seq)

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
            outdated = isinstance(trouble.__cause__, NewerSchemaError)
            health = StoreHealth(writable=False, reason=str(trouble), outdated=outdated)
        before, self._health = self._health, health
        if (health.writable, health.outdated) != (before.writable, before.outdated):
            for listener in self._listeners:
                listener(health)
