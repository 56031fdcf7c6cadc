"""Keeps one actor alive per account that it has claims to, and no actor's end harms another.

`_supervise` is the only place that may see an actor's exception. Every run is a fresh actor over
what the store holds.

returned ──► stopped, or waits for its owner
fenced off ► over, or claimed again where a claim is refused unless the right to the account stands
crashed ───► started again after a wait, or quarantined
cancelled ─► passed on
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from weakref import WeakValueDictionary

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from actors.account import AccountActor, Ending
from actors.clock import Clock
from actors.messages import ActionsWaiting, Hinted, Message, Read, Stop
from actors.resumption import phase
from actors.surroundings import Surroundings
from actors.vendor_rest import NO_REST, VendorRest
from daemon.claims import Claims, WholeStore
from daemon.hosted import Condition, Hosted, NotHostedError
from daemon.restart import CrashHistory, Quarantine, Restart, RestartPolicy, after_crash
from store.errors import StaleEpochError, StoreUnavailableError, UnknownAccountError
from store.models import ClaimedAccount
from store.ports import Store

_STARTS_PER_S = 50.0
"""How many accounts look for the first time per second after a start."""
_STALLED_AFTER_S = 60.0
_CLAIM_AGAIN_S = 5.0

log = structlog.get_logger()


class Supervisor:
    """Starts, restarts and stops actors. `run` is its life; everything else may be called while it runs."""

    def __init__(
        self,
        store: Store,
        surroundings: Mapping[str, Surroundings],
        policy: RestartPolicy,
        clock: Clock,
        random: Random,
        *,
        grace_s: float,
        alone: bool = True,
    ) -> None:
        """Take what is needed; `alone` is whether all accounts of the store are its own, from `run` on."""
        self._store = store
        self._alone = alone
        self._surroundings = dict(surroundings)
        self._policy = policy
        self._clock = clock
        self._random = random
        self._grace_s = grace_s
        self._claims: list[Claims] = []
        self._hosted: dict[str, Hosted] = {}
        self._tasks: TaskGroup | None = None
        self._stop = anyio.Event()
        self._unheard: dict[tuple[str, type[Message]], Hinted | ActionsWaiting] = {}
        self._turns: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Run the actors of all accounts that it has claims to until `stop`, then let them finish.

        Returns when all have ended: those that did not within the grace period are cancelled, and
        named in the log.
        """
        async with anyio.create_task_group() as self._tasks:
            if self._alone:
                await self.host(WholeStore(self._store))
            task_status.started()
            await self._stop.wait()
            await self._stop_all()
        self._tasks = None

    def stop(self) -> None:
        """Begin the end: actors finish the page in hand."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether accounts can be hosted now."""
        return self._tasks is not None and not self._stop.is_set()

    async def host(self, claims: Claims, *, at_once: int = 1) -> None:
        """Run the actors of all accounts that these claims are to, until `release`.

        `at_once` is how many such claims come at the same time: all their accounts share the vendor.
        """
        accounts = await claims.claim_all()
        self._claims.append(claims)
        for claimed in accounts:
            self._host(claimed, claims, among=len(accounts) * at_once)

    async def release(self, claims: Claims, *, grace_s: float | None = None) -> None:
        """Let the actors of these claims finish the page in hand and end; none is started any more.

        Those that did not within the grace period are cancelled.
        """
        if claims in self._claims:
            self._claims.remove(claims)
        theirs = [hosted for hosted in self._hosted.values() if hosted.claims is claims]
        await self._end(theirs, self._grace_s if grace_s is None else grace_s)
        for hosted in theirs:
            if self._hosted.get(hosted.account_id) is hosted:
                del self._hosted[hosted.account_id]
                for kind in (Hinted, ActionsWaiting):
                    self._unheard.pop((hosted.account_id, kind), None)

    def hosted(self) -> Mapping[str, Hosted]:
        """Return every account that was given to the supervisor, by account id."""
        return self._hosted

    async def seen(self, account_id: str, *, stored: bool = False) -> Hosted | None:  # noqa: ARG002 - it is all here
        """Return one of them."""
        return self._hosted.get(account_id)

    def hosted_here(self) -> Mapping[str, Hosted]:
        """Return the same."""
        return self._hosted

    def is_here(self, _account_id: str) -> bool:
        """Tell that every account is for this process."""
        return True

    def actor(self, account_id: str) -> AccountActor | None:
        """Return the account's actor while it runs."""
        hosted = self._hosted.get(account_id)
        running = hosted is not None and hosted.condition is Condition.RUNNING
        return hosted.actor if hosted is not None and running else None

    async def start_account(self, account_id: str) -> None:
        """Start the account's actor afresh; one that runs already is stopped first.

        Raises:
            NotHostedError: there are no claims to it here.
            StoreUnavailableError: not now; one that ran goes on when the store takes writes again.
        """
        async with self._turn(account_id):
            known = self._hosted.get(account_id)
            rest = await self._stop_hosted(account_id)
            try:
                claims = await self._claims_to(account_id)
                claimed = await claims.claim(account_id)
            except StoreUnavailableError:
                if known is not None and known.vendor in self._surroundings:
                    again = Hosted(account_id, known.vendor, rest=rest, claims=known.claims)
                    self._begin(again, None, among=0)
                raise
            if claims not in self._claims and self.running:
                raise NotHostedError(account_id)
            self._host(claimed, claims, among=0, rest=rest.as_asked_for())

    async def stop_account(self, account_id: str) -> None:
        """Let the account's actor finish what is in hand and end; cancel it after the grace period."""
        async with self._turn(account_id):
            await self._stop_hosted(account_id)

    def post(self, account_id: str, message: Message) -> None:
        """Tell an account's actor something.

        Raises:
            NotHostedError: there is no actor to tell. Of notices and of users' writes, which are in
                the store, the next one is told: it may have been claimed before they came.
            MailboxFullError: it has too many unread messages.
        """
        actor = self.actor(account_id)
        if actor is None:
            if isinstance(message, Hinted | ActionsWaiting):
                key = (account_id, type(message))
                self._unheard[key] = message.joined(self._unheard.get(key)) or message
            raise NotHostedError(account_id)
        actor.post(message)

    async def tell(self, account_id: str, message: Message) -> None:
        """Do the same."""
        self.post(account_id, message)

    def nudge(self, account_id: str, message: ActionsWaiting | Read) -> None:
        """Do the same."""
        self.post(account_id, message)

    def hint(self, account_id: str, hinted: Hinted) -> None:
        """Tell an account's actor of notices that are in the store; one about to run is told then."""
        with suppress(NotHostedError):
            self.post(account_id, hinted)

    async def reconfigure(self, surroundings: Mapping[str, Surroundings]) -> None:
        """Run the accounts of these vendors in new surroundings from now on."""
        self._surroundings.update(surroundings)
        changed = [
            hosted
            for hosted in self._hosted.values()
            if hosted.vendor in surroundings and hosted.condition is not Condition.OWNER_NEEDED
        ]
        async with anyio.create_task_group() as restarts:
            for hosted in changed:
                restarts.start_soon(self._restart, hosted, len(changed))

    def stalled(self) -> Sequence[str]:
        """Return the accounts whose actor should have moved long ago and has not."""
        return [
            hosted.account_id
            for hosted in self._hosted.values()
            if hosted.condition is Condition.RUNNING
            and hosted.actor is not None
            and hosted.actor.overdue_s() > _STALLED_AFTER_S
        ]

    def _turn(self, account_id: str) -> anyio.Lock:
        """Return what is held while the account is started or stopped: one after the other."""
        return self._turns.setdefault(account_id, anyio.Lock())

    async def _stop_hosted(self, account_id: str) -> VendorRest:
        """Stop the account; return how long its vendor is to be left alone."""
        hosted = self._hosted.get(account_id)
        if hosted is None:
            return NO_REST
        await self._end([hosted], self._grace_s)
        if self._hosted.get(account_id) is hosted:
            del self._hosted[account_id]
        return hosted.keep_rest()

    async def _claims_to(self, account_id: str) -> Claims:
        if self._alone:
            return self._claims[0] if self._claims else WholeStore(self._store)
        account = await self._store.account(account_id)
        for claims in self._claims:
            if claims.cover(account):
                return claims
        raise NotHostedError(account_id)

    async def _restart(self, known: Hosted, among: int) -> None:
        """Start an account afresh, unless somebody else did meanwhile; it claims itself."""
        async with self._turn(known.account_id):
            if self._hosted.get(known.account_id) is known:
                rest = await self._stop_hosted(known.account_id)
                fresh = Hosted(known.account_id, known.vendor, rest=rest, claims=known.claims)
                self._begin(fresh, None, among)

    def _host(
        self, claimed: ClaimedAccount, claims: Claims, *, among: int, rest: VendorRest = NO_REST
    ) -> None:
        account = claimed.account
        hosted = Hosted(account.id, account.vendor, rest=rest, claims=claims)
        if _needs_owner(claimed):
            hosted.condition = Condition.OWNER_NEEDED
            self._hosted[account.id] = hosted
        elif account.vendor not in self._surroundings:
            log.warning("vendor_not_configured", account=account.id, vendor=account.vendor)
            hosted.condition = Condition.STOPPED
            hosted.last_error = "its vendor is not configured"
            self._hosted[account.id] = hosted
        else:
            self._begin(hosted, claimed, among)

    def _begin(self, hosted: Hosted, claimed: ClaimedAccount | None, among: int) -> None:
        """Supervise the account from now on, as one of so many that start together."""
        if self._tasks is None or self._stop.is_set() or hosted.claims not in self._claims:
            return
        account_id = hosted.account_id
        interval_s = self._surroundings[hosted.vendor].settings.poll_interval_s
        first_look_in_s = phase(account_id) * min(interval_s, among / _STARTS_PER_S)
        if claimed is None:
            hosted.condition = Condition.RESTARTING
        self._hosted[account_id] = hosted
        hosted.task = self._tasks.start_soon(
            self._supervise, hosted, claimed, first_look_in_s, name=f"account {account_id}"
        )

    async def _supervise(
        self, hosted: Hosted, claimed: ClaimedAccount | None, first_look_in_s: float
    ) -> None:
        """Run actor after actor. Nothing of a claim is kept while its actor runs: it would only grow old.

        What one learned of the vendor the next is told: to crash is no way to call it sooner.
        """
        history = CrashHistory()
        try:
            while True:
                began_s = self._clock.now().monotonic_s
                try:
                    made = await self._made(hosted, claimed, first_look_in_s)
                    claimed = None
                    ending = await made.run() if isinstance(made, AccountActor) else made
                except Exception as error:  # noqa: BLE001 - the one place that may see it
                    claimed = None
                    hosted.keep_rest()
                    ended_s = self._clock.now().monotonic_s
                    history, verdict = after_crash(
                        history, began_s, ended_s, self._policy, self._random
                    )
                    if not await self._after_crash(hosted, error, verdict):
                        return
                else:
                    was_fenced_off = made is not ending and ending is Ending.FENCED_OFF
                    if not (was_fenced_off and hosted.is_taken_again):
                        hosted.condition = _CONDITION_AFTER[ending]
                        return
                    hosted.keep_rest()
                    hosted.condition = Condition.RESTARTING
        except anyio.get_cancelled_exc_class():
            hosted.condition = Condition.STOPPED
            raise

    async def _made(
        self, hosted: Hosted, claimed: ClaimedAccount | None, first_look_in_s: float
    ) -> AccountActor | Ending:
        """Return the account's next actor, or why there is none."""
        if claimed is None:
            try:
                claimed = await self._claim(hosted)
            except (StaleEpochError, UnknownAccountError):
                return Ending.FENCED_OFF
            if _needs_owner(claimed):
                return Ending.OWNER_NEEDED
        around, rest = self._surroundings[hosted.vendor], hosted.rest
        hosted.actor = AccountActor(claimed, around, first_look_in_s=first_look_in_s, rest=rest)
        hosted.condition = Condition.RUNNING
        for kind in (Hinted, ActionsWaiting):
            if unheard := self._unheard.pop((hosted.account_id, kind), None):
                hosted.actor.post(unheard)
        return hosted.actor

    async def _claim(self, hosted: Hosted) -> ClaimedAccount:
        """Take the account over, whenever the store takes writes again."""
        claims = hosted.claims or WholeStore(self._store)
        while True:
            try:
                return await claims.claim(hosted.account_id)
            except StoreUnavailableError:
                await anyio.sleep(_CLAIM_AGAIN_S)

    async def _after_crash(
        self, hosted: Hosted, error: Exception, verdict: Restart | Quarantine
    ) -> bool:
        """Wait before the next run; tell whether there is one."""
        hosted.restarts += 1
        hosted.last_error = _first_cause(error)
        again = isinstance(verdict, Restart)
        hosted.condition = Condition.RESTARTING if again else Condition.QUARANTINED
        log.error(
            "actor_crashed",
            account=hosted.account_id,
            vendor=hosted.vendor,
            restarts=hosted.restarts,
            condition=str(hosted.condition),
            exc_info=error,
        )
        if isinstance(verdict, Restart):
            await anyio.sleep(verdict.delay_s)
        return again

    async def _stop_all(self) -> None:
        await self._end([each for each in self._hosted.values() if not each.ended], self._grace_s)

    async def _end(self, many: Sequence[Hosted], grace_s: float) -> None:
        """Ask all of them to finish, wait for the grace period, cancel and name the rest."""
        for hosted in many:
            hosted.is_ending = True
            if hosted.condition is Condition.RUNNING and hosted.actor is not None:
                hosted.actor.post(Stop())
            else:
                hosted.cancel()
        with anyio.move_on_after(grace_s):
            for hosted in many:
                await hosted.wait_for_end()
        orphans = [hosted for hosted in many if not hosted.ended]
        for hosted in orphans:
            log.warning("actor_orphaned", account=hosted.account_id, vendor=hosted.vendor)
            hosted.cancel()
        for hosted in orphans:
            await hosted.wait_for_end()


_CONDITION_AFTER = {
    Ending.STOPPED: Condition.STOPPED,
    Ending.FENCED_OFF: Condition.STOPPED,
    Ending.OWNER_NEEDED: Condition.OWNER_NEEDED,
}


def _needs_owner(claimed: ClaimedAccount) -> bool:
    return claimed.credential is None or claimed.account.reauth_cause is not None


def _first_cause(error: BaseException) -> str:
    """Return the text of what went wrong first, out of the groups that task groups wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
