"""Following one account until something is done: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from daemon.cli.account_choice import account_path
from daemon.cli.daemon_client import DaemonAwayError, DaemonClient, ProblemError
from daemon.cli.failure import CommandError
from daemon.cli.replies import AccountReply, CursorReply, StatusReply, decoded
from daemon.cli.shell import Shell
from daemon.cli.wording import count

_LOOK_EVERY_S = 0.5
_HELD_LOOKS = 10
"""So often in a row nothing may be left but what is held: a look may just have it released."""
_AWAY_EVERY_S = 1.0
_AWAY_FOR_S = 60.0
"""So long a daemon that was there is waited for: it may only be restarting."""
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
        CommandError: the account cannot go on by itself, or not soon.
    """
    watched, held_looks = Watched(shell, daemon, account), 0
    with _view(shell, account.name) as show:
        while True:
            status = watched.status()
            left = {each.object_type for each in status.cursors if not is_done(each)}
            show(status, len(status.cursors) - len(left))
            if status.cursors and not left:
                return status
            refuse_stuck(status)
            held_looks = held_looks + 1 if left and left <= held_types(status) else 0
            if held_looks >= _HELD_LOOKS:
                raise _held(status)
            shell.pause(_LOOK_EVERY_S)


class Watched:
    """An account that is looked at again and again, also while its daemon is restarted."""

    def __init__(self, shell: Shell, daemon: DaemonClient, account: AccountReply) -> None:
        self._shell = shell
        self._daemon = daemon
        self._account = account
        self._was_there = False

    def status(self) -> StatusReply:
        """Return how it is; of a daemon that went away, tell once and wait for it to come back.

        Raises:
            CommandError: the daemon never was there, or stays away.
        """
        away_s = 0.0
        while True:
            try:
                found = self._daemon.get(account_path(self._account, "status"))
            except CommandError as error:
                if not (self._was_there and may_pass(error)) or away_s >= _AWAY_FOR_S:
                    raise
                if not away_s:
                    self._shell.output.message(f"{error}; waiting for it")
                self._shell.pause(_AWAY_EVERY_S)
                away_s += _AWAY_EVERY_S
            else:
                self._was_there = True
                return decoded(found, StatusReply)


def may_pass(error: CommandError) -> bool:
    """Say whether the daemon may only be restarting."""
    if isinstance(error, ProblemError):
        return error.status == HTTPStatus.SERVICE_UNAVAILABLE
    return isinstance(error, DaemonAwayError)


def held_types(status: StatusReply) -> set[str]:
    """Return the types whose deletes wait for a person's word."""
    return {
        each.object_type
        for each in status.held_deletes
        if each.confirmed_at is None or each.confirmed_count < each.count
    }


def how_to_confirm(status: StatusReply) -> str:
    """Say what a person has to do about deletes that are held."""
    return f"See which, and confirm them if they are meant: syncline confirm-deletes {status.id}"


def _held(status: StatusReply) -> CommandError:
    waiting = held_types(status)
    held = [each for each in status.held_deletes if each.object_type in waiting]
    told = ", ".join(f"{each.count:,} of {each.live:,} {each.object_type}" for each in held)
    return CommandError(
        f"{status.name}: deletes are held because they are too many at once: {told}",
        how_to_confirm(status),
    )


def refuse_stuck(status: StatusReply) -> None:
    """See that the account can go on by itself, and soon.

    Raises:
        CommandError: it cannot.
    """
    budget = status.budget
    if budget is not None and budget.refused_by_vendor:
        raise CommandError(
            f"{status.name}: {budget.reason or 'the vendor says that the reads are used up'}",
            "The daemon goes on by itself when there are reads again.",
        )
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
