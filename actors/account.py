"""One connected company, kept in sync: waits for a message, its next due time or the end of an operation, and acts.

`step` decides; this only carries out. Everything that must survive is in the store, so a new actor
goes on where any earlier one stopped, however it stopped.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from functools import partial
from math import inf

import anyio
from anyio.abc import TaskGroup
from msgspec.structs import replace

from actors import brake, resumption
from actors.action_entry import nothing_in_the_way
from actors.action_runner import ActionRunner
from actors.announcer import Announcer
from actors.description import describe
from actors.errors import ReauthorizeError, VendorError
from actors.failure import STORE_REST_S, wait_s
from actors.gate import Gate
from actors.intake import Intake
from actors.mailbox import Mailbox
from actors.messages import ActionsWaiting, Hinted, Message, Pause, Read, Stop, SyncNow
from actors.outcomes import Ended, Event, LookFailed, LookStored, Refreshed, RefreshFailed
from actors.patience import until_stored
from actors.premises import Premises
from actors.read_ahead import ReadAhead
from actors.refresh import OwnerNeededError, Refresher
from actors.rereading import reread
from actors.resumption import initial_state, lifetime_s, names_uncovered_types, phase
from actors.state import Rules
from actors.status import ActorStatus
from actors.step import REFUSED, Decision, step
from actors.surroundings import Surroundings
from actors.token_calendar import keep_alive_at_s
from actors.vendor_rest import NO_REST, VendorRest
from actors.vendors.base import Look, Page, Permit, Priority, Session
from actors.verification import Verification
from actors.verification_plan import Order
from store.action_models import NewAction, TakenIn
from store.errors import StaleEpochError, StoreUnavailableError
from store.models import ClaimedAccount, SealedCredential
from store.notice import NoticeCheck


class Ending(Enum):
    """Why an actor came to its end by itself."""

    STOPPED = "stopped"
    OWNER_NEEDED = "owner_needed"
    FENCED_OFF = "fenced_off"


_LookError = VendorError | StoreUnavailableError
_FENCED_OFF = "another owner has taken the account over"


class AccountActor:
    """Runs one account. Made anew for each run; never run twice."""

    __slots__ = (
        "_actions",
        "_announcer",
        "_around",
        "_epoch",
        "_external_account_id",
        "_gate",
        "_intake",
        "_mailbox",
        "_refresher",
        "_rules",
        "_sealed",
        "_state",
        "_under_way",
        "_verification",
        "_wake_at_s",
        "_watermark_is_stale",
        "account_id",
    )

    def __init__(
        self,
        claimed: ClaimedAccount,
        around: Surroundings,
        *,
        first_look_in_s: float = 0.0,
        rest: VendorRest = NO_REST,
    ) -> None:
        if claimed.credential is None:
            raise ValueError("an account without tokens cannot be run")
        self.account_id = claimed.account.id
        self._external_account_id = claimed.account.external_account_id
        self._around = around
        self._sealed: SealedCredential = claimed.credential
        self._mailbox: Mailbox[Event | None] = Mailbox()
        self._announcer = Announcer(self.account_id, around.vendor.name, around.listener)
        self._gate = Gate(
            *(around.settings, around.clock, around.random, self._announcer.breaker_turned),
            reads=around.reads,
            account_id=self.account_id,
            rest=rest,
        )
        self._epoch, now = claimed.account.epoch, around.clock.now()
        self._refresher = Refresher(
            *(around.store, around.vendor, around.sealer, around.clock, self.account_id),
            *(self._epoch, resumption.earlier_call_over_s(claimed, around.settings, now)),
        )
        self._intake = Intake(
            around.store, around.vendor, around.clock, self.account_id, self._epoch, around.settings
        )
        self._rules = Rules(around.settings, around.vendor, around.random, phase(self.account_id))
        self._actions: ActionRunner | None = None
        self._wake_at_s = inf
        self._under_way = 0
        self._verification: Verification | None = None
        self._watermark_is_stale = names_uncovered_types(claimed, around.settings)
        self._state = initial_state(claimed, self._sealed, around.settings, now, first_look_in_s)

    def post(self, message: Message) -> None:
        """Tell the actor something.

        Raises:
            MailboxFullError: it has too many unread messages; `Stop` and what is `joined` are always taken.
        """
        match message:
            case Stop():
                self._mailbox.report(message)
            case Hinted() | ActionsWaiting() | Read():
                self._mailbox.merge(message, message.joined)
            case _:
                self._mailbox.post(message)

    async def run(self) -> Ending:
        """Keep the account in sync until told to stop, or until only its owner can help."""
        try:
            decision = self._decide(None)
            while not decision.finished:
                if decision.acts or self._watermark_is_stale:
                    decision = await self._work(decision)
                else:
                    decision = await self._next(decision)
        finally:
            await self._refresher.store_what_is_left()
        return self._ending()

    def status(self) -> ActorStatus:
        """Describe the actor as it is now."""
        return describe(
            self.account_id,
            self._state,
            self._gate,
            self._around,
            wake_at_s=self._wake_at_s,
            verification=None if self._verification is None else self._verification.progress(),
        )

    @property
    def rest(self) -> VendorRest:
        """What the account's next actor has to know of the vendor."""
        return self._gate.rest()

    def forget_responses(self) -> None:
        """Begin to look for the slowest response anew."""
        self._gate.slowest_response_s = 0.0

    @property
    def polls(self) -> bool:
        """Whether it looks for changes: it is neither paused nor about to end."""
        return not (self._state.paused or self._state.stopping or self._state.ended)

    def overdue_s(self) -> float:
        """Return how long ago the actor should have woken; 0 when it is on time."""
        return max(0.0, self._around.clock.now().monotonic_s - self._wake_at_s)

    def _decide(self, event: Event | None) -> Decision:
        now = self._around.clock.now()
        rest_s = self._gate.rest_s(now.monotonic_s)
        if not self._around.store.health().writable:
            rest_s = max(rest_s, STORE_REST_S)
        rules, pace = self._rules, self._around.pace(self.account_id, now)
        if pace is not rules.pace:
            rules = replace(rules, pace=pace)
        if self._state.paused or isinstance(event, Pause):
            rules = replace(rules, keep_alive_at_s=keep_alive_at_s(self._sealed, now))
        if self._around.outage is not None:
            rest_s = max(rest_s, self._around.outage.rest_s(self.account_id, rules.phase))
        until_s = self._around.works_until_s
        self._state, decision = step(self._state, event, now, rules, rest_s, until_s)
        if decision.tells_readers:
            self._announcer.readers_told(decision.served_s, hindered=decision.hindered)
        self._wake_at_s = decision.wake_at_s
        return decision

    async def _work(self, decision: Decision) -> Decision:
        """Carry out what was decided, and what is decided meanwhile, until nothing is under way.

        An actor without work has no task group: ten thousand of them would take megabytes.
        """
        async with anyio.create_task_group() as operations:
            ahead = ReadAhead(self._around.vendor, operations)
            if self._watermark_is_stale:
                self._watermark_is_stale = False
                self._start(operations, self._settle_watermark)
            self._begin(decision, operations, ahead)
            while self._under_way and not decision.finished:
                decision = await self._next(decision)
                self._begin(decision, operations, ahead)
            if self._under_way or ahead.reads:
                operations.cancel_scope.cancel()
        return decision

    async def _next(self, decision: Decision) -> Decision:
        """Wait for something to happen, or for the time that the decision names, and decide."""
        wait_s = decision.wake_at_s - self._around.clock.now().monotonic_s
        return self._decide(await self._mailbox.receive(wait_s))

    def _ending(self) -> Ending:
        if self._state.ended is None:
            return Ending.STOPPED
        return Ending.FENCED_OFF if self._state.ended == _FENCED_OFF else Ending.OWNER_NEEDED

    def _begin(self, decision: Decision, operations: TaskGroup, ahead: ReadAhead) -> None:
        if decision.give_up:
            self._start(operations, self._give_up)
        if decision.refresh:
            self._start(operations, self._refresh)
        if decision.act:
            self._start(operations, self._act)
        if decision.verify is not None:
            self._start(operations, partial(self._verify, decision.verify))
        for look in decision.looks:
            self._start(operations, partial(self._make_look, ahead), look)

    def _start(
        self,
        operations: TaskGroup,
        operation: Callable[..., Awaitable[Event | None]],
        *arguments: Look,
    ) -> None:
        self._under_way += 1
        operations.start_soon(self._perform, operation, *arguments, name=self.account_id)

    async def _perform(
        self, operation: Callable[..., Awaitable[Event | None]], *arguments: Look
    ) -> None:
        """Carry out one operation and report how it ended. What nobody foresaw ends the actor."""
        try:
            event = await operation(*arguments)
        except StaleEpochError:
            event = Ended(_FENCED_OFF, *arguments)
        self._under_way -= 1
        self._mailbox.report(event)

    async def _settle_watermark(self) -> None:
        """Take back what was published for fewer types, as soon as the store takes it."""
        await until_stored(self._intake.settle_watermark)

    async def _make_look(self, ahead: ReadAhead, look: Look) -> Event:
        around, sealed = self._around, self._sealed
        try:
            async with around.slots.place(look.priority):
                if self._stopping():
                    return LookFailed(look, "the actor ended before the look began")
                began, sealed = around.clock.now(), self._sealed
                session = self._session(self._gate.permit(look.priority, look.budget))
                page = await ahead.page(session, look)
                crowded = around.slots.crowded(look.priority)
                if not (crowded or self._stopping() or self._state.paused):
                    ahead.begin(session, look, page)
                applied = await self._intake.store(session, look, page, self._check(look, page))
        except (VendorError, StoreUnavailableError) as error:
            ahead.note(look, stored=False)
            return self._look_failed(look, error, is_current=sealed is self._sealed)
        ahead.note(look, stored=True)
        if applied.missed and around.hearing is not None:
            around.hearing.health.missed(around.clock.now().monotonic_s)
        moves = brake.still_moving(page.cursors, applied.held)
        if applied.held or self._state.held:
            self._announcer.held(look, moves, self._state.held, applied.held)
        took_s = around.clock.now().monotonic_s - began.monotonic_s
        self._announcer.page_stored(look, page, applied, took_s, first=not self._covered())
        return LookStored(
            look,
            moves,
            more=page.more,
            missed=applied.missed > 0,
            awaits=applied.awaits,
            held=applied.held,
        )

    def _check(self, look: Look, page: Page) -> NoticeCheck | None:
        around, trusted_s = self._around, self._state.trusts_from_s
        hearing = around.hearing
        return hearing.check(look, page, trusted_s, around.clock) if hearing else None

    def _session(self, permit: Permit) -> Session:
        access_token = self._around.sealer.unseal(self._sealed).access_token
        return Session(self._external_account_id, access_token, permit)

    @property
    def is_free(self) -> bool:
        """Whether a call could be made this moment, with a good token."""
        return nothing_in_the_way(self._state, self._gate, self._around.clock.now().monotonic_s)

    async def take_in(self, new: NewAction) -> TakenIn | None:
        """Store a user's write, noted as being sent, which goes its way; None when it has to wait."""
        if self._around.writer and self.is_free:
            return await self._runner().take_in(new)
        return None

    async def reread(self, refs: Sequence[tuple[str, str]]) -> bool:
        """Read objects again, as `actors.rereading.reread`; False when that can't be done now."""
        premises = self._premises(self._gate.permit(Priority.POLL), by_user=False)
        return self.is_free and await reread(premises, self._intake, refs)

    def _runner(self) -> ActionRunner:
        if self._actions is None:
            premises = self._premises(self._gate.permit(Priority.USER))
            ask_again = partial(self.post, ActionsWaiting())
            self._actions = ActionRunner(premises, self._around.writer, self._gate, ask_again)
        return self._actions

    async def _act(self) -> Event:
        """Work on users' writes until nothing more can be done right now; then compare earlier ones."""
        sealed, runner = self._sealed, self._runner()
        rested = await runner.run(_FENCED_OFF)
        refused = rested.refused and sealed is self._sealed
        self._mailbox.report(replace(rested, refused=refused, compares=True))
        return await runner.compare(_FENCED_OFF)

    async def _verify(self, order: Order) -> Event:
        """Compare everything with the vendor, and store what was found."""
        permit = self._gate.permit(Priority.VERIFY, order.budget)
        self._verification = Verification(self._premises(permit, by_user=order.by_user), order)
        try:
            return await self._verification.run(self._state.verification.failures + 1)
        finally:
            self._verification = None

    def _premises(self, permit: Permit, *, by_user: bool = True) -> Premises:
        around = self._around
        return Premises(
            account_id=self.account_id,
            epoch=self._epoch,
            store=around.store,
            vendor=around.vendor,
            settings=around.settings,
            clock=around.clock,
            random=around.random,
            slots=around.slots,
            session=self._session,
            permit=permit,
            cursors=lambda: self._state.cursors,
            may_go_on=lambda: not (self._stopping() or self._state.paused),
            is_held=lambda name: any(each.object_type == name for each in self._state.held),
            look_soon=lambda name: self._mailbox.report(SyncNow((name,), by_user)),
            listener=around.listener,
        )

    def _stopping(self) -> bool:
        return self._state.stopping or self._state.ended is not None

    async def _refresh(self) -> Event:
        around, attempt = self._around, self._state.token.failures + 1
        try:
            self._sealed = await self._refresher.renew(
                self._sealed, self._gate.permit(Priority.READ)
            )
        except OwnerNeededError as error:
            return self._owner_needed(error.cause)
        except (VendorError, StoreUnavailableError) as error:
            self._announcer.refresh_failed(error, attempt)
            return RefreshFailed(str(error), wait_s(error))
        self._announcer.token_refreshed(self._sealed)
        return Refreshed(lifetime_s(self._sealed, around.clock.now()))

    async def _give_up(self) -> Event:
        """Note that the owner is needed; the actor has nothing else to do until that is stored."""
        store, now = self._around.store, self._around.clock.now
        about = (self.account_id, self._epoch, REFUSED)
        await until_stored(lambda: store.require_reauthorization(*about, now().utc))
        return self._owner_needed(REFUSED)

    def _owner_needed(self, cause: str) -> Event:
        self._announcer.owner_needed(cause)
        return Ended(cause)

    def _look_failed(self, look: Look, error: _LookError, *, is_current: bool) -> Event:
        """Tell of it. A refusal of a token that was renewed meanwhile says nothing about the new one."""
        known = self._state.failures.get(look.key)
        self._announcer.look_abandoned(look, error, 1 if known is None else known.count + 1)
        refused = is_current and isinstance(error, ReauthorizeError)
        return LookFailed(look, str(error), wait_s=wait_s(error), refused=refused)

    def _covered(self) -> bool:
        return all(each.covered_until is not None for each in self._state.cursors.values())
