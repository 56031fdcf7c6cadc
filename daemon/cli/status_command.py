"""`status`: all accounts, or one of them in detail."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from math import inf
from typing import Annotated, NoReturn

import msgspec
import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from daemon.cli.account_choice import account_path, all_accounts, chosen_account
from daemon.cli.account_table import (
    account_table,
    cursor_table,
    state_text,
    summary,
)
from daemon.cli.cluster_text import cluster_lines, move_line
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError
from daemon.cli.follow import may_pass
from daemon.cli.live_view import LiveView
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.output import Output
from daemon.cli.overview_replies import ClusterReply, OverviewReply
from daemon.cli.replies import BudgetReply, StatusReply, TokenReply, decoded
from daemon.cli.shell import Shell, shell_of
from daemon.cli.state_news import StateNews
from daemon.cli.verification_text import verification_text
from daemon.cli.wording import age, printable

_WATCH_EVERY_S = 1.0
_ANSWERS_WITHIN_S = 5.0
"""After that a daemon counts as away: the screen must not stand still for long."""
_MOST_ROWS = 500
_SENTENCES = ("reason", "reads", "tokens")


def status(
    ctx: typer.Context,
    account: Annotated[
        str,
        typer.Argument(
            metavar="[ACCOUNT]", show_default=False, help="One account in detail; else all."
        ),
    ] = "",
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show how the accounts are, or all about one of them."""
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        path = account_path(chosen_account(daemon, account), "status") if account else ""
        if watch:
            _watch(shell, daemon, path, as_json=as_json)
        elif as_json:
            shell.output.json(_document(daemon, path))
        else:
            shell.output.show(_view(shell.output, daemon, path, shell.clock.now().utc))


def _watch(shell: Shell, daemon: DaemonClient, path: str, *, as_json: bool) -> None:
    output = shell.output
    if as_json:
        _look_again(shell, lambda: output.json_line(_document(daemon, path)), output.message)
    if not output.data.is_terminal:
        _look_again(shell, StateNews(shell, daemon, path).tell, output.message)
    with Live(console=output.data, auto_refresh=False, screen=True) as live:
        if path:
            _watch_one(shell, daemon, path, live)
        _watch_all(shell, daemon, live)


def _watch_all(shell: Shell, daemon: DaemonClient, live: Live) -> NoReturn:
    view, console = LiveView(daemon.base_url), shell.output.data

    def look() -> None:
        wanted = {"limit": min(console.height, _MOST_ROWS)}
        overview = decoded(
            daemon.get("/health/overview", wanted, timeout_s=_ANSWERS_WITHIN_S), OverviewReply
        )
        view.hear(overview, shell.clock.now().utc)

    def paint() -> None:
        now = shell.clock.now().utc
        live.update(view.paint(shell.output, console.height, now), refresh=True)

    look()
    while True:
        paint()
        shell.pause(_WATCH_EVERY_S)
        try:
            look()
        except CommandError as error:
            if not may_pass(error):
                raise
            view.miss(str(error), shell.clock.now().utc)


def _watch_one(shell: Shell, daemon: DaemonClient, path: str, live: Live) -> NoReturn:
    shown: list[RenderableType] = []

    def look() -> None:
        shown[:] = [_view(shell.output, daemon, path, shell.clock.now().utc)]
        live.update(shown[0], refresh=True)

    def say(text: str) -> None:
        live.update(Group(Text(printable(text), "bold red"), *shown), refresh=True)

    _look_again(shell, look, say)


def _look_again(shell: Shell, look: Callable[[], None], say: Callable[[str], None]) -> NoReturn:
    """Look for ever; of a daemon that has gone, tell once and wait for it to come back.

    Raises:
        CommandError: already the first look failed, or the daemon refuses one.
    """
    look()
    told = ""
    while True:
        shell.pause(_WATCH_EVERY_S)
        try:
            look()
        except CommandError as error:
            if not may_pass(error):
                raise
            if str(error) != told:
                told = str(error)
                say(f"{told}; waiting for it")
        else:
            told = ""


def _document(daemon: DaemonClient, path: str) -> object:
    return msgspec.Raw(daemon.get(path)) if path else list(daemon.items("/integrations"))


def _view(output: Output, daemon: DaemonClient, path: str, now: datetime) -> RenderableType:
    if path:
        return _detail(output, decoded(daemon.get(path), StatusReply), now)
    accounts = all_accounts(daemon)
    cluster = _cluster(daemon)
    return Group(
        account_table(output, accounts, now),
        Text(summary(accounts), "dim"),
        *cluster_lines(cluster),
        *(move_line(each) for each in (cluster.last_moves if cluster else ())),
    )


def _cluster(daemon: DaemonClient) -> ClusterReply | None:
    """Return the nodes, where there are any; the accounts are shown without them if need be."""
    with suppress(CommandError):
        return decoded(daemon.get("/health/overview", {"limit": 0}), OverviewReply).cluster
    return None


def _detail(output: Output, status: StatusReply, now: datetime) -> RenderableType:
    facts = [
        ("account", Text(status.id)),
        ("company", Text(printable(f"{status.vendor} {status.external_account_id}"))),
        ("state", state_text(status.state)),
        *(("reason", Text(printable(reason), "yellow")) for reason in status.reasons),
        *_what_to_do(status),
        ("exact as of", _instant(status.exact_as_of, now)),
        ("last synced", _instant(status.last_synced_at, now)),
        ("connected", _instant(status.connected_at, now)),
        *_budget(status.budget),
        *_token(status.token),
        ("verified", Text(printable(verification_text(status.verification, now)))),
    ]
    return Group(
        Text(printable(status.name), "bold", no_wrap=True, overflow="ellipsis"),
        *(_fact(name, value) for name, value in facts),
        Text(),
        cursor_table(output, status, now),
    )


def _fact(name: str, value: Text) -> Text:
    line = Text(f"  {name:<13}").append_text(value)
    if name not in _SENTENCES:
        line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _what_to_do(status: StatusReply) -> Sequence[tuple[str, Text]]:
    if status.state != "reauth_required":
        return []
    return [("what to do", Text(printable(f"syncline connect {status.vendor}")))]


def _budget(budget: BudgetReply | None) -> Sequence[tuple[str, Text]]:
    if budget is None:
        return []
    of = "" if budget.allowance is None else f" of {budget.allowance:,}"
    slower = f"; polls {budget.stretch:.1f} times as seldom" if budget.stretch > 1 else ""
    ahead = "forecast not known yet"
    if budget.forecast is not None:
        ahead = f"{budget.forecast:,} forecast"
    said = f"{budget.used:,}{of} in {budget.month} over all accounts, {ahead}{slower}"
    over = (budget.forecast or 0) > (budget.allowance or inf)
    return [("reads", Text(printable(said), "yellow" if over else ""))]


def _token(token: TokenReply | None) -> Sequence[tuple[str, Text]]:
    if token is None or token.advice is None:
        return []
    return [("tokens", Text(printable(token.advice), "yellow"))]


def _instant(instant: datetime | None, now: datetime) -> Text:
    if instant is None:
        return Text("-")
    return Text(f"{instant:%Y-%m-%dT%H:%M:%SZ} ({age(instant, now)})")
