"""Putting away jobs that ended long ago, by hand."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.web.instant import Instant
from daemon.web.operation import Answer, AnyOperation, Call, Nothing, Operation, Reply
from daemon.web.problem import ProblemError


class ArchiveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do."""

    dry_run: Annotated[bool, Meta(description="Only count what would be put away.")] = False


class ArchiveReport(msgspec.Struct, frozen=True):
    """What was put away, or would be."""

    jobs: int
    finished_before: Annotated[
        Instant, Meta(description="Jobs that ended before then: `jobs.archive.after` ago.")
    ]
    dry_run: bool


async def archive(call: Call[Nothing, ArchiveRequest]) -> Answer:
    """Put away what is due, all of it, in small pieces."""
    archiving, dry_run = call.context.archiving, call.body.dry_run
    archived = None if archiving is None else await archiving.archive(dry_run=dry_run)
    if archived is None:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "archiving-off",
            "no job is ever put away: jobs.archive.after is null",
        )
    report = ArchiveReport(archived.jobs, archived.finished_before, dry_run)
    return Answer(report, is_deed=not dry_run)


OPERATIONS: tuple[AnyOperation, ...] = (
    Operation(
        method="POST",
        path="/jobs/archive",
        name="archiveJobs",
        deed="jobs_archived",
        tag="jobs",
        summary="Put away the jobs that ended long ago, as is done each night",
        handler=archive,
        body=ArchiveRequest,
        replies=[Reply(HTTPStatus.OK, "How many.", ArchiveReport)],
        problems={HTTPStatus.CONFLICT: "No job is ever put away, by the configuration."},
    ),
)
