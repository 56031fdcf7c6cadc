"""`events` and `audit`: what happened to an account, and who did what."""

from itertools import islice
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import Page, decoded
from daemon.cli.shell import shell_of
from daemon.cli.watch_replies import AccountEventReply, AuditReply
from daemon.cli.wording import printable

_LOOK_EVERY_S = 2.0
_AUDIT_HEADINGS = ("AT", "WHO", "FROM", "WHAT", "ABOUT", "OUTCOME")
_STYLES = {"warning": "yellow", "error": "red"}


def events(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Wait for more until Ctrl-C.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at first.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what happened to an account, oldest first: runs, retries, errors, and what was done by hand.

    With --json each event is one line.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        path = account_path(chosen_account(daemon, account), "events")
        newest = islice(daemon.items(path, {"limit": min(limit, 500)}), limit)
        found = list(newest)[::-1]
        last = _print_events(shell.output, found, 0, as_json=as_json)
        while follow:
            shell.pause(_LOOK_EVERY_S)
            page = decoded(daemon.get(path, {"after": last, "limit": 500}), Page)
            last = _print_events(shell.output, page.items, last, as_json=as_json)


def audit(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Option(show_default=False, help="Only about this account.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show who connected, paused, acted, retried and confirmed, newest first.

    With --json each entry is one line.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        found = list(islice(daemon.items("/audit", _audit_query(daemon, account, limit)), limit))
    if as_json:
        for item in found:
            shell.output.json_line(item)
        return
    if not found:
        shell.output.message("Nobody has done anything yet.")
        return
    shell.output.table(_AUDIT_HEADINGS, [_audit_row(decoded(item, AuditReply)) for item in found])


def _audit_query(daemon: DaemonClient, account: str, limit: int) -> dict[str, str | int | bool]:
    query: dict[str, str | int | bool] = {"limit": min(limit, 500)}
    if account:
        query["account"] = chosen_account(daemon, account).id
    return query


def _print_events(output: Output, items: list[msgspec.Raw], last: int, *, as_json: bool) -> int:
    """Print the events; return the number of the last one."""
    for item in items:
        event = decoded(item, AccountEventReply)
        last = max(last, event.id)
        if as_json:
            output.json_line(item)
            continue
        times = f"  ({event.times} times)" if event.times > 1 else ""
        output.line(
            f"{event.at:%Y-%m-%d %H:%M:%S}  {event.kind:<20}  {printable(event.text)}{times}",
            _STYLES.get(event.level, ""),
        )
    return last


def _audit_row(entry: AuditReply) -> tuple[str, ...]:
    about = " ".join(part for part in (entry.account_id or "", entry.subject) if part)
    return (
        f"{entry.at:%Y-%m-%d %H:%M:%S}",
        printable(entry.who),
        entry.peer,
        entry.what,
        about,
        printable(entry.outcome),
    )
