"""What may be asked of a store about routed work. The rules of `store.ports` hold here too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from store.job_models import (
    Company,
    FailedRoutings,
    Job,
    JobFilter,
    NewJob,
    NewOffer,
    NewRouting,
    Routing,
    RoutingProgress,
    TrackedObject,
)
from store.models import Account


class JobBook(Protocol):
    """Companies, jobs and their routings.

    The action of a routing and the routing itself are two views of one thing: whatever moves the
    action moves the routing, its history and its job's status in the same transaction.
    """

    async def company(self, account_id: str) -> Company:
        """Return what routing needs of an account; one of which nothing was set is active.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def companies(self) -> Sequence[Company]:
        """Return those of all accounts of which something was set."""
        ...

    async def active_companies(self, vendors: Sequence[str]) -> Sequence[tuple[Account, Company]]:
        """Return the companies of these vendors that are connected and active, oldest first."""
        ...

    async def set_company(self, company: Company, name: str | None = None) -> None:
        """Store what routing needs of an account and, if there is one, its new name; in one piece.

        Raises:
            UnknownAccountError: there is no such account.
        """
        ...

    async def accept_job(self, new: NewJob, routings: Sequence[NewRouting]) -> tuple[Job, bool]:
        """Store a job, its routings and the actions that deliver them, in one piece.

        Returns the job and whether it is new. Under a key that is known for the same job this is
        the one stored then, with its own routings, put away or not.

        A company that was disconnected meanwhile, or whose offer does not keep to its limit, gets a
        routing that failed, without an action; one that was purged, or takes no jobs any more, none.

        Raises:
            JobConflictError: the key stands for another job; or, without a key, the company entered
                the same within 24 hours, which is neither canceled nor failed.
        """
        ...

    async def keyed_job(self, key: str) -> Job | None:
        """Return the job that was stored under this key, put away or not, if there is one."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """Return one job with its routings and their histories, put away or not."""
        ...

    async def jobs(self, wanted: JobFilter) -> Sequence[Job]:
        """Return a page of jobs with their routings, newest first, without histories."""
        ...

    async def job_ids(self, prefix: str, *, limit: int) -> Sequence[str]:
        """Return at most so many ids of jobs that begin so, in their order, put away or not."""
        ...

    async def routing_ids(self, prefix: str, *, limit: int) -> Sequence[str]:
        """Return at most so many ids of routings that begin so, in their order, put away or not."""
        ...

    async def routing(self, routing_id: str) -> Routing | None:
        """Return one routing that is not put away."""
        ...

    async def offer_again(
        self, routing_id: str, offer: NewOffer, at: datetime, *, instead_of: str | None
    ) -> bool:
        """Deliver a failed routing by a new action, before those that no person waits for.

        Returns False, and stores nothing, when it has not failed, or its action is not `instead_of`.

        Raises:
            UnknownAccountError: the company was disconnected or purged.
            ActionLimitError: there were as many of its kind within 24 h as there may be.
        """
        ...

    async def cancel_job(self, job_id: str, at: datetime) -> Job | None:
        """Call off all of a job's routings that were certainly not sent; None when there is no such job.

        What is being sent goes on, unless it comes back unsent. Nothing of it can be offered again.
        One of which nothing is left to call off, since its companies have it, stays as it is.
        """
        ...

    async def followed_seq(self) -> int:
        """Return up to which change routings were brought up to date."""
        ...

    async def routings_of(
        self, account_id: str, objects: Sequence[tuple[str, str]], match_keys: Sequence[str] = ()
    ) -> Sequence[Routing]:
        """Return the routings that hang on these objects (type, id), or have such a key, without histories.

        An object may be what the vendor made of a routing, or, as its job, what that became.
        """
        ...

    async def note_progress(self, progress: Sequence[RoutingProgress], through_seq: int) -> None:
        """Store what became known from changes up to a seq, in one piece, in the order given.

        What changes nothing is no step. A `through_seq` that is not newer stores the progress only.
        Nothing becomes of routings that were put away, or never were.
        """
        ...

    async def tracked(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str = "",
        done_since: datetime | None = None,
    ) -> Sequence[TrackedObject]:
        """Return what an account's unfinished routings hang on, by routing id.

        With `done_since`, also what those hang on that were completed then or later.

        `limit` is how many routings: each may hang on two objects, what the vendor made of it and
        the job that this became.
        """
        ...

    async def archivable(self, finished_before: datetime) -> int:
        """Return how many jobs that ended before then are not put away."""
        ...

    async def archive_jobs(self, finished_before: datetime, at: datetime, *, limit: int) -> int:
        """Put some of those away, at most `limit`, in one piece.

        Returns how many; call it again while it is not 0. Those of which something is still being
        delivered stay.
        """
        ...

    async def failed_routings(self, since: datetime) -> Sequence[FailedRoutings]:
        """Return whose routings failed then or later, and stand there; put away ones do not count."""
        ...

    async def routing_counts(self) -> Mapping[str, int]:
        """Return how many routings, not put away, stand in each status."""
        ...
