"""`run`: the daemon itself."""

import sys

import typer

from daemon.cli.options import ConfigOption
from daemon.cli.shell import shell_of

_SWITCH_S = 0.001
"""How long the thread that writes to the store may keep the interpreter from the loop, or the other
way round. Python's own five milliseconds are as long as all that a user's write takes here."""


def run(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C; a second signal ends it at once.

    SIGHUP reads the configuration again.
    """
    from daemon import app  # noqa: PLC0415 - the other commands start without it

    shell = shell_of(ctx)
    sys.setswitchinterval(_SWITCH_S)
    raise typer.Exit(app.run(shell.config_path(config)))
