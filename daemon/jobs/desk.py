"""Where jobs come in: checked, offered to every other company, tried again and called off by hand."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import anyio

from actors.clock import Clock
from actors.surroundings import Surroundings
from actors.vendors.dispatching import CannotOfferError, Dispatcher, Referral
from actors.vendors.registry import DISPATCHING
from daemon.action_desk import ActionDesk
from daemon.jobs.entry import EntryCheck, JobEntry
from daemon.jobs.offers import OfferMaker
from daemon.jobs.refusals import (
    BadJobError,
    JobRefusedError,
    NothingToCancelError,
    NothingToRetryError,
)
from store.errors import ActionLimitError, UnknownAccountError
from store.job_models import (
    Company,
    Job,
    JobFilter,
    JobStatus,
    NewJob,
    NewRouting,
    Routing,
    RoutingStatus,
)
from store.models import Account
from store.ports import Store

_UNDER_WAY = frozenset({RoutingStatus.PENDING, RoutingStatus.SENDING})
_RETRIED_AT_ONCE = 100
_NOTHING_LEFT = frozenset({RoutingStatus.CANCELED, RoutingStatus.FAILED})


@dataclass(frozen=True, slots=True)
class CalledOff:
    """What calling a job off came to.

    Attributes:
        called_off: the routings that will not be delivered by it.
        left: those that are, or may be, at their companies.
    """

    job: Job
    called_off: Sequence[Routing]
    left: Sequence[Routing]


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """What trying a company's failed routings again came to.

    Attributes:
        retried: the routings that are tried again.
        left: those that are not, by id, and why.
        last_job_id: the last job that was looked at, when there may be more; else None.
    """

    retried: Sequence[str]
    left: Mapping[str, str]
    last_job_id: str | None


class JobDesk:
    """Takes jobs in and has them offered. What is sent, when and how often is the ledger's."""

    def __init__(
        self,
        store: Store,
        surroundings: Mapping[str, Surroundings],
        actions: ActionDesk,
        clock: Clock,
        *,
        dispatchers: Mapping[str, Dispatcher] = DISPATCHING,
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """Take what is needed.

        Args:
            store: where jobs live.
            surroundings: the configured vendors by name; looked at afresh each time.
            actions: tells actors of work, and has actions looked at again.
            clock: for what is stored.
            dispatchers: how vendors' companies are offered jobs, by vendor.
            new_id: makes the ids of jobs, routings and actions.
        """
        self._store = store
        self._actions = actions
        self._clock = clock
        self._new_id = new_id
        self._check = EntryCheck(store, surroundings, dispatchers)
        self._offers = OfferMaker(store, surroundings, dispatchers, new_id)

    async def enter(self, entry: JobEntry) -> tuple[Job, bool]:
        """Store a job with a routing for every other active company; tell their actors.

        Returns the job and whether it is new: under a known key it is the one stored then.

        Raises:
            BadJobError: it is not sound.
            JobConflictError: its key is another job's, or the same was entered without a key not
                long ago.
            StoreUnavailableError: it can't be stored.
        """
        entry = entry.tidy()
        # What was sound when it was entered under this key need not be now.
        is_known = await self._is_known(entry.idempotency_key)
        if not is_known and (flaws := await self._check.flaws(entry)):
            raise BadJobError(flaws)
        new = NewJob(
            id=self._new_id(),
            account_id=entry.account_id,
            technician_id=entry.technician_id,
            summary=entry.summary,
            homeowner=entry.homeowner,
            address=entry.address,
            revenue=entry.amount,
            idempotency_key=entry.idempotency_key,
            fingerprint=entry.fingerprint,
            at=self._clock.now().utc,
            allow_duplicate=entry.allow_duplicate,
        )
        routings = () if is_known else await self._routings(new)
        # Whoever asked may go away meanwhile: what is stored has to reach its actors.
        with anyio.CancelScope(shield=True):
            job, is_new = await self._store.accept_job(new, routings)
            if is_new:
                for routing in routings:
                    if routing.offer is not None:
                        self._actions.nudge(routing.account_id)
        return job, is_new

    async def _routings(self, new: NewJob) -> Sequence[NewRouting]:
        origin = await self._store.account(new.account_id)
        referral = Referral(new.summary, new.homeowner, new.address, new.at, origin.name)
        return await self._offers.routings(origin, referral)

    async def retry(self, routing_id: str) -> Routing | None:
        """Have a routing delivered after all; None when there is none that is not put away.

        One that failed for good is offered anew, as its company is set up now. One whose outcome is
        not known is looked for, and sent again only when it did not happen.

        Raises:
            NothingToRetryError: it did not fail, or its company is to be offered nothing.
            CannotOfferError: the company can't be offered it as it is set up.
            CannotActError: the company's account can do nothing now.
            ActionLimitError: the company's vendor takes no more of its kind for now.
            ActionConflictError: it is just being sent.
            StoreUnavailableError: it can't be stored.
        """
        routing = await self._store.routing(routing_id)
        if routing is None:
            return None
        account = await self._store.account(routing.account_id)
        if routing.status is RoutingStatus.FAILED:
            await self._offer_again(routing, account)
        elif routing.status in _UNDER_WAY and routing.action_id is not None:
            self._actions.see_that_it_can_act(account)
            await self._actions.revive(account, routing.action_id)
        else:
            raise NothingToRetryError(f"it did not fail: it is {routing.status}")
        return await self._store.routing(routing_id)

    async def retry_failed(self, account_id: str, before_id: str | None = None) -> TriedAgain:
        """Have a company's failed routings delivered after all, the newest jobs first, some at a time.

        Args:
            account_id: the company's.
            before_id: the last job of the call before, to go on behind it.

        Raises:
            UnknownAccountError: there is no such account.
            NothingToRetryError: the company is to be offered nothing.
            CannotActError: the company's account can do nothing now.
            StoreUnavailableError: it can't be stored; some may have been.
        """
        account = await self._store.account(account_id)
        self._actions.see_that_it_can_act(account)
        self._see_that_it_takes_jobs(account, await self._store.company(account_id))
        wanted = JobFilter(
            account_id=account_id,
            routing_status=RoutingStatus.FAILED,
            before_id=before_id,
            limit=_RETRIED_AT_ONCE,
        )
        jobs = await self._store.jobs(wanted)
        retried: list[str] = []
        left: dict[str, str] = {}
        for routing in (each for job in jobs for each in job.routings):
            if routing.account_id == account_id and routing.status is RoutingStatus.FAILED:
                try:
                    await self.retry(routing.id)
                    retried.append(routing.id)
                except (JobRefusedError, CannotOfferError, ActionLimitError) as error:
                    left[routing.id] = str(error)
        more = len(jobs) == wanted.limit
        return TriedAgain(retried, left, jobs[-1].id if more else None)

    def _see_that_it_takes_jobs(self, account: Account, company: Company) -> None:
        if not company.is_active:
            raise NothingToRetryError(
                f"{account.name} takes no jobs now: set routing.active of it to true first"
            )

    async def _offer_again(self, routing: Routing, account: Account) -> None:
        self._actions.see_that_it_can_act(account)
        company = await self._store.company(account.id)
        self._see_that_it_takes_jobs(account, company)
        job = await self._store.job(routing.job_id)
        if job is None:
            raise NothingToRetryError("its job is gone")
        referral = Referral(
            job.summary,
            job.homeowner,
            job.address,
            job.created_at,
            await self._name(job.account_id),
        )
        offer, at = self._offers.offer(account, company, referral), self._clock.now().utc
        with anyio.CancelScope(shield=True):
            taken = await self._store.offer_again(
                routing.id, offer, at, instead_of=routing.action_id
            )
            if not taken:
                raise NothingToRetryError("it moved on meanwhile: look at it again")
            self._actions.nudge(account.id)

    async def cancel(self, job_id: str) -> CalledOff | None:
        """Call off what was certainly not sent of a job; None when there is none.

        Raises:
            NothingToCancelError: all of its companies have it, or had.
            StoreUnavailableError: it can't be stored.
        """
        before = await self._store.job(job_id)
        job = await self._store.cancel_job(job_id, self._clock.now().utc)
        if before is None or job is None:
            return None
        was = {routing.id: routing.status for routing in before.routings}
        called_off = [
            routing
            for routing in job.routings
            if routing.status is RoutingStatus.CANCELED
            and was.get(routing.id) is not RoutingStatus.CANCELED
        ]
        left = [each for each in job.routings if each.status not in _NOTHING_LEFT]
        under_way = any(each.status in _UNDER_WAY for each in left)
        if not (called_off or under_way or job.status is JobStatus.CANCELED):
            raise NothingToCancelError(
                [f"{await self._name(each.account_id)}: {each.status}" for each in left]
            )
        return CalledOff(job, called_off, left)

    async def _is_known(self, key: str | None) -> bool:
        return key is not None and await self._store.keyed_job(key) is not None

    async def _name(self, account_id: str) -> str:
        with suppress(UnknownAccountError):
            return (await self._store.account(account_id)).name
        return "a company that is not connected any more"
