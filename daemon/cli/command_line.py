"""The command line as a whole: how a command is found, and how trouble is shown."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

# What typer itself uses to answer a shell; no public door leads there.
from typer._completion_classes import completion_init

from daemon.cli.command_table import COMMANDS, GROUPS, Listed
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.output import Output
from daemon.cli.shell import Shell, process_shell
from daemon.config import ConfigError

_NAME = "syncline"
_SHELL_ASKS = "_SYNCLINE_COMPLETE"
_TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Where a shell that asks how a word goes on puts what was typed so far."""


def build(words: Sequence[str]) -> typer.Typer:
    """Return the command line as these words need it.

    Only the command that they name is loaded: each has a module of its own, and some modules take
    longer to load than the command takes. The others are listed.
    """
    asked = next((word for word in words if not word.startswith("-")), "")
    app = _group("Keep an exact, always-fresh local replica of many customers' SaaS accounts.")
    app.callback()(_root)
    for listed in COMMANDS:
        _add(app, listed, is_asked_for=listed.name == asked)
    for each in GROUPS:
        group = _group(each.about)
        for listed in each.commands:
            _add(group, listed, is_asked_for=each.name == asked)
        app.add_typer(group, name=each.name, short_help=each.summary)
    return app


def run_command_line(arguments: Sequence[str], shell: Shell) -> int:
    """Run one command and return how the process is to end.

    0: done. 1: it failed. 2: wrong usage or wrong configuration. 130: Ctrl-C.
    """
    try:
        completion_init()
        words = _words_of_shell(os.environ) or arguments
        build(words)(args=list(arguments), obj=shell, prog_name=_NAME)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except ConfigError as error:
        _show_config_error(shell.output, error)
        return ExitCode.USAGE
    except CommandError as error:
        _show_error(shell.output, error)
        return error.exit_code
    return ExitCode.DONE


def main() -> NoReturn:
    """Run the command that the process was started with."""
    sys.exit(run_command_line(sys.argv[1:], process_shell()))


def _root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda value: _version(show=value))
    ] = False,
) -> None:
    del show_version


def _version(*, show: bool) -> None:
    if show:
        from importlib.metadata import version  # noqa: PLC0415 - takes longer than the rest

        typer.echo(f"{_NAME} {version(_NAME)}")
        raise typer.Exit


def _group(about: str) -> typer.Typer:
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _add(group: typer.Typer, listed: Listed, *, is_asked_for: bool) -> None:
    # \b keeps the lines as they are.
    group.command(
        listed.name, short_help=listed.summary, epilog=f"Example:\n\n\b\n  {listed.example}"
    )(_loaded(listed) if is_asked_for else _not_loaded)


def _loaded(listed: Listed) -> Callable[..., None]:
    module, _, function = listed.home.partition(":")
    found: Callable[..., None] = getattr(import_module(f"daemon.cli.{module}"), function)
    return found


def _not_loaded() -> None:
    """Stand in for a command that was not asked for."""


def _words_of_shell(environ: Mapping[str, str]) -> Sequence[str]:
    """Return the words after the command's name when a shell asks how the last one goes on."""
    if _SHELL_ASKS not in environ:
        return ()
    return next((environ[name].split()[1:] for name in _TYPED if name in environ), ())


def _show_config_error(output: Output, error: ConfigError) -> None:
    output.error("the configuration cannot be used")
    for line in str(error).splitlines():
        output.message(line)


def _show_error(output: Output, error: CommandError) -> None:
    if output.as_json and error.document:
        output.message(error.document.decode("utf-8", "replace"))
        return
    output.error(str(error))
    for line in error.advice.splitlines():
        output.message(line)
