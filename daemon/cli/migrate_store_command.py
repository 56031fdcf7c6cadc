"""`migrate-store`: move the replica out of its SQLite file into a PostgreSQL database."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Column

from daemon.cli.client_config import client_config
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.options import ConfigOption, JsonOption, YesOption
from daemon.cli.progress import progress_view
from daemon.cli.shell import Shell, shell_of
from daemon.cli.wording import count
from daemon.config import ConfigError
from daemon.generated_secret import admin_token_path, keys_path
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.moving.move import MoveReport
    from store.moving.source import Damage
    from store.moving.target import Target

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")
_LOOK_EVERY_S = 1.0
_DAMAGES_SHOWN = 20


class _Told(msgspec.Struct, frozen=True):
    to: str
    already: bool
    dry_run: bool
    rows: int
    corrected: int
    damaged: int
    damages: list["Damage"]
    tables: list[dict[str, str | int]]


_ToOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="URL",
        show_default=False,
        help="The database: postgresql://USER@HOST/NAME. The password had better not be in it:"
        " store.password, PGPASSWORD and ~/.pgpass are asked.",
    ),
]


def migrate_store(  # noqa: PLR0913 - its options
    ctx: typer.Context,
    *,
    source: Annotated[
        str,
        typer.Option("--from", metavar="URL", show_default=False, help="The file: sqlite:///PATH."),
    ],
    to: _ToOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check all, and change nothing.")
    ] = False,
    wait_s: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=0,
            help="How long to wait for the daemon to be stopped when all else is done.",
        ),
    ] = 600.0,
    undo: Annotated[
        bool,
        typer.Option("--undo", help="Have the file used again, as it was when it was moved."),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Move everything from an SQLite file to PostgreSQL: resumable, and compared row by row.

    The daemon may go on meanwhile. When all is copied it has to be stopped, so that what changed since
    can be copied and everything compared; then the file is marked, and no daemon starts on it.
    Whenever this dies, call it again.
    """
    shell = shell_of(ctx)
    path = _path(source, shell)
    if undo:
        _undo(shell, path, to, config, yes=yes)
        return
    if to is None:
        raise CommandError("--to is missing", exit_code=ExitCode.USAGE)
    with _target(shell, to, config) as target, progress_view(shell.output) as show:
        from store.moving.move import Move  # noqa: PLC0415 - needs a driver

        move = Move(
            path,
            target,
            told=show,
            wait=_Waiter(shell, wait_s),
            now=lambda: shell.clock.now().utc,
        )
        report = move.look() if dry_run else move.run()
    _tell(shell, report, path, dry_run=dry_run, as_json=as_json)


class _Waiter:
    """Has the person stop the daemon, and waits for it."""

    def __init__(self, shell: Shell, wait_s: float) -> None:
        self._shell = shell
        self._left_s = wait_s
        self._said = False

    def __call__(self, process: int | None) -> bool:
        if self._left_s <= 0:
            return False
        if not self._said:
            self._said = True
            self._shell.output.message(
                f"all that was there is copied. Now stop the daemon (process {process or 'unknown'}):"
                " what changed since is copied then, and everything compared"
            )
        self._left_s -= _LOOK_EVERY_S
        self._shell.pause(_LOOK_EVERY_S)
        return True


def _path(source: str, shell: Shell) -> Path:
    if not source.startswith(_SQLITE) or source == _SQLITE:
        raise CommandError(
            "--from must be sqlite:///PATH: sqlite:////var/lib/... with four strokes is an absolute one",
            exit_code=ExitCode.USAGE,
        )
    return shell.folder / source.removeprefix(_SQLITE)


@contextmanager
def _target(shell: Shell, to: str, config: Path | None) -> "Iterator[Target]":
    if not to.startswith(_POSTGRESQL):
        raise CommandError("--to must be postgresql://...", exit_code=ExitCode.USAGE)
    try:
        from store.moving.target import open_target  # noqa: PLC0415 - others start without it
    except ImportError as error:
        raise CommandError(
            f"PostgreSQL's driver is not there ({error})",
            "Install psycopg[binary], as syncline[postgresql] does.",
        ) from error
    try:
        with open_target(to, _password(shell, config)) as target:
            yield target
    except StoreError as error:
        raise CommandError(str(error)) from error


def _password(shell: Shell, named: Path | None) -> str | None:
    """Return what the configuration says, if there is one; it need not be."""
    try:
        settings = client_config(shell.config_path(named), shell.environ)
    except ConfigError:
        if named is not None:
            raise
        return None
    password = settings.store.password
    return None if password is None else password.reveal()


def _undo(shell: Shell, path: Path, to: str | None, config: Path | None, *, yes: bool) -> None:
    shell.confirm(
        f"What was written since the move is not in {path}: writes done there would be done again, and"
        " companies whose tokens were renewed must be connected anew. Use it again?",
        yes=yes,
    )
    from store.moving.take_back import take_back  # noqa: PLC0415 - few need it

    now = shell.clock.now().utc
    try:
        if to is None:
            take_back(path, None, now)
        else:
            with _target(shell, to, config) as target:
                take_back(path, target, now)
    except StoreError as error:
        raise CommandError(str(error)) from error
    shell.output.line(str(path))
    if to is None:
        shell.output.message(
            "the PostgreSQL database does not know of it: see that no daemon starts on it (--to says so"
            " to it)"
        )


def _tell(shell: Shell, report: "MoveReport", path: Path, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        shell.output.json(
            _Told(
                report.to,
                report.already,
                dry_run,
                report.rows,
                report.corrected,
                report.damaged,
                report.damages,
                [msgspec.to_builtins(table) for table in report.tables],
            )
        )
        return
    if report.already:
        shell.output.line(f"{path} was moved to {report.to} already: nothing was done")
        return
    shell.output.table(
        ("TABLE", Column("ROWS", justify="right"), "" if dry_run else "SHA-256 IN BOTH"),
        ((table.name, f"{table.rows:,}", table.sha256) for table in report.tables if table.rows),
    )
    for damage in report.damages[:_DAMAGES_SHOWN]:
        done = "left out" if damage.left_out else "kept, with U+FFFD instead"
        shell.output.message(f"{damage.table} ({damage.key}): {damage.wrong}: {done}")
    if report.damaged:
        shell.output.message(
            f"{count(report.damaged, 'row')} cannot be held by PostgreSQL as they are; what is left out"
            " of objects comes back with syncline verify (--json names up to 1,000)"
        )
    if dry_run:
        shell.output.message(f"{count(report.rows, 'row')} would be moved to {report.to}")
        return
    shell.output.message(
        f"{count(report.rows, 'row')} are in {report.to}, compared one by one; {path} is not used any"
        " more"
    )
    shell.output.message(
        f"now: name it in store.url; copy {keys_path(path).name} and {admin_token_path(path).name} to"
        " syncline.key and syncline.admin-token in store.files; start the daemon"
    )
