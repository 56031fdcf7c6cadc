"""The calls about one account's writes, and how each of them ended. Stores nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actors.clock import Clock
from actors.errors import (
    BreakerOpenError,
    NotSentError,
    ReauthorizeError,
    RejectedError,
    StaleVersionError,
    ThrottledError,
    TooLateError,
    VendorError,
)
from actors.ledger import LookBack, Send, read_back_outcome
from actors.vendors.base import Permit, Session
from actors.vendors.writing import Intent, NotFound, ReadBack, Target, Unclear, Writer, Written
from store.action_models import Action, ActionPriority, Attempt, AttemptCall, AttemptOutcome
from store.action_ports import Outbox
from store.models import Cursor

_SENT_SOON_S = 60.0
"""A call that comes later than that after its attempt was noted is not made: its owner may be another by now."""
_UNCOVERED = timedelta(days=2)
"""How far back is searched for a type of which no vendor time is known."""
_MOST_DELETED = 200

_NOT_SENT = (NotSentError, ThrottledError, BreakerOpenError, ReauthorizeError)


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed of the account's actor.

    Attributes:
        open_session: returns a session with the tokens of now, for calls about such an action.
        cursors: returns how far each type is read.
        rest_s: returns how long the vendor is to be left alone.
        stopping: tells whether to finish what is in hand and end.
    """

    open_session: Callable[[ActionPriority], Session]
    cursors: Callable[[], Mapping[str, Cursor]]
    rest_s: Callable[[], float]
    stopping: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Called:
    """How a call ended.

    Attributes:
        written: what the vendor did, when it is certain that it did.
        token_refused: the vendor did not accept the access token.
    """

    attempt: Attempt
    written: Written | None = None
    token_refused: bool = False


@dataclass(frozen=True, slots=True)
class Base:
    """What has to be known of an object before it is changed, or why it can't be had."""

    note: str | None = None
    trouble: VendorError | None = None


class _NeverNotedError(Exception):
    """The attempt is not stored: its call must not be made."""


class ActionCalls:
    """Makes the calls of one account's writes."""

    def __init__(
        self, store: Outbox, writer: Writer, clock: Clock, account_id: str, desk: Desk
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._account_id = account_id
        self._desk = desk

    async def base(self, action: Action, move: Send) -> Base:
        """Find out what has to be known of the object; at first from the replica, without a call."""
        target = self._writer.target(action.action_type, action.payload)
        if target.object_id is None:
            return Base()
        if move.repeated is not None:
            return Base(move.repeated.base)
        try:
            record = await self._before(action, target)
        except (RejectedError, *_NOT_SENT) as error:
            return Base(trouble=error)
        except VendorError as error:
            return Base(trouble=NotSentError(f"the object could not be read: {error}"))
        return Base(self._writer.base(action.action_type, action.payload, record))

    async def held_base(self, action: Action) -> Base | None:
        """Return what has to be known of the object, as far as the replica knows; else None."""
        target = self._writer.target(action.action_type, action.payload)
        if target.object_id is None:
            return Base()
        held = await self._held(target)
        if held is None:
            return None
        return Base(self._writer.base(action.action_type, action.payload, held))

    def searched_from(self, action: Action) -> datetime:
        """Return a vendor time before the action was first sent, which it is about to be."""
        if action.searched_from is not None:
            return action.searched_from
        target = self._writer.target(action.action_type, action.payload)
        cursor = self._desk.cursors().get(target.object_type)
        covered = cursor.covered_until if cursor else None
        return covered or self._clock.now().utc - _UNCOVERED

    async def send(self, action: Action, move: Send, attempt: Attempt, begun_s: float) -> Called:
        """Send it, once. The attempt is stored already, since `begun_s`."""
        session = self._desk.open_session(action.priority)
        return await self._send(session, action, move, attempt, begun_s)

    async def send_once_noted(
        self,
        action: Action,
        move: Send,
        attempt: Attempt,
        begun_s: float,
        noted: Callable[[], Awaitable[bool]],
    ) -> Called | None:
        """Prepare the call while its attempt is being stored, and send it, once, when it is.

        Returns None, and sends nothing, when it is not stored.
        """
        session = self._desk.open_session(action.priority)
        session = replace(session, permit=_once_noted(session.permit, noted))
        try:
            called = await self._send(session, action, move, attempt, begun_s)
        except _NeverNotedError:
            return None
        # What kept the call from being made may have come before.
        return called if await noted() else None

    async def _send(
        self, session: Session, action: Action, move: Send, attempt: Attempt, begun_s: float
    ) -> Called:
        session = replace(session, permit=self._in_time(session.permit, begun_s))
        intent = Intent(
            action.id, action.action_type, action.payload, move.generation, attempt.base
        )
        try:
            written = await self._writer.write(session, intent)
        except VendorError as error:
            return failed(attempt, error)
        return _done(attempt, written)

    async def send_together(
        self, begun: Sequence[tuple[Action, Send, Attempt]], begun_s: float
    ) -> Sequence[Called]:
        """Send them by one call, once; say how each ended. The attempts are stored, since `begun_s`."""
        session = self._desk.open_session(ActionPriority.USER)
        session = replace(session, permit=self._in_time(session.permit, begun_s))
        intents = [
            Intent(action.id, action.action_type, action.payload, move.generation, attempt.base)
            for action, move, attempt in begun
        ]
        try:
            ended = await self._writer.write_together(session, intents)
        except VendorError as error:
            return [failed(attempt, error) for _, _, attempt in begun]
        return [
            failed(attempt, each) if isinstance(each, VendorError) else _done(attempt, each)
            for (_, _, attempt), each in zip(begun, ended, strict=True)
        ]

    async def look_back(self, action: Action, move: LookBack) -> Called:
        """Ask whether it happened."""
        began = self._clock.now().utc
        attempt = Attempt(AttemptCall.READ_BACK, began, AttemptOutcome.FAILED)
        intent = Intent(
            action.id, action.action_type, action.payload, move.generation, move.sending.base
        )
        since = action.searched_from or move.sending.at - _UNCOVERED
        try:
            session = self._desk.open_session(action.priority)
            found = await self._writer.read_back(session, intent, since)
        except VendorError as error:
            refused = isinstance(error, ReauthorizeError)
            return Called(_with_error(attempt, error), token_refused=refused)
        if isinstance(found, NotFound) and found.deleted_ids:
            found = await self._among_deleted(action, found)
        match found:
            case Written():
                return _done(attempt, found)
            case Unclear(reason=reason):
                return Called(replace(attempt, outcome=AttemptOutcome.UNCLEAR, error=reason))
            case NotFound(vendor_time=vendor_time):
                outcome = read_back_outcome(
                    action,
                    vendor_time,
                    self._writer.settled_after,
                    proof=found.proof,
                    repeatable=found.repeatable,
                )
                return Called(replace(attempt, outcome=outcome, vendor_time=vendor_time))

    async def _before(self, action: Action, target: Target) -> bytes:
        """Return the object as it is before.

        Raises:
            RejectedError: it is not at the vendor.
            VendorError: it can't be read.
        """
        if not action.attempts:
            held = await self._held(target)
            if held is not None:
                return held
        record = await self._writer.read(self._desk.open_session(action.priority), target)
        if record is None:
            raise RejectedError(f"{target.object_type} {target.object_id} is not at the vendor")
        return record.payload

    async def _held(self, target: Target) -> bytes | None:
        held = await self._store.object(self._account_id, target.object_type, str(target.object_id))
        return None if held is None or held.deleted else bytes(held.payload)

    async def _among_deleted(self, action: Action, found: NotFound) -> ReadBack:
        """Say whether one of the deleted objects was the action's, as far as the replica knows them."""
        object_type = self._writer.target(action.action_type, action.payload).object_type
        for object_id in found.deleted_ids[:_MOST_DELETED]:
            held = await self._store.object(self._account_id, object_type, object_id)
            if held is None:
                return Unclear(
                    f"{object_type} {object_id} was deleted before it was seen here; it may be"
                    " this action's"
                )
            if self._writer.is_ours(action.id, bytes(held.payload)):
                return Written(Target(object_type, object_id), None)
        if len(found.deleted_ids) > _MOST_DELETED:
            return Unclear("too many objects were deleted since to tell")
        return found

    def _in_time(self, permit: Permit, begun_s: float) -> Permit:
        @asynccontextmanager
        async def enter(operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
            async with permit(operation, items=items):
                if self._clock.now().monotonic_s - begun_s > _SENT_SOON_S:
                    raise TooLateError("its turn came too late")
                yield

        return enter


def _once_noted(permit: Permit, noted: Callable[[], Awaitable[bool]]) -> Permit:
    """Let a call through once its attempt is stored: all calls wait for a permit."""

    @asynccontextmanager
    async def enter(operation: str, /, *, items: int | None = None) -> AsyncIterator[None]:
        if not await noted():
            raise _NeverNotedError
        async with permit(operation, items=items):
            yield

    return enter


def failed(attempt: Attempt, error: VendorError) -> Called:
    """Say what became of a sending that failed so."""
    match error:
        case StaleVersionError():
            outcome = AttemptOutcome.STALE
        case RejectedError():
            outcome = AttemptOutcome.REFUSED
        case _ if isinstance(error, _NOT_SENT):
            outcome = AttemptOutcome.NOT_SENT
        case _:
            outcome = AttemptOutcome.UNKNOWN
    ended = replace(_with_error(attempt, error), outcome=outcome)
    return Called(ended, token_refused=isinstance(error, ReauthorizeError))


def _done(attempt: Attempt, written: Written) -> Called:
    ended = replace(
        attempt,
        outcome=AttemptOutcome.DONE,
        status=written.status,
        trace_id=written.trace_id,
        error=written.remark,
        vendor_time=written.gone_at if written.record is None else written.record.updated_at,
    )
    return Called(ended, written)


def _with_error(attempt: Attempt, error: VendorError) -> Attempt:
    return replace(
        attempt,
        status=error.status,
        code=error.code,
        trace_id=error.trace_id,
        error=str(error),
    )
