"""`jobs archive`: put away the jobs that ended long ago, or see how many there are."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer

from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.replies import decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count


class ArchiveReply(msgspec.Struct, frozen=True):
    """What was put away, or would be."""

    jobs: int
    finished_before: datetime
    dry_run: bool


def archive(
    ctx: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be put away.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Put away the jobs that ended long ago (jobs.archive.after), as is done each night.

    They can still be read: syncline jobs list --archived.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        answer = daemon.post("/jobs/archive", {"dry_run": dry_run})
    if as_json:
        shell.output.json(msgspec.Raw(answer))
        return
    reply = decoded(answer, ArchiveReply)
    jobs, before = count(reply.jobs, "job"), f"{reply.finished_before:%Y-%m-%d %H:%M} UTC"
    verb = "would be" if dry_run else ("was" if reply.jobs == 1 else "were")
    shell.output.message(f"{jobs} that ended before {before} {verb} put away")
