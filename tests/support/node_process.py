"""A node without actors, as a process that can be killed and frozen: `python -m support.node_process`."""

import signal
import sys
from argparse import ArgumentParser

import anyio

from daemon.cluster.balance import Timing
from support.placed_nodes import serve_node

TIMING = Timing(beat_s=0.2, stalled_after_s=2.0, look_s=0.2, fetch_s=0.1)


async def main(url: str, name: str, shards: int) -> None:
    async with serve_node(url, name, shards=shards, timing=TIMING):
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
    given = parser.parse_args()
    anyio.run(main, given.url, given.name, given.shards)
