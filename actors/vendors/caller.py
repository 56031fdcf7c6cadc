"""Single calls to a vendor: made, told to the listener, and their failures named."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Generic, TypeVar

import anyio
import httpx
from anyio.lowlevel import checkpoint

from actors.clock import Clock
from actors.errors import (
    NotSentError,
    ThrottledError,
    TransientError,
    VendorError,
)
from actors.events import CallMade
from actors.vendors.failed_call import FailedCall, UnreadableReplyError, as_unknown, http_date
from actors.vendors.http import HttpChannel, Reply

_GIVES_WAY_S = 0.5
"""So long a reading in pieces lets writes go first at once; then, for as long, it goes on beside them."""

_BREATH_S = 0.003
"""So long after a write its end is being stored, and whoever asked for it answered."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pieces(Generic[T]):
    """A long reading that stops after each piece, so that others are not kept waiting by it."""

    steps: Generator[None, None, T]


Read = Callable[[bytes], T | Pieces[T]]
"""Reads a body with status 200, perhaps in pieces; raises `UnreadableReplyError`.

Whatever else odd numbers and texts make it raise (`ArithmeticError`, `ValueError`) counts as that.
"""

Judge = Callable[[FailedCall], VendorError]
"""Names a failure."""


@dataclass(frozen=True, slots=True)
class CallManners:
    """How one vendor answers.

    Attributes:
        vendor: its name in the contract.
        trace_header: the header with its own id of a call; None when it sends none.
        judge: names a failure where the caller does not say otherwise.
        is_fault: whether a body with status 200 that cannot be read tells of a failure after all.
    """

    vendor: str
    trace_header: str | None
    judge: Judge
    is_fault: Callable[[bytes], bool]


def _ignore(_reply: Reply) -> None:
    pass


class Caller:
    """Makes single calls. Every one is told to the listener, however it ends."""

    def __init__(
        self,
        channel: HttpChannel,
        clock: Clock,
        listener: Callable[[CallMade], None],
        manners: CallManners,
    ) -> None:
        self.channel = channel
        self.clock = clock
        self._listener = listener
        self._manners = manners
        self._piecewise = anyio.Lock(fast_acquire=True)
        self._writing = 0
        self._wrote_s = -inf
        self._goes_on_until_s = -inf

    async def call(
        self,
        operation: str,
        request: httpx.Request,
        read: Read[T],
        *,
        judge: Judge | None = None,
        account: str | None = None,
        secrets: Sequence[str] = (),
        trace_ids: list[str] | None = None,
        on_reply: Callable[[Reply], None] = _ignore,
    ) -> T:
        """Make the call and read its answer; add the vendor's id of it to `trace_ids`.

        Raises:
            VendorError: of the class that `judge` gives it, or `TransientError` when no or no
                readable answer came.
        """
        started_s = self.clock.now().monotonic_s
        reply: Reply | None = None

        def tell(reason: str | None) -> None:
            self._listener(
                CallMade(
                    vendor=self._manners.vendor,
                    operation=operation,
                    status=reply.status if reply else None,
                    reason=reason,
                    duration_s=self.clock.now().monotonic_s - started_s,
                    trace_id=self.trace_id(reply) if reply else None,
                    external_account_id=account,
                )
            )

        try:
            reply = await self.channel.send(request)
            on_reply(reply)
            result = await self._outcome(reply, read, judge or self._manners.judge, secrets)
        except VendorError as error:
            tell(error.reason)
            raise
        tell(None)
        if trace_ids is not None and (trace_id := self.trace_id(reply)) is not None:
            trace_ids.append(trace_id)
        return result

    async def write(
        self,
        operation: str,
        request: httpx.Request,
        read: Read[T],
        *,
        judge: Judge | None = None,
        account: str,
        secrets: Sequence[str],
        on_reply: Callable[[Reply], None],
    ) -> T:
        """Make a call that changes something, once, and read its answer.

        Raises:
            UnknownOutcomeError: it may have happened.
            VendorError: another one: nothing happened.
        """
        self._writing += 1
        try:
            return await self.call(
                operation,
                request,
                read,
                judge=judge,
                account=account,
                secrets=secrets,
                on_reply=on_reply,
            )
        except (ThrottledError, NotSentError):
            raise
        except TransientError as error:
            raise as_unknown(error) from error
        finally:
            self._writing -= 1
            self._wrote_s = self.clock.now().monotonic_s

    def trace_id(self, reply: Reply) -> str | None:
        """Return the vendor's own id of the call, if the answer names it."""
        name = self._manners.trace_header
        trace_id: str | None = None if name is None else reply.headers.get(name)
        return trace_id

    async def _outcome(
        self, reply: Reply, read: Read[T], judge: Judge, secrets: Sequence[str]
    ) -> T:
        if not httpx.codes.is_success(reply.status):
            raise judge(self._failed(reply, secrets))
        try:
            found = read(reply.body)
            if not isinstance(found, Pieces):
                return found
            # One after the other: else each turn of the loop is as long as there are such readings.
            async with self._piecewise:
                return await self._all_of(found)
        except (UnreadableReplyError, ArithmeticError, ValueError) as error:
            if self._manners.is_fault(reply.body):
                raise judge(self._failed(reply, secrets)) from error
            raise TransientError(
                f"the answer cannot be read: {_why(error)}",
                status=reply.status,
                trace_id=self.trace_id(reply),
            ) from error

    async def _all_of(self, pieces: Pieces[T]) -> T:
        while True:
            await self._let_writes_pass()
            try:
                next(pieces.steps)
            except StopIteration as end:
                found: T = end.value
                return found
            await checkpoint()

    async def _let_writes_pass(self) -> None:
        """A write takes many turns of the loop, each of which would be a piece longer."""
        now_s = began_s = self.clock.now().monotonic_s
        until_s = -inf if now_s < self._goes_on_until_s else began_s + _GIVES_WAY_S
        while now_s < until_s and (self._writing or now_s < self._wrote_s + _BREATH_S):
            await anyio.sleep(_BREATH_S)
            now_s = self.clock.now().monotonic_s
        if now_s > began_s:
            self._goes_on_until_s = now_s + (now_s - began_s)

    def _failed(self, reply: Reply, secrets: Sequence[str]) -> FailedCall:
        return FailedCall(
            status=reply.status,
            body=reply.body,
            now=vendor_time(reply) or self.clock.now().utc,
            retry_after=reply.headers.get("retry-after"),
            trace_id=self.trace_id(reply),
            secrets=secrets,
        )


def vendor_time(reply: Reply) -> datetime | None:
    """Return when the vendor answered, by the header that all web servers send, in whole seconds."""
    return http_date(reply.headers.get("date", ""))


def _why(error: Exception) -> str:
    """Only our own text is surely free of what the body says."""
    return str(error) if isinstance(error, UnreadableReplyError) else type(error).__name__
