"""Backs up a database over and over while others use it."""

import sys
import threading
from itertools import count
from pathlib import Path

from actors.clock import SystemClock
from daemon.backup import make_backup

_PAUSE_S = 0.2


def main(source: Path, folder: Path) -> None:
    """Back up until killed."""
    clock = SystemClock()
    for number in count():
        make_backup(source, folder / f"{number}.db", clock.now().utc, lambda *_: None)
        threading.Event().wait(_PAUSE_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
