"""`run`: the daemon itself."""

import typer

from daemon.cli.options import ConfigOption
from daemon.cli.shell import shell_of


def run(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C; a second signal ends it at once.

    SIGHUP reads the configuration again.
    """
    from daemon import app  # noqa: PLC0415 - the other commands start without it

    shell = shell_of(ctx)
    raise typer.Exit(app.run(shell.config_path(config)))
