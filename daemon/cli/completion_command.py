"""`completion`: what makes a shell complete our commands and options."""

from enum import StrEnum
from typing import Annotated

import typer

# What typer itself uses for --show-completion, which guesses the shell; no public door leads there.
from typer._completion_shared import get_completion_script

from daemon.cli.shell import shell_of

_NAME = "syncline"
_VARIABLE = "_SYNCLINE_COMPLETE"


class ShellName(StrEnum):
    """The shells that can."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    ctx: typer.Context,
    shell: Annotated[ShellName, typer.Argument(help="Which shell.", show_default=False)],
) -> None:
    """Print what completes commands and options in a shell; put it where that shell looks for it.

    bash: ~/.local/share/bash-completion/completions/syncline. zsh: _syncline, in a folder of $fpath.
    fish: ~/.config/fish/completions/syncline.fish.
    """
    script = get_completion_script(prog_name=_NAME, complete_var=_VARIABLE, shell=shell.value)
    shell_of(ctx).output.block(script)
