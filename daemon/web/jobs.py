"""Jobs: entered once, offered to every other company, listed, called off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
import structlog
from msgspec import Meta

from daemon.jobs.refusals import BadJobError, NothingToCancelError
from daemon.web.audited import ABOUT
from daemon.web.job_request import JobRequest
from daemon.web.job_view import Cancellation, JobPage, JobView, cancellation, job_view
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.paging import CursorText, Limit, cursor_to_place, place_to_cursor
from daemon.web.problem import FieldError, InvalidInputError, NotFoundError, ProblemError
from store.errors import JobConflictError
from store.job_models import Job, JobFilter, JobStatus, RoutingStatus
from store.job_ports import JobBook

log = structlog.get_logger()

_TAG = "jobs"
_READ_AT_ONCE = 20
_MOST_ROUTINGS = 10_000
"""With so many a page ends: some megabytes, and others wait for it no longer than for other answers."""
_RoutingStatus = Literal[
    "pending",
    "sending",
    "synced",
    "accepted",
    "scheduled",
    "in_progress",
    "completed",
    "canceled",
    "failed",
]
_AccountId = Annotated[
    str | None,
    Meta(description="Only those of this company: that it entered, or that it is offered."),
]


class JobsQuery(msgspec.Struct, frozen=True):
    """Parameters of the list."""

    limit: Limit = 100
    cursor: CursorText = ""
    status: Annotated[
        Literal["routing", "active", "completed", "canceled", "failed"] | None,
        Meta(description="Only those that stand so."),
    ] = None
    routing_status: Annotated[
        _RoutingStatus | None,
        Meta(
            description="Only those with a routing that stands so; with `account`, that company's."
        ),
    ] = None
    account: _AccountId = None
    company: Annotated[str | None, Meta(description="Another name for `account`.")] = None
    since: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="Only those that were entered then or later."),
    ] = None
    archived: Annotated[
        bool, Meta(description="Those that were put away, instead of the others.")
    ] = False


async def create(call: Call[Nothing, JobRequest]) -> Answer:
    """Take a job in."""
    body = call.body
    try:
        job, is_new = await call.context.jobs.enter(body.entry())
    except BadJobError as error:
        raise InvalidInputError(
            [FieldError(each.path, each.expected, each.found) for each in error.flaws]
        ) from error
    except JobConflictError as error:
        raise ProblemError(
            HTTPStatus.CONFLICT, "duplicate-job", f"{error}: it is job {error.job_id}"
        ) from error
    call.request[ABOUT] = job.account_id
    if is_new:
        unfit = sum(routing.action_id is None for routing in job.routings)
        log.info(
            "job_created",
            job=job.id,
            account=job.account_id,
            routings=len(job.routings),
            not_offered=unfit,
        )
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Answer(job_view(job), status, headers={"Location": f"/jobs/{job.id}"})


async def list_jobs(call: Call[JobsQuery, Nothing]) -> Answer:
    """List jobs, newest first."""
    query = call.query
    if None not in (query.account, query.company) and query.account != query.company:
        found = FieldError("company", "the same as `account`, or nothing", "another one")
        raise InvalidInputError([found])
    wanted = JobFilter(
        status=None if query.status is None else JobStatus(query.status),
        account_id=query.account or query.company,
        routing_status=(
            None if query.routing_status is None else RoutingStatus(query.routing_status)
        ),
        since=query.since,
        archived=query.archived,
        before_id=cursor_to_place(query.cursor) or None,
        limit=query.limit + 1,
    )
    found_jobs, is_whole = await _page(call.context.store, wanted)
    page = found_jobs[: query.limit]
    is_last = is_whole and len(found_jobs) <= query.limit
    return Answer(
        JobPage(
            [job_view(job, in_list=True) for job in page],
            None if is_last else place_to_cursor(page[-1].id),
        )
    )


async def _page(store: JobBook, wanted: JobFilter) -> tuple[Sequence[Job], bool]:
    """Read what is wanted, as far as it fits into one answer; return whether there is nothing behind.

    A job has as many routings as there are companies: of a thousand, a page of a thousand jobs would be
    hundreds of megabytes.
    """
    found: list[Job] = []
    routings = 0
    while len(found) < wanted.limit and routings < _MOST_ROUTINGS:
        piece = replace(wanted, limit=min(wanted.limit - len(found), _READ_AT_ONCE))
        if found:
            piece = replace(piece, before_id=found[-1].id)
        jobs = await store.jobs(piece)
        found += jobs
        routings += sum(len(job.routings) for job in jobs)
        if len(jobs) < piece.limit:
            return found, True
    return found, False


async def get_job(call: Call[Nothing, Nothing]) -> Answer:
    """Show one job with every step of its routings."""
    job = await call.context.store.job(call.path("job_id"))
    if job is None:
        raise NotFoundError("there is no such job; GET /jobs lists them")
    return Answer(job_view(job))


async def cancel(call: Call[Nothing, Nothing]) -> Answer:
    """Call off what was not sent yet of a job."""
    try:
        done = await call.context.jobs.cancel(call.path("job_id"))
    except NothingToCancelError as error:
        raise ProblemError(
            HTTPStatus.CONFLICT, "nothing-to-cancel", str(error), reasons=error.companies
        ) from error
    if done is None:
        raise NotFoundError("there is no such job; GET /jobs lists them")
    job = done.job
    call.request[ABOUT] = job.account_id
    log.info(
        "job_canceled",
        job=job.id,
        account=job.account_id,
        called_off=len(done.called_off),
        left=len(done.left),
    )
    return Answer(cancellation(done))


_NO_JOB = {HTTPStatus.NOT_FOUND: "There is no such job."}

OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/jobs",
        name="createJob",
        deed="job_created",
        tag=_TAG,
        summary="Enter a job; it is offered to every other active company",
        handler=create,
        body=JobRequest,
        body_required=True,
        replies=[
            Reply(HTTPStatus.CREATED, "It is stored, and is being offered.", JobView),
            Reply(HTTPStatus.OK, "It was entered before, under this key.", JobView),
        ],
        problems={
            HTTPStatus.CONFLICT: "The key is another job's, or the same job was entered without a key"
            " within 24 hours; `detail` names it.",
        },
    ),
    Operation(
        method="GET",
        path="/jobs",
        name="listJobs",
        tag=_TAG,
        summary="Jobs with their routings, newest first",
        handler=list_jobs,
        query=JobsQuery,
        replies=[Reply(HTTPStatus.OK, "A page.", JobPage)],
    ),
    Operation(
        method="GET",
        path="/jobs/{job_id}",
        name="getJob",
        tag=_TAG,
        summary="One job, with every step of its routings",
        handler=get_job,
        replies=[Reply(HTTPStatus.OK, "The job.", JobView)],
        problems=_NO_JOB,
    ),
    Operation(
        method="POST",
        path="/jobs/{job_id}/cancel",
        name="cancelJob",
        deed="job_cancelled",
        tag=_TAG,
        summary="Call off what was certainly not sent of a job",
        handler=cancel,
        replies=[Reply(HTTPStatus.OK, "What was called off, and what could not be.", Cancellation)],
        problems={
            **_NO_JOB,
            HTTPStatus.CONFLICT: "All companies have it already; `reasons` says how it stands there.",
        },
    ),
)
