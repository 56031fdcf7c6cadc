"""`jobs`: what was entered, and what became of it at each company."""

from itertools import islice
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from daemon.cli.account_choice import chosen_account
from daemon.cli.job_replies import CancellationReply, JobReply, RoutingReply
from daemon.cli.job_view import company_names, job_row, show_job, show_routings
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.replies import decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count
from store.job_models import JobStatus

_PAGE_JOBS = 100
_STATUSES = ", ".join(sorted(JobStatus))
_HEADINGS = ("ID", "STATUS", "CREATED", "SUMMARY", "CITY", "ROUTINGS")

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]


def list_jobs(
    ctx: typer.Context,
    *,
    status: Annotated[
        str, typer.Option(show_default=False, help=f"Only those that stand so: {_STATUSES}.")
    ] = "",
    account: Annotated[
        str,
        typer.Option(
            show_default=False, help="Only those of this company: entered by it or offered to it."
        ),
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME", show_default=False, help="Entered then or later: 2026-11-21T09:00:00Z."
        ),
    ] = "",
    archived: Annotated[
        bool, typer.Option("--archived", help="Those that were put away, instead of the others.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List jobs, newest first, with how their routings stand."""
    shell = shell_of(ctx)
    query: dict[str, str | float | bool] = {"limit": min(limit, _PAGE_JOBS)}
    query |= {name: text for name, text in (("status", status), ("since", since)) if text}
    if archived:
        query["archived"] = "true"
    with shell.daemon(config) as daemon:
        if account:
            query["account"] = chosen_account(daemon, account).id
        found = islice(daemon.items("/jobs", query), limit)
        if as_json:
            for item in found:
                shell.output.json_line(item)
            return
        rows = [job_row(decoded(item, JobReply)) for item in found]
    if not rows:
        shell.output.message("No such jobs. Enter one: syncline jobs create --help")
        return
    shell.output.table(_HEADINGS, rows)
    if len(rows) == limit:
        shell.output.message(f"The newest {count(limit, 'job')}; --limit shows more.")


def show(
    ctx: typer.Context,
    job: JobArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show one job with its routings and every step of those."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.get(f"/jobs/{quote(job, safe='')}")
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        show_job(shell.output, decoded(reply, JobReply), company_names(daemon), steps=True)


def retry(
    ctx: typer.Context,
    routing: Annotated[str, typer.Argument(metavar="ROUTING", help="The routing's id.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Offer a job to a company again after that failed, or look for one whose outcome is unknown.

    It is never sent twice: what may have arrived is looked for first.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.post(f"/routings/{quote(routing, safe='')}/retry")
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        found = decoded(reply, RoutingReply)
        show_routings(shell.output, [found], company_names(daemon))
    shell.output.message(
        f"It is tried again. What becomes of it: syncline jobs show {found.job_id}"
    )


def cancel(
    ctx: typer.Context,
    job: JobArgument,
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Call off what was certainly not sent of a job, and say where it arrived, or may have."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.post(f"/jobs/{quote(job, safe='')}/cancel")
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        names = company_names(daemon)
    done = decoded(reply, CancellationReply)
    shell.output.message(f"Called off: {count(len(done.called_off), 'routing')}.")
    rows = [
        (left.routing_id, names.get(left.account_id, left.account_id), left.status, left.reason)
        for left in done.left
    ]
    if rows:
        shell.output.table(("ROUTING", "COMPANY", "STATUS", "NOT CALLED OFF"), rows)
