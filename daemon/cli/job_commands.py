"""`jobs`: what was entered, and what became of it at each company."""

from itertools import islice
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.job_choice import chosen_id
from daemon.cli.job_replies import (
    CancellationReply,
    JobReply,
    NotRetriedReply,
    RetriedReply,
    RoutingReply,
)
from daemon.cli.job_view import company_names, job_row, show_job, show_routings
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import AccountReply, decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import count, printable
from store.job_models import JobStatus, RoutingStatus

_PAGE_JOBS = 100
_STATUSES = ", ".join(sorted(JobStatus))
_ROUTING_STATUSES = ", ".join(sorted(RoutingStatus))
_HEADINGS = ("ID", "STATUS", "CREATED", "SUMMARY", "CITY", "ROUTINGS")

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or how it begins.")]


def list_jobs(  # noqa: PLR0913 - the options of a list
    ctx: typer.Context,
    *,
    status: Annotated[
        str, typer.Option(show_default=False, help=f"Only those that stand so: {_STATUSES}.")
    ] = "",
    routing_status: Annotated[
        str,
        typer.Option(
            show_default=False,
            help=f"Only those with a routing that stands so: {_ROUTING_STATUSES}. With --account,"
            " that company's.",
        ),
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
    given = (("status", status), ("since", since), ("routing_status", routing_status))
    query |= {name: text for name, text in given if text}
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
        job = chosen_id(daemon, "job", job)
        reply = daemon.get(f"/jobs/{quote(job, safe='')}")
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        show_job(shell.output, decoded(reply, JobReply), company_names(daemon), steps=True)


def retry(
    ctx: typer.Context,
    routing: Annotated[
        str,
        typer.Argument(
            metavar="ROUTING", show_default=False, help="The routing's id, or how it begins."
        ),
    ] = "",
    *,
    account: Annotated[
        str,
        typer.Option(show_default=False, help="All that failed at this company, instead of one."),
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Offer a job to a company again after that failed, or look for one whose outcome is unknown.

    It is never sent twice: what may have arrived is looked for first.
    """
    shell = shell_of(ctx)
    if bool(routing) == bool(account):
        raise CommandError("name one routing, or a company by --account", exit_code=ExitCode.USAGE)
    with shell.daemon(config) as daemon:
        if account:
            _retry_all(shell.output, daemon, chosen_account(daemon, account), as_json=as_json)
            return
        routing = chosen_id(daemon, "routing", routing)
        reply = daemon.post(f"/routings/{quote(routing, safe='')}/retry")
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        found = decoded(reply, RoutingReply)
        show_routings(shell.output, [found], company_names(daemon))
    shell.output.message(
        f"It is tried again. What becomes of it: syncline jobs show {found.job_id}"
    )


def _retry_all(
    output: Output, daemon: DaemonClient, account: AccountReply, *, as_json: bool
) -> None:
    """Try all again that failed at a company, and say what could not be."""
    path = account_path(account, "routings", "retry")
    retried = 0
    left: list[NotRetriedReply] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = daemon.post(f"{path}?cursor={cursor}" if cursor else path)
        if as_json:
            output.json_line(msgspec.Raw(reply))
        done = decoded(reply, RetriedReply)
        retried += len(done.retried)
        left += done.left
        cursor = done.next
    if as_json:
        return
    output.message(f"{printable(account.name)}: {count(retried, 'routing')} tried again.")
    if left:
        rows = [(each.routing_id, printable(each.reason)) for each in left]
        output.table(("ROUTING", "NOT TRIED AGAIN"), rows)


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
        job = chosen_id(daemon, "job", job)
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
