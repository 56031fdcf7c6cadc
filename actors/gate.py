"""Where every call of one account waits for its turn: most urgent first, within the limits."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from math import inf
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING

import anyio

from actors.breaker import Breaker, BreakerState
from actors.bucket import CallBucket
from actors.clock import Clock
from actors.errors import (
    AllowanceUsedUpError,
    BreakerOpenError,
    ThrottledError,
    TooLateError,
    TransientError,
    UnknownOutcomeError,
    VendorError,
)
from actors.read_meter import ReadMeter
from actors.settings import AccountSettings
from actors.vendor_rest import NO_REST, VendorRest
from actors.vendors.base import Permit, Priority

if TYPE_CHECKING:
    from actors.read_state import Ticket

_THROTTLE_JITTER = 0.1


@dataclass(order=True, slots=True)
class _Ticket:
    priority: int
    order: int
    is_batch: bool = field(compare=False)
    turn: anyio.Event | None = field(default=None, compare=False)


class Passage:
    """One call on its way through a gate: a class, for a generator takes longer than the gate itself."""

    __slots__ = ("_gate", "began_s", "counts_as", "items", "operation", "priority", "ticket")

    def __init__(
        self,
        gate: "Gate",
        priority: Priority,
        counts_as: Priority,
        operation: str,
        /,
        *,
        items: int | None = None,
    ) -> None:
        self._gate = gate
        self.priority = priority
        self.counts_as = counts_as
        self.operation = operation
        self.items = items
        self.ticket: Ticket | None = None
        self.began_s = 0.0

    async def __aenter__(self) -> None:
        await self._gate.enter(self)

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._gate.left(self, error)


class Gate:
    """Lets one account's calls through, one by one.

    Promises: never more calls than the limits allow in any window; among those that wait, the most
    urgent goes first; one place in flight, and one call of each window, are kept free for a user's
    own calls; a throttled account makes no call before the time that the vendor asked for.

    Attributes:
        last_response_s: how long the last call took; None before the first.
        slowest_response_s: how long the slowest took since somebody set this to 0.
    """

    __slots__ = (
        "_account_id",
        "_clock",
        "_hold_until_s",
        "_known_state",
        "_on_breaker",
        "_order",
        "_queue",
        "_random",
        "_reads",
        "breaker",
        "bucket",
        "last_response_s",
        "slowest_response_s",
    )

    def __init__(
        self,
        settings: AccountSettings,
        clock: Clock,
        random: Random,
        on_breaker: Callable[[BreakerState], None],
        *,
        reads: ReadMeter | None = None,
        account_id: str = "",
        rest: VendorRest = NO_REST,
    ) -> None:
        now_s = clock.now().monotonic_s
        self.bucket = CallBucket(settings.limits, now_s)
        self.breaker = Breaker(settings.breaker, rest)
        self._clock = clock
        self._random = random
        self._on_breaker = on_breaker
        self._reads = reads
        self._account_id = account_id
        self._known_state = self.breaker.state(now_s)
        self._hold_until_s = rest.hold_until_s
        self._queue: list[_Ticket] = []
        self._order = count()
        self.last_response_s: float | None = None
        self.slowest_response_s = 0.0

    def rest_s(self, now_s: float) -> float:
        """Return how long nothing should be begun: the breaker's rest, or the wait that the vendor asked for."""
        return max(self.breaker.wait_s(now_s), self._hold_until_s - now_s, 0.0)

    def rest(self) -> VendorRest:
        """Return what the account's next gate has to respect."""
        breaker = self.breaker
        return VendorRest(self._hold_until_s, breaker.failures, breaker.retry_at_s)

    def permit(self, priority: Priority, budget: Priority | None = None) -> Permit:
        """Return what a vendor's package enters around each of its calls.

        Metered reads count as those of `budget`, if that is another than `priority`: what a person
        asked for may wait behind more urgent calls, and its reads are not kept for others.

        Entering raises `BreakerOpenError` while the vendor is being left alone, and
        `ThrottledError` while it asked to be: only a user's call waits for the end of that.
        A metered call is counted before it is made, a batch as all that it does, and raises
        `AllowanceUsedUpError` while those of its budget rest, `StoreUnavailableError` when it can't be
        counted durably.
        """
        return partial(Passage, self, priority, priority if budget is None else budget)

    async def enter(self, passage: "Passage") -> None:
        """Wait for the call's turn, and count it; `left` must follow."""
        await self._wait_for_turn(passage.priority, is_batch=passage.items is not None)
        if self._reads is not None:
            reads = 1 if passage.items is None else passage.items
            try:
                passage.ticket = await self._reads.admit(
                    self._account_id, passage.operation, passage.counts_as, reads=reads
                )
            except BaseException as error:
                self._ended(error)
                raise
        passage.began_s = self._clock.now().monotonic_s

    def left(self, passage: "Passage", error: BaseException | None) -> None:
        """Learn from how a call ended."""
        self._took(self._clock.now().monotonic_s - passage.began_s)
        self._ended(error)
        if self._reads is not None and passage.ticket is not None:
            self._reads.ended(passage.ticket, error)

    async def ready(self, priority: Priority) -> None:
        """Return when a call of this priority would be let through now. Raises `BreakerOpenError`."""
        await self._wait_for_turn(priority, takes=False)

    async def _wait_for_turn(
        self, priority: Priority, *, is_batch: bool = False, takes: bool = True
    ) -> None:
        ticket = _Ticket(priority, next(self._order), is_batch)
        heapq.heappush(self._queue, ticket)
        try:
            while (wait_s := self._wait_s(ticket)) > 0:
                turn = ticket.turn = anyio.Event()
                with anyio.move_on_after(wait_s):
                    await turn.wait()
            if takes:
                now_s = self._clock.now().monotonic_s
                self.bucket.take(now_s, is_batch=is_batch)
                self.breaker.began(now_s)
                self._report_breaker()
        finally:
            self._queue.remove(ticket)
            heapq.heapify(self._queue)
            self._wake_next()

    def _wait_s(self, ticket: _Ticket) -> float:
        now_s = self._clock.now().monotonic_s
        if (rest_s := self.breaker.wait_s(now_s)) > 0:
            raise BreakerOpenError(rest_s)
        by_user = ticket.priority == Priority.USER
        hold_s = self._hold_until_s - now_s
        if hold_s > 0 and not by_user:
            text = f"the vendor asked to be left alone for another {hold_s:.0f} s"
            raise ThrottledError(text, retry_after_s=hold_s)
        if self.breaker.probing or self._comes_later(ticket, now_s):
            return inf
        reserve = 0 if by_user else 1
        wait_s = self.bucket.wait_s(now_s, reserve=reserve, is_batch=ticket.is_batch)
        return max(wait_s, hold_s)

    def _comes_later(self, ticket: _Ticket, now_s: float) -> bool:
        """Tell whether another goes first. A batch that waits for the limit on batches lets others pass."""
        first = self._queue[0]
        if first is ticket:
            return False
        if ticket.is_batch or not first.is_batch or self.bucket.takes_batch(now_s):
            return True
        return any(each < ticket and not each.is_batch for each in self._queue)

    def _ended(self, error: BaseException | None) -> None:
        rest = (self._hold_until_s, self.breaker.probing, self._known_state)
        self.bucket.give_back()
        now_s = self._clock.now().monotonic_s
        match error:
            case AllowanceUsedUpError(status=None) | TooLateError():  # no call was made
                self.breaker.abandoned()
            case AllowanceUsedUpError():
                self.breaker.succeeded()
            case ThrottledError(retry_after_s=retry_after_s):
                jitter = 1.0 + _THROTTLE_JITTER * self._random.random()
                self._hold_until_s = max(self._hold_until_s, now_s + retry_after_s * jitter)
                self.breaker.succeeded()
            case TransientError() | UnknownOutcomeError():
                self.breaker.failed(now_s, self._random)
            case None | VendorError():
                self.breaker.succeeded()
            case _:
                self.breaker.abandoned()
        self._report_breaker()
        if rest == (self._hold_until_s, self.breaker.probing, self._known_state):
            self._wake_next()
        else:
            self._wake_all()

    def _took(self, duration_s: float) -> None:
        self.last_response_s = duration_s
        self.slowest_response_s = max(self.slowest_response_s, duration_s)

    def _wake_next(self) -> None:
        """Have the first look whether it is its turn. Where a batch waits, others may go before it."""
        if self._queue and self._queue[0].is_batch:
            self._wake_all()
        elif self._queue and (turn := self._queue[0].turn) is not None:
            turn.set()

    def _wake_all(self) -> None:
        for ticket in self._queue:
            if ticket.turn is not None:
                ticket.turn.set()

    def _report_breaker(self) -> None:
        state = self.breaker.state(self._clock.now().monotonic_s)
        if state is not self._known_state:
            self._known_state = state
            self._on_breaker(state)
