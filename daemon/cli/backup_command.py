"""`backup`: a whole, checked copy of the database."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.backup import Backup, BackupError, backups_in, forget_old, make_backup, name_in
from daemon.cli.client_config import client_config
from daemon.cli.database_file import database_file
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.progress import progress_view
from daemon.cli.shell import Shell, shell_of
from daemon.cli.wording import count
from daemon.recovery_note import note_path, read_note, write_note


@dataclass(frozen=True, slots=True)
class _Made:
    path: str
    sha256: str
    size_bytes: int
    taken_at: datetime | None
    accounts: int
    last_seq: int
    oldest_exact_as_of: datetime | None
    newest_exact_as_of: datetime | None
    removed: list[str]


def backup(
    ctx: typer.Context,
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            show_default=False,
            help="A file that does not exist, or a folder, in which it is named by the time.",
        ),
    ],
    *,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", min=1, help="Then remove all but the newest N of the folder."
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Copy the database as it is at one moment, check the copy, and write its checksum beside it.

    The daemon may run meanwhile and need not. Nothing is overwritten. Tokens go along, sealed; the
    keys do not: keep them elsewhere, for without them every company must be connected again.
    """
    shell = shell_of(ctx)
    if keep is not None and not path.is_dir():
        raise CommandError("--keep needs a folder as PATH", exit_code=ExitCode.USAGE)
    database = database_file(
        client_config(shell.config_path(config), shell.environ),
        "Use pg_dump --format=custom, or the server's own backups",
    )
    now = shell.clock.now().utc
    target = name_in(path, now) if path.is_dir() else path
    try:
        with progress_view(shell.output) as show:
            made = make_backup(
                database, target.absolute(), now, lambda done, of: show("copying", done, of)
            )
        removed = [] if keep is None else [str(old) for old in forget_old(path, keep)]
    except BackupError as error:
        raise CommandError(str(error)) from error
    _note(shell, database, made)
    _tell(shell, made, removed, as_json=as_json)
    if path.is_dir() and not as_json:
        shell.output.message(f"{count(len(backups_in(path)), 'backup')} in {path}")


def _note(shell: Shell, database: Path, made: Backup) -> None:
    """Leave word for the metrics; the backup is good without."""
    note = msgspec.structs.replace(
        read_note(database), backup_at=made.facts.taken_at, backup_bytes=made.size_bytes
    )
    try:
        write_note(database, note)
    except OSError as error:
        shell.output.message(
            f"the metrics will not tell of it: {note_path(database)}: {error.strerror}"
        )


def _tell(shell: Shell, made: Backup, removed: list[str], *, as_json: bool) -> None:
    facts = made.facts
    if as_json:
        shell.output.json(
            _Made(
                path=str(made.path),
                sha256=made.sha256,
                size_bytes=made.size_bytes,
                taken_at=facts.taken_at,
                accounts=facts.accounts,
                last_seq=facts.last_seq,
                oldest_exact_as_of=facts.oldest_exact_as_of,
                newest_exact_as_of=facts.newest_exact_as_of,
                removed=removed,
            )
        )
        return
    exact = facts.oldest_exact_as_of
    until = "" if exact is None else f", all exact as of {exact:%Y-%m-%dT%H:%M:%SZ}"
    shell.output.line(str(made.path))
    shell.output.message(
        f"{made.size_bytes / (1 << 20):,.1f} MiB, {count(facts.accounts, 'account')}{until}; checked,"
        f" SHA-256 {made.sha256[:16]}... beside it"
    )
    shell.output.message(
        "the keys that open its tokens are not in it: keep a copy of them elsewhere"
    )
    for old in removed:
        shell.output.message(f"removed {old}")
