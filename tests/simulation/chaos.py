"""Plays the chaos with real processes: a database, a vendor and nodes that are killed, frozen and cut off.

`make chaos NODES=4 ACCOUNTS=500 MINUTES=10 SEED=1`. The seed fixes what is done to the cluster and
when; how the processes meet it is the machine's. Needs tests/ on the path.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio
from rich.console import Console

from support.chaos.plan import Plan
from support.chaos.run import play
from support.chaos.verdict import Verdict


def main(arguments: Sequence[str]) -> int:
    """Play one run; 0 when the promise was kept."""
    chosen = _parse(arguments)
    console = Console(highlight=False, soft_wrap=True)
    plan = Plan(chosen.seed, chosen.nodes, chosen.accounts, chosen.minutes * 60, chosen.blow_every)
    folder = chosen.logs or Path(tempfile.mkdtemp(prefix="syncline-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    verdict = anyio.run(play, plan, folder, partial(console.print, markup=False))
    _show(console, verdict)
    console.print(f"logs are in {folder}", markup=False)
    return 1 if verdict.wrong else 0


def _show(console: Console, verdict: Verdict) -> None:
    for what, found in verdict.facts.items():
        console.print(f"{what}: {found}", markup=False)
    for line in verdict.wrong:
        console.print(line, markup=False, style="red")
    console.print("the promise was broken" if verdict.wrong else "the promise was kept")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--blow-every", type=float, default=9, help="seconds, on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, default=None, help="where the processes' logs go")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
