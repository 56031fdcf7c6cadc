"""Following one account until something is done: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from daemon.cli.account_choice import account_path
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError
from daemon.cli.replies import AccountReply, CursorReply, StatusReply, decoded
from daemon.cli.shell import Shell
from daemon.cli.wording import count

_LOOK_EVERY_S = 0.5
_STUCK = {
    "reauth_required": "Connect it again: syncline connect {vendor}",
    "quarantined": "See why: syncline status ACCOUNT",
    "paused": "Let it go on: syncline resume ACCOUNT",
    "disconnected": "Connect it again: syncline connect {vendor}",
}

_Show = Callable[[StatusReply, int], None]


def follow(
    shell: Shell,
    daemon: DaemonClient,
    account: AccountReply,
    is_done: Callable[[CursorReply], bool],
) -> StatusReply:
    """Show how far the account is until every one of its object types is done; return the end.

    Raises:
        CommandError: the account cannot go on by itself.
    """
    with _view(shell, account.name) as show:
        while True:
            raw = daemon.get(account_path(account, "status"))
            status = decoded(raw, StatusReply)
            done = sum(is_done(cursor) for cursor in status.cursors)
            show(status, done)
            if status.cursors and done == len(status.cursors):
                return status
            refuse_stuck(status)
            shell.pause(_LOOK_EVERY_S)


def refuse_stuck(status: StatusReply) -> None:
    """See that the account can go on by itself.

    Raises:
        CommandError: it cannot.
    """
    if status.state in _STUCK:
        why = "; ".join(status.reasons)
        raise CommandError(
            f"{status.name} is {status.state}" + (f": {why}" if why else ""),
            _STUCK[status.state].format(vendor=status.vendor),
        )


def describe(status: StatusReply) -> str:
    """Say in a few words where an account stands."""
    records = sum(cursor.records for cursor in status.cursors)
    why = f" ({'; '.join(status.reasons)})" if status.state == "degraded" else ""
    return f"{status.state}, {count(records, 'record')}{why}"


@contextmanager
def _view(shell: Shell, name: str) -> Iterator[_Show]:
    console = shell.output.messages
    if not console.is_terminal:
        shown: list[str] = [""]

        def show_line(status: StatusReply, done: int) -> None:
            line = f"{name}: {done}/{len(status.cursors)} types, {describe(status)}"
            if line != shown[-1]:
                shown[:] = [line]
                shell.output.message(line)

        yield show_line
        return
    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("types  {task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", name=name, total=None)

        def show_bar(status: StatusReply, done: int) -> None:
            progress.update(
                task,
                description=describe(status),
                total=len(status.cursors) or None,
                completed=done,
            )

        yield show_bar
