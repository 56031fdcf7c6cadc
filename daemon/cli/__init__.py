"""The command line, `syncline`: how operators and scripts use the daemon."""

from daemon.cli.command_line import main

__all__ = ["main"]
