"""A move in a process of its own, which kills itself when it is told of a certain step."""

import os
import signal
import sys
from pathlib import Path

from actors.clock import SystemClock
from store.moving.move import Move
from store.moving.target import open_target

ROWS_AT_ONCE = 100


def main(path: Path, url: str, step: str, times: int) -> None:
    """Move until then."""
    told = 0

    def tell(doing: str, _done: int, _total: int) -> None:
        nonlocal told
        told += doing == step
        if told == times:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_target(url, None) as target:
        move = Move(
            path,
            target,
            told=tell,
            wait=lambda _: False,
            now=lambda: SystemClock().now().utc,
            rows_at_once=ROWS_AT_ONCE,
        )
        move.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
