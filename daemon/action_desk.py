"""Where users' writes come in: checked, stored once, told to the account's actor, and waited for."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from uuid import UUID

import anyio
import msgspec

from actors.breaker import BreakerState
from actors.clock import Clock
from actors.messages import ActionsWaiting
from actors.status import AccountState
from actors.surroundings import Surroundings
from actors.vendors.writing import PayloadProblem, Writer
from daemon.action_watch import ActionWatch, Happening
from daemon.hosted import NotHostedError, is_about_to_run
from daemon.hosting import Hosting
from daemon.standing import Standing, standing
from store.action_models import ENDED, Action, ActionLimit, NewAction, TakenIn
from store.models import Account
from store.ports import Store

_CANNOT_ACT = frozenset(
    {
        AccountState.DISCONNECTED,
        AccountState.REAUTH_REQUIRED,
        AccountState.PAUSED,
        AccountState.QUARANTINED,
    }
)

_LOOK_AGAIN_S = 1.0
"""How often somebody who waits looks at an action that another process carries out."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks for. `payload` is JSON as it came."""

    action_type: str
    payload: bytes
    idempotency_key: str | None = None
    allow_duplicate: bool = False


class ActionRefusedError(Exception):
    """Nothing was stored."""


class BadWishError(ActionRefusedError):
    """The type is not known or the payload not sound; `problems` says what is wrong with it."""

    def __init__(self, problems: Sequence[PayloadProblem]) -> None:
        super().__init__("the action is not sound")
        self.problems = problems


class CannotActError(ActionRefusedError):
    """The account can do nothing now."""

    def __init__(self, account: Account, now: Standing) -> None:
        super().__init__(f"{account.name} is {now.state}")
        self.standing = now


@dataclass(frozen=True, slots=True)
class ActingAccount:
    """An account whose actor could make a call this moment: so it can act, whatever else is stored of it."""

    id: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish that is stored.

    Attributes:
        is_new: whether it was not before.
        hindrance: why nothing is sent just now, if so.
    """

    action: Action
    is_new: bool
    hindrance: str | None = None


class ActionDesk:
    """Takes users' writes in, for all accounts."""

    def __init__(
        self,
        store: Store,
        supervisor: Hosting,
        surroundings: Mapping[str, Surroundings],
        watch: ActionWatch,
        clock: Clock,
    ) -> None:
        self._store = store
        self._supervisor = supervisor
        self._surroundings = surroundings
        self._clock = clock
        self._watch = watch

    def acting(self, account_id: str) -> ActingAccount | None:
        """Return the account without reading it, if it can act beyond doubt."""
        actor = self._supervisor.actor(account_id)
        if actor is None or not actor.is_free:
            return None
        return ActingAccount(account_id, self._supervisor.hosted()[account_id].vendor)

    async def ask(
        self, account: Account | ActingAccount, wish: Wish, new_id: UUID, *, at_once: bool = False
    ) -> Asked:
        """Store a wish.

        With `at_once` it is noted in the same commit that it is being sent, if nothing is before it,
        and the account's actor is told. Several that come together are better not begun one by one:
        whoever asks for them tells the actor of them (`nudge`).

        Raises:
            BadWishError: it is not sound.
            CannotActError: the account can do nothing; only for what is not stored already.
            ActionConflictError: an earlier action is in the way.
            ActionLimitError: its vendor takes no more of its kind for now.
            StoreUnavailableError: it can't be stored.
        """
        writer = self._writer(account)
        problems = _problems(writer, wish)
        if writer is None or problems:
            raise BadWishError(problems)
        if isinstance(account, Account):
            try:
                self.see_that_it_can_act(account)
            except CannotActError:
                if not await self._is_known(account, wish):
                    raise
        new = NewAction(
            id=str(new_id),
            account_id=account.id,
            action_type=wish.action_type,
            payload=wish.payload,
            fingerprint=fingerprint(wish.payload),
            idempotency_key=wish.idempotency_key,
            at=self._clock.now().utc,
            allow_duplicate=wish.allow_duplicate,
            limit=_limit(writer, wish.action_type),
        )
        # Whoever asked may go away meanwhile: what is noted as being sent has to reach its actor.
        with anyio.CancelScope(shield=True):
            taken = await self._take_in(new, at_once=at_once)
        hindrance = None if taken.begun else self._hindrance(account.id)
        return Asked(taken.action, taken.is_new, hindrance)

    def see_that_it_can_act(self, account: Account) -> None:
        """Let pass whose writes are sent now or soon.

        Raises:
            CannotActError: it is paused, disconnected, quarantined or waits for its owner.
        """
        now = standing(account, self._supervisor.hosted().get(account.id))
        if now.state in _CANNOT_ACT:
            raise CannotActError(account, now)

    async def _take_in(self, new: NewAction, *, at_once: bool) -> TakenIn:
        actor = self._supervisor.actor(new.account_id) if at_once else None
        taken = None if actor is None else await actor.take_in(new)
        if taken is None:
            action, is_new = await self._store.accept_action(new)
            taken = TakenIn(action, is_new, begun=False)
        if at_once and not taken.begun:
            self.nudge(new.account_id)
        return taken

    async def revive(self, account: Account, action_id: str) -> Action | None:
        """Ask for an action again by hand and tell the account's actor; None when there is none.

        Raises:
            ActionConflictError: it succeeded, or is being sent.
            ActionLimitError: its vendor takes no more of its kind for now.
            StoreUnavailableError: it can't be stored.
        """
        known, writer = await self._store.action(account.id, action_id), self._writer(account)
        limit = None if known is None or writer is None else _limit(writer, known.action_type)
        now = self._clock.now().utc
        action = await self._store.revive_action(account.id, action_id, now, limit)
        if action is not None:
            self.nudge(account.id)
        return action

    def expect(self, action_id: UUID) -> AbstractContextManager[Happening]:
        """Wait for an action that is about to be asked for under this id."""
        return self._watch.waiting(str(action_id))

    def hindrance(self, account: Account, action: Action) -> str | None:
        """Say why nothing is done about an action just now; None when nothing is in its way."""
        if _is_over(action):
            return None
        try:
            self.see_that_it_can_act(account)
        except CannotActError as error:
            return ": ".join([str(error), *error.standing.reasons])
        return self._hindrance(account.id)

    def nudge(self, account_id: str) -> None:
        """Tell the account's actor that there is work; one that does not run finds it when it starts."""
        with suppress(NotHostedError):
            self._supervisor.nudge(account_id, ActionsWaiting())

    async def outcome(
        self, action: Action, within_s: float, happening: Happening | None = None
    ) -> Action:
        """Return the action as soon as it has ended, or as it stands when the time is up.

        Args:
            action: as it was when it was stored.
            within_s: how long to wait.
            happening: what is set when something happens to it (`expect`), if somebody has waited
                since before it was stored.
        """
        with anyio.move_on_after(within_s):
            if happening is not None and not _is_over(action):
                await self._wait(action, happening)
                action = happening.ended or await self._read(action)
            while not _is_over(action):
                with self._watch.waiting(action.id) as more:
                    # It may have ended before anybody waited.
                    action = await self._read(action)
                    if not _is_over(action):
                        await self._wait(action, more)
                        action = more.ended or action
        return action if _is_over(action) else await self._read(action)

    async def _wait(self, action: Action, happening: Happening) -> None:
        """Return once something happened; where word of it may be lost, after a while at the latest."""
        is_here = self._supervisor.is_here(action.account_id)
        with anyio.move_on_after(inf if is_here else _LOOK_AGAIN_S):
            await happening.wait()

    async def _read(self, action: Action) -> Action:
        return await self._store.action(action.account_id, action.id) or action

    async def _is_known(self, account: Account, wish: Wish) -> bool:
        key = wish.idempotency_key
        return key is not None and await self._store.keyed_action(account.id, key) is not None

    def _writer(self, account: Account | ActingAccount) -> Writer | None:
        around = self._surroundings.get(account.vendor)
        return around.writer if around else None

    def _hindrance(self, account_id: str) -> str | None:
        hosted = self._supervisor.hosted().get(account_id)
        status = hosted.status() if hosted else None
        if is_about_to_run(hosted):
            return None
        if status is None:
            return "its actor does not run just now"
        if status.breaker is BreakerState.OPEN:
            return "calls to the vendor failed too often; it is left alone for a while"
        return None


def _limit(writer: Writer, action_type: str) -> ActionLimit | None:
    limit = writer.daily_limit(action_type)
    return None if limit is None else ActionLimit(limit.action_types, limit.most)


def _is_over(action: Action) -> bool:
    return action.state in ENDED or action.parked


def fingerprint(payload: bytes) -> str:
    """Return the same text for payloads that mean the same: order and the spelling of numbers don't count."""
    plain = _plain(_decode(payload))
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return ["number", f"{Decimal(value).normalize():f}"]
    return value


def _problems(writer: Writer | None, wish: Wish) -> Sequence[PayloadProblem]:
    known = () if writer is None else writer.action_types
    if writer is None or wish.action_type not in known:
        expected = f"one of {', '.join(known)}" if known else "nothing: its vendor takes no writes"
        return [PayloadProblem("type", expected, repr(wish.action_type))]
    return writer.problems(wish.action_type, wish.payload)
