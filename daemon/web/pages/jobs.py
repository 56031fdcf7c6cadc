"""What the dashboard shows of routed work: what failed, and what is under way."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from daemon.web.context import WebContext
from store.job_models import Job, JobFilter, JobStatus, Routing, RoutingStatus
from store.job_ports import JobBook

_JOBS = 25
_ROUTINGS = 12
_READ_AT_ONCE = 5
_MOST_ROUTINGS = 3_000
"""Where there are a thousand companies, the page shows fewer jobs: it is made anew every two seconds."""

_SUMMARY_CHARACTERS = 80
_ORDER = {
    status: place
    for place, status in enumerate(
        (RoutingStatus.FAILED, RoutingStatus.SENDING, RoutingStatus.PENDING)
    )
}
"""What somebody may have to do something about comes first."""


@dataclass(frozen=True, slots=True)
class ShownRouting:
    """A job's way to one company.

    Attributes:
        may_retry: whether it can be offered again; not where the company is gone.
    """

    id: str
    account_id: str
    company: str
    status: RoutingStatus
    last_error: str | None
    may_retry: bool


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job in a list.

    Attributes:
        standing: how many of its routings stand how, the most first.
        routings: some of them, those that failed first.
        more: how many others there are.
    """

    id: str
    summary: str
    city: str
    status: JobStatus
    created_at: datetime
    standing: Sequence[tuple[RoutingStatus, int]]
    routings: Sequence[ShownRouting]
    more: int


@dataclass(frozen=True, slots=True)
class JobsPage:
    """Routed work as it is now, the newest first.

    Attributes:
        counts: how many routings, not put away, stand how.
        failed: jobs that could not be offered to some company.
        open: jobs that are under way and could be offered to all.
    """

    counts: Mapping[str, int]
    failed: Sequence[ShownJob]
    open: Sequence[ShownJob]


async def jobs_page(context: WebContext) -> JobsPage:
    """Gather what is known. Raises `StoreUnavailableError`."""
    store = context.store
    failed = await _read(store, JobFilter(routing_status=RoutingStatus.FAILED))
    under_way = [
        job
        for status in (JobStatus.ROUTING, JobStatus.ACTIVE)
        for job in await _read(store, JobFilter(status=status))
    ]
    known = {job.id for job in failed}
    newest = sorted(
        (job for job in under_way if job.id not in known),
        key=lambda job: job.created_at,
        reverse=True,
    )
    wanted = {routing.account_id for job in (*failed, *newest) for routing in job.routings}
    names = {
        counted.account.id: counted.account.name
        for counted in context.metrics.census.accounts()
        if counted.account.id in wanted
    }
    return JobsPage(
        await store.routing_counts(),
        [_shown(job, names) for job in failed],
        [_shown(job, names) for job in newest[:_JOBS]],
    )


async def _read(store: JobBook, wanted: JobFilter) -> Sequence[Job]:
    """Return the newest of them, as many as one look may cost."""
    found: list[Job] = []
    while len(found) < _JOBS and sum(len(job.routings) for job in found) < _MOST_ROUTINGS:
        before_id = found[-1].id if found else None
        page = await store.jobs(replace(wanted, before_id=before_id, limit=_READ_AT_ONCE))
        found += page
        if len(page) < _READ_AT_ONCE:
            break
    return found


def _shown(job: Job, names: Mapping[str, str]) -> ShownJob:
    ways = sorted(job.routings, key=lambda each: _ORDER.get(each.status, len(_ORDER)))
    lines = job.summary.splitlines() or [""]
    return ShownJob(
        id=job.id,
        summary=lines[0][:_SUMMARY_CHARACTERS],
        city=job.address.city,
        status=job.status,
        created_at=job.created_at,
        standing=Counter(routing.status for routing in job.routings).most_common(),
        routings=[_routing(each, names) for each in ways[:_ROUTINGS]],
        more=len(ways[_ROUTINGS:]),
    )


def _routing(routing: Routing, names: Mapping[str, str]) -> ShownRouting:
    failed = routing.status is RoutingStatus.FAILED
    return ShownRouting(
        id=routing.id,
        account_id=routing.account_id,
        company=names.get(routing.account_id, routing.account_id),
        status=routing.status,
        last_error=routing.last_error if failed else None,
        may_retry=failed and routing.account_id in names,
    )
