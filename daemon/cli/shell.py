"""What a command stands in: the process around it, so that tests can put it into another."""

import getpass
import os
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actors.clock import Clock, SystemClock
from daemon.cli.client_config import client_config
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.output import Output
from daemon.config import Config, find_config, load_config

if TYPE_CHECKING:
    import httpx
    import typer

    from daemon.cli.daemon_client import DaemonClient


@dataclass(frozen=True, slots=True)
class Shell:
    """The surroundings of one command.

    Attributes:
        folder: where `config.yaml` is looked for first.
        pause: waits for so many seconds.
        ask: puts a yes-or-no question to the person at the terminal; None without a terminal.
        open_page: opens an address in a browser; False when there is none.
        ask_text: asks the person at the terminal for a text, which is not shown when it is secret;
            None without a terminal.
        transport: carries requests to the daemon; None is the network.
    """

    environ: Mapping[str, str]
    folder: Path
    output: Output
    clock: Clock
    pause: Callable[[float], None]
    ask: Callable[[str], bool] | None
    open_page: Callable[[str], bool]
    transport: "httpx.BaseTransport | None" = None
    ask_text: Callable[[str, bool], str] | None = None

    def config_path(self, named: Path | None) -> Path:
        """Return the configuration's file.

        Raises:
            ConfigError: there is none.
        """
        return find_config(named, self.folder)

    def config(self, named: Path | None) -> Config:
        """Load the configuration.

        Raises:
            ConfigError: with all that is wrong with it.
        """
        return load_config(self.config_path(named), self.environ)

    def daemon(self, named: Path | None) -> "DaemonClient":
        """Return a client of the daemon that this configuration belongs to.

        Raises:
            ConfigError: with all that is wrong with the configuration.
            CommandError: the admin token cannot be had.
        """
        from daemon.cli.daemon_client import DaemonClient  # noqa: PLC0415 - loads an HTTP client

        path = self.config_path(named)
        config = client_config(path, self.environ)
        return DaemonClient.of(config, path, self.transport, user=_user(self.environ))

    def confirm(self, question: str, *, yes: bool) -> None:
        """Return only when the person agrees.

        Raises:
            CommandError: they don't, or there is nobody to ask and `--yes` was not given.
        """
        if yes:
            return
        if self.ask is None:
            raise CommandError(
                "this needs to be confirmed, and there is no terminal to ask at",
                "Add --yes to go ahead without being asked.",
                ExitCode.USAGE,
            )
        if not self.ask(question):
            raise CommandError("nothing was done")


def shell_of(ctx: "typer.Context") -> Shell:
    """Return the shell that a command was called in."""
    found: Shell = ctx.obj
    return found


def process_shell() -> Shell:
    """Return the shell of this process."""
    # Either is None where whoever started the process closed it.
    interactive = all(each is not None and each.isatty() for each in (sys.stdin, sys.stderr))
    return Shell(
        environ=os.environ,
        folder=Path.cwd(),
        output=Output(sys.stdout, sys.stderr),
        clock=SystemClock(),
        pause=_pause,
        ask=_ask if interactive else None,
        open_page=webbrowser.open,
        ask_text=_ask_text if interactive else None,
    )


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def _ask(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _ask_text(question: str, is_secret: bool) -> str:  # noqa: FBT001 - as `Shell.ask_text` says
    if is_secret:
        return getpass.getpass(f"{question}: ", sys.stderr)
    print(f"{question}: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a prompt
    return sys.stdin.readline()


def _user(environ: Mapping[str, str]) -> str:
    """Return who calls, as the login says; behind sudo, who called that."""
    names = (environ.get(name, "") for name in ("SUDO_USER", "LOGNAME", "USER"))
    return next((name for name in names if name and name.isascii()), "")
