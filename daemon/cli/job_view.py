"""Routed work as a person reads it."""

from collections import Counter
from collections.abc import Mapping

from daemon.cli.account_choice import all_accounts
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.job_replies import JobReply, RoutingReply
from daemon.cli.output import Output
from daemon.cli.wording import printable

_ROUTING_HEADINGS = (
    "ROUTING",
    "COMPANY",
    "VENDOR",
    "STATUS",
    "SENT",
    "AT VENDOR",
    "JOB",
    "REVENUE",
    "LAST ERROR",
)
_NOT_THERE = frozenset({"pending", "sending"})
_SUMMARY_CHARACTERS = 50

Names = Mapping[str, str]
"""What companies are called, by account id."""


def company_names(daemon: DaemonClient) -> Names:
    """Return what all companies are called."""
    return {account.id: account.name for account in all_accounts(daemon)}


def job_row(job: JobReply) -> tuple[str, ...]:
    """Return the cells of a job in a list."""
    standing = Counter(routing.status for routing in job.routings)
    lines = job.summary.splitlines() or [""]
    summary = lines[0][:_SUMMARY_CHARACTERS]
    return (
        job.id,
        job.status,
        f"{job.created_at:%Y-%m-%d %H:%M}",
        printable(f"{summary}…" if summary != job.summary else summary),
        printable(job.address.city),
        ", ".join(f"{number} {status}" for status, number in standing.most_common()) or "none",
    )


def show_job(output: Output, job: JobReply, names: Names, *, steps: bool) -> None:
    """Print a job, its routings and, if wanted, each step of those."""
    home, owner = job.address, job.homeowner
    place = [home.street, home.unit, home.city, f"{home.state} {home.zip}", home.country]
    reached = [owner.name, owner.phone, owner.email]
    rows = [
        ("job", job.id),
        ("status", job.status),
        ("created", f"{job.created_at:%Y-%m-%d %H:%M:%S}"),
        ("by", f"{_name(names, job.created_by.account_id)}, {job.created_by.technician_id}"),
        ("for", ", ".join(part for part in reached if part)),
        ("at", ", ".join(part.strip() for part in place if part.strip())),
        ("revenue", job.revenue or "-"),
        *(("summary", line) for line in job.summary.splitlines()),
    ]
    if job.archived_at is not None:
        rows.append(("archived", f"{job.archived_at:%Y-%m-%d %H:%M:%S}"))
    for label, value in rows:
        output.line(f"{label:<9}{printable(value)}")
    if job.routings:
        output.line("")
        show_routings(output, job.routings, names)
    else:
        output.message("It is offered to nobody: there was no other active company.", "yellow")
    for routing in job.routings if steps else ():
        output.message(printable(f"{_name(names, routing.account_id)}:"))
        for step in routing.history:
            output.message(printable(f"  {step.at:%Y-%m-%d %H:%M:%S}  {step.status}  {step.cause}"))
        if routing.status in _NOT_THERE and routing.action_id is not None:
            why = f"syncline actions show {routing.account_id} {routing.action_id}"
            output.message(f"  Not there yet. What is tried, and what it waits for: {why}")


def show_routings(output: Output, routings: list[RoutingReply], names: Names) -> None:
    """Print routings, and what to do about those that failed."""
    output.table(_ROUTING_HEADINGS, [_routing_row(routing, names) for routing in routings])
    for routing in routings:
        if routing.status == "failed":
            output.message(_advice(routing, names), "yellow")


def _advice(routing: RoutingReply, names: Names) -> str:
    if routing.account_id not in names:
        return f"{routing.account_id}: nothing was delivered, and its data was deleted since."
    return (
        f"{names[routing.account_id]}: nothing was delivered. When what the error says is mended"
        f" (how jobs are offered to it: syncline set {routing.account_id}):"
        f" syncline jobs retry {routing.id}"
    )


def _routing_row(routing: RoutingReply, names: Names) -> tuple[str, ...]:
    made = (routing.external_type, routing.external_id)
    return (
        routing.id,
        printable(_name(names, routing.account_id)),
        routing.vendor,
        routing.status,
        str(routing.attempts),
        printable(" ".join(part for part in made if part) or "-"),
        printable(routing.external_job_id or "-"),
        routing.revenue or "-",
        printable(routing.last_error or ""),
    )


def _name(names: Names, account_id: str) -> str:
    return names.get(account_id, account_id)
