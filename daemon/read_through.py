"""What readers of an account ask of it: to be looked at sooner, or first.

A reader names the age that is young enough. The age is counted from the last look at the vendor:
what the vendor may show late (`overlap`) is not made younger by looking again. When the last look is
older, the account's actor makes one, which all who wait share; each is answered once looks that
began late enough for them are stored. When that is known to be impossible, nobody waits.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from math import inf

import anyio

from actors.breaker import BreakerState
from actors.clock import Clock
from actors.events import Listener, ReadThroughEnded
from actors.messages import Read
from actors.staleness import ReadOutcome, StaleReason
from actors.status import ActorStatus
from actors.surroundings import Surroundings
from actors.vendors.base import Priority
from daemon.hosted import Condition, HostedAccount, NotHostedError
from daemon.hosting import Hosting
from daemon.read_watch import ReadWait, ReadWatch
from store.errors import StoreUnavailableError
from store.models import Account
from store.ports import Store

SKEW_S = 5.0
"""A vendor's clock may be so far ahead of ours before ours is not believed to tell an age."""
_TOLD_AGAIN_AFTER_S = 5.0
"""An actor is told of readers who wait for nothing this often at most: they come by the hundred."""
_SAID_AGAIN_AFTER_S = 1.0

Place = Callable[[float], AbstractContextManager[bool]]
"""Holds a place among those who wait, so long at most; false when there is none."""


@dataclass(frozen=True, slots=True)
class ReadThrough:
    """The account as it is now, and why it is older than was asked for, if it is."""

    account: Account
    reason: StaleReason | None


class ReaderDesk:
    """Takes in who reads which account, for all of them."""

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        surroundings: Mapping[str, Surroundings],
        watch: ReadWatch,
        clock: Clock,
        tell: Listener,
    ) -> None:
        """Take what is asked; `surroundings` are looked at afresh each time."""
        self._store = store
        self._supervisor = supervisor
        self._surroundings = surroundings
        self._watch = watch
        self._clock = clock
        self._tell = tell

    def note(self, account_id: str) -> None:
        """Take in that an account is read. It makes no call and writes nothing."""
        now_s = self._clock.now().monotonic_s
        hosted = self._supervisor.hosted().get(account_id)
        if hosted is None or now_s - hosted.read_at_s < _TOLD_AGAIN_AFTER_S:
            return
        hosted.read_at_s = now_s
        with suppress(NotHostedError):
            self._supervisor.nudge(account_id, Read())

    async def bring_up(self, account: Account, max_age_s: float, place: Place) -> ReadThrough:
        """Have the account looked at if the last look is older than that, and wait for it.

        Args:
            account: as it is stored.
            max_age_s: how old the last look may be.
            place: where one may wait.

        Raises:
            StoreUnavailableError: the store can't be read.
        """
        began_s = self._clock.now().monotonic_s
        if self._is_young(account, max_age_s):
            self.note(account.id)
            return self._ended(account, began_s, ReadOutcome.FRESH, None)
        reason = self._hindrance(account)
        if reason is None:
            reason = await self._wait(account, began_s - max_age_s, place)
            account = await self._store.account(account.id)
        elif reason is not StaleReason.DISCONNECTED:
            self.note(account.id)
        if reason is None and await self._store.held_deletes(account.id):
            reason = StaleReason.DELETES_HELD
        outcome = ReadOutcome.LOOKED if reason is None else ReadOutcome.STALE
        return self._ended(account, began_s, outcome, reason)

    def _is_young(self, account: Account, max_age_s: float) -> bool:
        around = self._surroundings.get(account.vendor)
        if around is None or account.exact_as_of is None:
            return False
        looked_s = _age_s(account.exact_as_of, self._clock.now().utc) - around.settings.overlap_s
        return -SKEW_S <= looked_s <= max_age_s

    async def _wait(self, account: Account, since_s: float, place: Place) -> StaleReason | None:
        """Wait for a look; return why there is none that is late enough."""
        with self._watch.waiting(account.id, since_s) as wait:
            around = self._surroundings[account.vendor]
            with place(around.settings.read_through_wait_s) as has_place:
                if not has_place:
                    return StaleReason.BUSY
                try:
                    await self._have_looked_at(account, wait)
                except NotHostedError:
                    return StaleReason.NOT_RUNNING
            if wait.served:
                return None
            if not wait.over.is_set():
                return StaleReason.TIMED_OUT
        with suppress(StoreUnavailableError):
            account = await self._store.account(account.id)
        return self._hindrance(account) or StaleReason.VENDOR_FAILING

    async def _have_looked_at(self, account: Account, wait: ReadWait) -> None:
        """Tell the account's actor who waits, until the wait is over.

        To another process it is said again, for words may be lost either way: the second time it is
        kept for the actor, and what was stored meanwhile is looked at.

        Raises:
            NotHostedError: there is no actor.
            StoreUnavailableError: the store can't be read or written.
        """
        times_said, read = 0, Read(wait.since_s)
        while not wait.over.is_set():
            is_here = self._supervisor.is_here(account.id)
            if times_said == 1 and not is_here:
                await self._supervisor.tell(account.id, read)
            else:
                self._supervisor.nudge(account.id, read)
            times_said += 1
            with anyio.move_on_after(inf if is_here else _SAID_AGAIN_AFTER_S):
                await wait.over.wait()
            if not (is_here or wait.over.is_set()):
                stored = await self._store.account(account.id)
                waits_since_s = self._clock.now().monotonic_s - wait.since_s
                wait.served = self._is_young(stored, waits_since_s)
                if wait.served:
                    return

    def _hindrance(self, account: Account) -> StaleReason | None:
        """Say why no look can be made now, as far as that is known."""
        hosted = self._supervisor.hosted().get(account.id)
        around = self._surroundings.get(account.vendor)
        status = None if hosted is None else hosted.status()
        rules = (
            (account.disconnected_at is not None, StaleReason.DISCONNECTED),
            (account.reauth_cause is not None, StaleReason.REAUTH_REQUIRED),
            (_is(hosted, Condition.OWNER_NEEDED), StaleReason.REAUTH_REQUIRED),
            (_is(hosted, Condition.QUARANTINED), StaleReason.QUARANTINED),
            (account.paused, StaleReason.PAUSED),
            (around is None or not _is(hosted, Condition.RUNNING), StaleReason.NOT_RUNNING),
            (not self._store.health().writable, StaleReason.STORE_UNAVAILABLE),
            (around is not None and _is_used_up(around), StaleReason.ALLOWANCE_USED_UP),
            (status is not None and status.breaker is BreakerState.OPEN, StaleReason.BREAKER_OPEN),
            (status is not None and _is_read_whole(status), StaleReason.BACKFILLING),
        )
        return next((reason for holds, reason in rules if holds), None)

    def _ended(
        self, account: Account, began_s: float, outcome: ReadOutcome, reason: StaleReason | None
    ) -> ReadThrough:
        waited_s = self._clock.now().monotonic_s - began_s
        self._tell(ReadThroughEnded(account.id, account.vendor, outcome, reason, waited_s))
        return ReadThrough(account, reason)


def _age_s(exact_as_of: datetime, now: datetime) -> float:
    return (now - exact_as_of).total_seconds()


def _is(hosted: HostedAccount | None, condition: Condition) -> bool:
    return hosted is not None and hosted.condition is condition


def _is_used_up(around: Surroundings) -> bool:
    return around.reads is not None and Priority.READ in around.reads.state().resting


def _is_read_whole(status: ActorStatus) -> bool:
    """Tell whether something is being read from end to end, or has yet to be: nobody can wait for that."""
    return status.reads_whole or not all(cursor.complete for cursor in status.cursors.values())
