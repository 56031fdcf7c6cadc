"""Routed work as one process sees it: each commit is a moment to die at."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from store.job_models import (
    Company,
    Job,
    JobFilter,
    NewJob,
    NewOffer,
    NewRouting,
    Routing,
    RoutingProgress,
    TrackedObject,
)
from store.sqlite import SqliteStore

Answer = TypeVar("Answer")


class _Observed(Protocol):
    _store: SqliteStore

    async def _write(self, call: Callable[[], Awaitable[Answer]]) -> Answer: ...


class ObservedJobs:
    """A base of `ObservedStore`."""

    async def company(self: _Observed, account_id: str) -> Company:
        return await self._store.company(account_id)

    async def companies(self: _Observed) -> Sequence[Company]:
        return await self._store.companies()

    async def set_company(self: _Observed, company: Company, name: str | None = None) -> None:
        await self._write(lambda: self._store.set_company(company, name))

    async def accept_job(
        self: _Observed, new: NewJob, routings: Sequence[NewRouting]
    ) -> tuple[Job, bool]:
        return await self._write(lambda: self._store.accept_job(new, routings))

    async def job(self: _Observed, job_id: str) -> Job | None:
        return await self._store.job(job_id)

    async def jobs(self: _Observed, wanted: JobFilter) -> Sequence[Job]:
        return await self._store.jobs(wanted)

    async def job_ids(self: _Observed, prefix: str, *, limit: int) -> Sequence[str]:
        return await self._store.job_ids(prefix, limit=limit)

    async def routing_ids(self: _Observed, prefix: str, *, limit: int) -> Sequence[str]:
        return await self._store.routing_ids(prefix, limit=limit)

    async def routing(self: _Observed, routing_id: str) -> Routing | None:
        return await self._store.routing(routing_id)

    async def offer_again(
        self: _Observed, routing_id: str, offer: NewOffer, at: datetime, *, instead_of: str | None
    ) -> bool:
        return await self._write(
            lambda: self._store.offer_again(routing_id, offer, at, instead_of=instead_of)
        )

    async def cancel_job(self: _Observed, job_id: str, at: datetime) -> Job | None:
        return await self._write(lambda: self._store.cancel_job(job_id, at))

    async def followed_seq(self: _Observed) -> int:
        return await self._store.followed_seq()

    async def routings_of(
        self: _Observed,
        account_id: str,
        objects: Sequence[tuple[str, str]],
        match_keys: Sequence[str] = (),
    ) -> Sequence[Routing]:
        return await self._store.routings_of(account_id, objects, match_keys)

    async def note_progress(
        self: _Observed, progress: Sequence[RoutingProgress], through_seq: int
    ) -> None:
        await self._write(lambda: self._store.note_progress(progress, through_seq))

    async def tracked(
        self: _Observed,
        account_id: str,
        *,
        limit: int,
        after_id: str = "",
        done_since: datetime | None = None,
    ) -> Sequence[TrackedObject]:
        return await self._store.tracked(
            account_id, limit=limit, after_id=after_id, done_since=done_since
        )

    async def archivable(self: _Observed, finished_before: datetime) -> int:
        return await self._store.archivable(finished_before)

    async def archive_jobs(
        self: _Observed, finished_before: datetime, at: datetime, *, limit: int
    ) -> int:
        return await self._write(lambda: self._store.archive_jobs(finished_before, at, limit=limit))

    async def routing_counts(self: _Observed) -> Mapping[str, int]:
        return await self._store.routing_counts()
