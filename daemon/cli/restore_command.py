"""`restore` and `restore-drill`: a backup in the place of the database, and the proof that it could be."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.backup import BackupError, checked_backup, newest_backup
from daemon.cli.client_config import client_config
from daemon.cli.database_file import database_file
from daemon.cli.failure import CommandError
from daemon.cli.options import ConfigOption, JsonOption, YesOption
from daemon.cli.progress import progress_view
from daemon.cli.shell import Shell, shell_of
from daemon.cli.wording import count, duration
from daemon.config import Config
from daemon.generated_secret import GeneratedSecretError
from daemon.recovery_note import note_path, read_note, write_note
from daemon.restore_drill import DrillReport, RestoreDrill
from daemon.restoring import restore_backup
from daemon.sealing_key import WrongKeyError, known_sealer
from daemon.sealing_proof import stored_proof
from store.errors import StoreOpenError

_BackupArgument = Annotated[
    Path,
    typer.Argument(
        metavar="BACKUP", show_default=False, help="A backup, or a folder: its newest one."
    ),
]


def restore(
    ctx: typer.Context,
    backup: _BackupArgument,
    *,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Put a backup in the place of the database; what is there now is moved aside, not removed.

    The daemon must be stopped. Users' writes that had not ended when the backup was made are left to
    a person: they may have been sent since. Whoever follows changes must begin anew.
    """
    shell = shell_of(ctx)
    settings = client_config(shell.config_path(config), shell.environ)
    database = database_file(
        settings, "Use pg_restore into an empty database, and name that in store.url"
    )
    try:
        found = checked_backup(newest_backup(backup))
        shell.confirm(f"Put {found.path} in the place of {database}?", yes=yes)
        restored = restore_backup(database, found, shell.clock.now().utc)
    except (BackupError, StoreOpenError) as error:
        raise CommandError(str(error)) from error
    shell.output.line(str(database))
    if restored.aside is not None:
        shell.output.message(f"what was there is now {restored.aside}")
    if restored.parked_actions:
        shell.output.message(
            f"{count(restored.parked_actions, 'write')} may have been sent since the backup: look at"
            " the vendor, then syncline actions retry or cancel"
        )
    _say_whether_keys_fit(shell, settings, database)


def _say_whether_keys_fit(shell: Shell, config: Config, database: Path) -> None:
    try:
        known_sealer(config, stored_proof(database))
    except (WrongKeyError, GeneratedSecretError, StoreOpenError) as error:
        shell.output.error(f"the daemon will not start: {error}")


_TextfileOption = Annotated[
    Path | None,
    typer.Option(
        "--textfile",
        metavar="FILE",
        show_default=False,
        help="Also write the metrics here, for node_exporter: a name that ends in .prom.",
    ),
]


def restore_drill(
    ctx: typer.Context,
    backup: _BackupArgument,
    *,
    within: Annotated[
        Path | None,
        typer.Option(
            "--within",
            metavar="FOLDER",
            show_default=False,
            help="Where to restore it, for as long as it takes. Default: the system's own place.",
        ),
    ] = None,
    textfile: _TextfileOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Restore a backup elsewhere, check it, and compare it with the live database as of its T.

    Exits with 1 when it could not be relied on. The result is a metric of the daemon's too.
    """
    shell = shell_of(ctx)
    settings = shell.config(config)
    database = database_file(
        settings, "Restore the dump into another database, and see it with syncline doctor"
    )
    try:
        proof = stored_proof(database)
        sealer = None if proof is None else known_sealer(settings, proof)
    except (WrongKeyError, GeneratedSecretError):
        sealer = None
    except StoreOpenError as error:
        raise CommandError(str(error)) from error
    try:
        chosen = newest_backup(backup)
    except BackupError as error:
        raise CommandError(str(error)) from error
    with progress_view(shell.output) as show:
        drill = RestoreDrill(
            database,
            sealer,
            within,
            now=lambda: shell.clock.now().utc,
            monotonic_s=lambda: shell.clock.now().monotonic_s,
            progress=show,
        )
        report = drill.run(chosen)
    _note(shell, database, report, textfile)
    if as_json:
        shell.output.json(report)
    else:
        _show(shell, report)
    raise typer.Exit(int(not report.passed))


def _note(shell: Shell, database: Path, report: DrillReport, textfile: Path | None) -> None:
    note = msgspec.structs.replace(
        read_note(database),
        drill_at=report.at,
        drill_passed=report.passed,
        drill_backup_at=report.taken_at,
    )
    try:
        write_note(database, note)
    except OSError as error:
        shell.output.message(
            f"the daemon will not tell of it: {note_path(database)}: {error.strerror}"
        )
    if textfile is None:
        return
    from daemon.metrics.textfile import write_textfile  # noqa: PLC0415 - others start without it

    try:
        write_textfile(textfile, note)
    except OSError as error:
        raise CommandError(f"{textfile} cannot be written: {error.strerror}") from error


def _show(shell: Shell, report: DrillReport) -> None:
    shell.output.line(
        f"{'passed' if report.passed else 'FAILED'}: {report.backup}",
        "green" if report.passed else "bold red",
    )
    for problem in report.problems:
        shell.output.line(f"  {problem}")
    if not report.accounts and not report.objects and not report.passed:
        return
    age = "of unknown age" if report.age_s is None else f"{duration(report.age_s)} old"
    shell.output.line(
        f"  {age}, T from {_instant(report.oldest_exact_as_of)} to"
        f" {_instant(report.newest_exact_as_of)}, last change {report.last_seq:,}"
    )
    shell.output.line(
        f"  {count(report.accounts, 'account')} and {count(report.objects, 'object')} compared,"
        f" {report.tokens_opened} of {report.tokens} accounts' tokens opened,"
        f" restored in {duration(report.took_s)}"
    )


def _instant(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
