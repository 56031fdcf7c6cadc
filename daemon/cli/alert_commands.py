"""`alerts`: what somebody should know, and saying that one is looked after."""

from itertools import islice
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import chosen_account
from daemon.cli.job_view import Names, company_names
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.replies import decoded
from daemon.cli.shell import Shell, shell_of
from daemon.cli.watch_replies import AlertReply, ToldReply
from daemon.cli.wording import count, printable

_ID_CHARACTERS = 8
_HEADINGS = ("ID", "SEVERITY", "KIND", "ABOUT", "SINCE", "STATE", "CAUSE")


def list_alerts(
    ctx: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are resolved.")
    ] = False,
    account: Annotated[str, typer.Option(show_default=False, help="Only of this account.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 100,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the open alerts, newest first, each with its cause and what to do."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        query: dict[str, str | int | bool] = {
            "limit": min(limit, 500),
            "state": "all" if everything else "open",
        }
        if account:
            query["account"] = chosen_account(daemon, account).id
        found = list(islice(daemon.items("/alerts", query), limit))
        if as_json:
            for item in found:
                shell.output.json_line(item)
            return
        alerts = [decoded(item, AlertReply) for item in found]
        named = any(alert.account_id is not None for alert in alerts)
        names = company_names(daemon) if named else {}
    _show(shell.output, alerts, names, everything=everything)


def ack(
    ctx: typer.Context,
    alert: Annotated[int, typer.Argument(metavar="ALERT", help="The alert's number.")],
    *,
    note: Annotated[
        str, typer.Option(show_default=False, help="What is done about it, for the others.")
    ] = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Say that you look after an alert: it is told no more, unless it becomes worse."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.post(f"/alerts/{alert}/ack", {"note": note} if note else {})
    if as_json:
        shell.output.json(msgspec.Raw(reply))
        return
    found = decoded(reply, AlertReply)
    shell.output.message(f"{found.kind} ({found.id}) is {found.state}.")


def send_test(
    ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Send an alert that means nothing over every configured channel."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.post("/alerts/test")
    _show_told(shell, reply, "Sent over", as_json=as_json)


def replay(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(help="webhook, email or alertmanager")],
    *,
    after: Annotated[int, typer.Option(min=0, help="Behind this number of the feed.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Tell a channel once more what happened to alerts, as after it was away for too long."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        reply = daemon.post("/alerts/replay", {"channel": channel, "after": after})
    _show_told(shell, reply, "Told once more:", as_json=as_json)


def _show_told(shell: Shell, reply: bytes, words: str, *, as_json: bool) -> None:
    if as_json:
        shell.output.json(msgspec.Raw(reply))
        return
    told = decoded(reply, ToldReply).channels
    if told:
        shell.output.message(f"{words} {', '.join(told)}; whether it came, the log says.")
    else:
        shell.output.message(
            "No channel is configured (alerts: in config.yaml): only the log tells."
        )


def _show(output: Output, found: list[AlertReply], names: Names, *, everything: bool) -> None:
    if not found:
        output.message("No alerts." if everything else "No open alerts.")
        return
    output.table(_HEADINGS, [_row(alert, names) for alert in found])
    told: set[str] = set()
    for alert in found:
        if alert.state != "resolved" and alert.kind not in told:
            told.add(alert.kind)
            output.message(f"{alert.kind}: {alert.what_to_do}")
    open_now = sum(alert.state != "resolved" for alert in found)
    if open_now:
        output.message(f"{count(open_now, 'open alert')}; syncline alerts ack ID takes one.")


def _row(alert: AlertReply, names: Names) -> tuple[str, ...]:
    state = f"{alert.state} by {alert.acknowledged_by}" if alert.acknowledged_by else alert.state
    return (
        str(alert.id),
        alert.severity,
        alert.kind,
        printable(_subject(alert, names)) or "the daemon",
        f"{alert.since:%Y-%m-%d %H:%M:%S}",
        state,
        printable(alert.cause),
    )


def _subject(alert: AlertReply, names: Names) -> str:
    """Return what it is about, an account by its name and the beginning of its id."""
    account_id = alert.account_id or ""
    name = names.get(account_id)
    if name is None:
        return alert.subject
    return alert.subject.replace(account_id, f"{name} ({account_id[:_ID_CHARACTERS]})")
