"""The part of a relational store that keeps routed work."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from store.crash_points import Commit
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
from store.relational import companies, job_archive, job_reading, jobs, routing_progress, routings
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session


class RelationalJobStore:
    """`store.job_ports`; a base of `RelationalStore`."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def company(self, account_id: str) -> Company:
        """Return what routing needs of an account."""
        return await self._readers.run(partial(companies.read_company, account_id=account_id))

    async def companies(self) -> Sequence[Company]:
        """Return those of all accounts of which something was set."""
        return await self._readers.run(companies.read_companies)

    async def active_companies(self, vendors: Sequence[str]) -> Sequence[tuple[Account, Company]]:
        """Return the companies of these vendors that are connected and active."""
        return await self._readers.run(
            partial(companies.read_active_companies, vendors=tuple(vendors))
        )

    async def set_company(self, company: Company, name: str | None = None) -> None:
        """Store what routing needs of an account."""
        await self._writer.submit(
            partial(companies.put_company, company=company, name=name),
            commit=Commit.COMPANY_SET,
            urgent=True,
        )

    async def accept_job(self, new: NewJob, routings: Sequence[NewRouting]) -> tuple[Job, bool]:
        """Store a job and all that delivers it, or return the one under its key."""
        payloads = sum([len(each.offer.payload) for each in routings if each.offer])
        return await self._writer.submit(
            partial(jobs.accept_job, new=new, routings=routings),
            payloads,
            Commit.JOB_ACCEPTED,
            urgent=True,
        )

    async def job(self, job_id: str) -> Job | None:
        """Return one job."""

        def read(connection: Session) -> Job | None:
            with connection.one_moment():
                return job_reading.read_job(connection, job_id)

        return await self._readers.run(read)

    async def keyed_job(self, key: str) -> Job | None:
        """Return the job that was stored under this key."""

        def read(connection: Session) -> Job | None:
            with connection.one_moment():
                return job_reading.read_keyed_job(connection, key)

        return await self._readers.run(read)

    async def jobs(self, wanted: JobFilter) -> Sequence[Job]:
        """Return a page of jobs, newest first."""

        def read(connection: Session) -> Sequence[Job]:
            with connection.one_moment():
                return job_reading.read_jobs(connection, wanted)

        return await self._readers.run(read)

    async def job_ids(self, prefix: str, *, limit: int) -> Sequence[str]:
        """Return jobs whose ids begin so."""
        return await self._readers.run(
            lambda connection: job_reading.ids_beginning_with(
                connection, "ids_between", prefix, limit
            )
        )

    async def routing_ids(self, prefix: str, *, limit: int) -> Sequence[str]:
        """Return routings whose ids begin so."""
        return await self._readers.run(
            lambda connection: job_reading.ids_beginning_with(
                connection, "routing_ids_between", prefix, limit
            )
        )

    async def routing(self, routing_id: str) -> Routing | None:
        """Return one routing."""
        return await self._readers.run(partial(routings.read_routing, routing_id=routing_id))

    async def offer_again(
        self, routing_id: str, offer: NewOffer, at: datetime, *, instead_of: str | None
    ) -> bool:
        """Deliver a failed routing by a new action."""
        return await self._writer.submit(
            lambda connection: routings.offer_again(connection, routing_id, offer, at, instead_of),
            len(offer.payload),
            Commit.ROUTING_OFFERED,
            urgent=True,
        )

    async def cancel_job(self, job_id: str, at: datetime) -> Job | None:
        """Call off all of a job's routings that were certainly not sent."""
        return await self._writer.submit(
            partial(jobs.cancel_job, job_id=job_id, at=at),
            commit=Commit.JOB_CANCELED,
            urgent=True,
        )

    async def followed_seq(self) -> int:
        """Return up to which change routings were brought up to date."""
        return await self._readers.run(routing_progress.followed_seq)

    async def routings_of(
        self, account_id: str, objects: Sequence[tuple[str, str]], match_keys: Sequence[str] = ()
    ) -> Sequence[Routing]:
        """Return the routings that hang on these objects, or have such a key."""
        return await self._readers.run(
            lambda connection: routings.read_routings_of(
                connection, account_id, objects, match_keys
            )
        )

    async def note_progress(self, progress: Sequence[RoutingProgress], through_seq: int) -> None:
        """Store what became known from changes up to a seq."""
        await self._writer.submit(
            lambda connection: routing_progress.note_progress(connection, progress, through_seq),
            commit=Commit.ROUTINGS_FOLLOWED,
        )

    async def tracked(
        self,
        account_id: str,
        *,
        limit: int,
        after_id: str = "",
        done_since: datetime | None = None,
    ) -> Sequence[TrackedObject]:
        """Return what an account's unfinished routings hang on."""
        return await self._readers.run(
            lambda connection: routings.read_tracked(
                connection, account_id, limit, after_id, done_since
            )
        )

    async def archivable(self, finished_before: datetime) -> int:
        """Return how many jobs that ended before then are not put away."""
        return await self._readers.run(
            partial(job_archive.archivable, finished_before=finished_before)
        )

    async def archive_jobs(self, finished_before: datetime, at: datetime, *, limit: int) -> int:
        """Put some of those away; return how many."""
        return await self._writer.submit(
            lambda connection: job_archive.archive_jobs(connection, finished_before, at, limit),
            commit=Commit.JOBS_ARCHIVED,
        )

    async def routing_counts(self) -> Mapping[str, int]:
        """Return how many routings stand in each status."""
        return await self._readers.run(routings.routing_counts)

    async def failed_routings(self, since: datetime) -> Sequence[FailedRoutings]:
        """Return whose routings failed since then, and stand there."""
        return await self._readers.run(partial(routings.failed_routings, since=since))
