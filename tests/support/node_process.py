"""A node without actors, as a process that can be killed and frozen: `python -m support.node_process`."""

import signal
import sys
from argparse import ArgumentParser
from dataclasses import replace

import anyio

from daemon.cluster.balance import Timing
from support.placed_nodes import serve_node

TIMING = Timing(beat_s=0.2, stalled_after_s=2.0, look_s=0.2, fetch_s=0.1)


async def main(url: str, name: str, shards: int, silent_after_s: float) -> None:
    timing = replace(TIMING, stalled_after_s=silent_after_s)
    async with serve_node(url, name, shards=shards, timing=timing):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                break
    sys.stdout.write("left\n")


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("shards", type=int)
    parser.add_argument("silent_after_s", type=float, nargs="?", default=TIMING.stalled_after_s)
    given = parser.parse_args()
    anyio.run(main, given.url, given.name, given.shards, given.silent_after_s)
