import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.command_line import CommandLine

SCRIPT = Path(sys.executable).with_name("syncline")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_is_told_how_to_ask_us(cli: CommandLine, shell: str) -> None:
    result = cli.run("completion", shell)
    assert result.code == 0
    assert f"_SYNCLINE_COMPLETE=complete_{shell}" in result.out


def test_another_shell_is_wrong_usage(cli: CommandLine) -> None:
    assert cli.run("completion", "tcsh").code == 2


def test_a_real_bash_completes_commands_and_options(cli: CommandLine) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    asked = (
        cli.run("completion", "bash").out
        + """
        for line in "syncline rest" "syncline keys " "syncline backup --ke"; do
          COMP_WORDS=($line); [[ $line == *" " ]] && COMP_WORDS+=("")
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
          _syncline_completion syncline; echo "${COMPREPLY[*]}"
        done
        """
    )
    done = subprocess.run(
        [bash, "-c", asked],
        env={"PATH": f"{SCRIPT.parent}:/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["restore-drill", "restore"],
        ["rotate", "forget", "new"],
        ["--keep"],
    ], done.stderr
