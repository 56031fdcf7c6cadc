"""`verify`: compare an account with its vendor, and mend what differs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError
from daemon.cli.follow import Watched, held_types, how_to_confirm, refuse_stuck
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption
from daemon.cli.replies import (
    AccountReply,
    CertificateReply,
    ComparedReply,
    ProgressReply,
    StatusReply,
    VerifyReply,
    decoded,
)
from daemon.cli.shell import Shell, shell_of
from daemon.cli.verification_text import begun_anew_text, progress_text, verdict_text

_LOOK_EVERY_S = 1.0
_SHOWN_IDS = 20

_Show = Callable[[ProgressReply], None]


def verify(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    no_repair: Annotated[
        bool, typer.Option("--no-repair", help="Only name what differs; write nothing.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Compare all that is in the replica with the vendor now, and mend what differs.

    Ctrl-C stops the waiting, not the comparison. Exit 1: something differs that was not mended, or
    not all could be read.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        repair = "false" if no_repair else "true"
        wish = daemon.post(f"{account_path(chosen, 'verify')}?repair={repair}&wait=0")
        after = _follow(shell, daemon, chosen, decoded(wish, VerifyReply).request)
        raw = daemon.get(account_path(chosen, "certificate"))
        found = decoded(raw, CertificateReply)
        if as_json:
            shell.output.json(msgspec.Raw(raw))
        else:
            shell.output.table(_HEADINGS, map(_row, found.types))
            for line in _named(found):
                shell.output.line(line)
        shell.output.message(f"{chosen.name}: {verdict_text(found)}")
        if not found.repaired:
            _advise(shell, after, found, repair=not no_repair)
            raise typer.Exit(1)


def _advise(shell: Shell, status: StatusReply, found: CertificateReply, *, repair: bool) -> None:
    """Say what a person can do about what was not mended."""
    if held_types(status):
        shell.output.message(how_to_confirm(status))
    elif repair and found.complete and any(_is_left(each) for each in found.types):
        shell.output.message(
            "So many would go at once that a person has to decide: syncline sync"
            f" {status.id} --full --wait, then syncline confirm-deletes {status.id}"
        )
    elif not repair:
        shell.output.message(f"Mend it: syncline verify {status.id}")


def _is_left(each: ComparedReply) -> bool:
    return each.extra_count > 0 and each.unrepaired_count > 0


_HEADINGS = ("TYPE", "VENDOR", "REPLICA", "MISSING", "EXTRA", "DIFFERING")


def _row(each: ComparedReply) -> Sequence[str]:
    counts = (
        each.vendor_count,
        each.local_count,
        each.missing_count,
        each.extra_count,
        each.differing_count,
    )
    unread = "" if each.complete else " (not all read)"
    return (f"{each.object_type}{unread}", *(f"{number:,}" for number in counts))


def _named(found: CertificateReply) -> Iterator[str]:
    for each in found.types:
        kinds = (
            ("missing", each.missing, each.missing_count),
            ("extra", each.extra, each.extra_count),
            ("differing", each.differing, each.differing_count),
        )
        for kind, ids, total in kinds:
            shown = ", ".join(ids[:_SHOWN_IDS])
            more = f" and {total - _SHOWN_IDS:,} more" if total > _SHOWN_IDS else ""
            if ids:
                yield f"{each.object_type} {kind}: {shown}{more}"


def _follow(shell: Shell, daemon: DaemonClient, account: AccountReply, request: int) -> StatusReply:
    """Show how far it is until the request is answered; return how the account is then.

    Raises:
        CommandError: the account cannot go on by itself, or the comparison failed; the daemon will
            try it again.
    """
    watched, before, last = Watched(shell, daemon, account), None, None
    with _view(shell, account.name) as show:
        while True:
            status = watched.status()
            verification = status.verification
            if verification.last is not None and verification.last.answers >= request:
                return status
            refuse_stuck(status)
            if (now := verification.running) is not None:
                if before is not None:
                    ended = verification.last != last
                    if (why := begun_anew_text(before, now, ended=ended)) is not None:
                        shell.output.message(f"{account.name}: {why}")
                show(now)
                before, last = now, verification.last
            elif verification.last_error is not None:
                raise CommandError(
                    f"{account.name} could not be verified: {verification.last_error}",
                    "The daemon tries it again by itself: syncline status ACCOUNT",
                )
            shell.pause(_LOOK_EVERY_S)


@contextmanager
def _view(shell: Shell, name: str) -> Iterator[_Show]:
    console = shell.output.messages
    if not console.is_terminal:
        shown: list[str] = [""]

        def show_line(progress: ProgressReply) -> None:
            line = f"{name}: {progress_text(progress)}"
            if line != shown[-1]:
                shown[:] = [line]
                shell.output.message(line)

        yield show_line
        return
    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", name=name, total=None)

        def show_bar(progress: ProgressReply) -> None:
            bar.update(
                task,
                description=progress_text(progress),
                total=progress.types or None,
                completed=progress.types_done,
            )

        yield show_bar
