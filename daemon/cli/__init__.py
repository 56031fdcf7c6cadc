"""The command line, `syncline`: how operators and scripts use the daemon."""

import sys
from typing import NoReturn

_INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command that the process was started with.

    Loading it takes a moment, in which somebody may think better of it: Ctrl-C ends that without a word too.
    """
    try:
        from daemon.cli.command_line import main as run  # noqa: PLC0415 - see above

        run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
