"""Plays many storms of routed jobs, and prints those that break the promise with what repeats them.

Run by `make jobs-storm SEEDS=…`; needs tests/ on the path.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from support.dispatch_storm import Verdict, play
from support.virtual_time import VIRTUAL_BACKEND

ENTERED, COMPANIES = 1_000, 20
_WORKED = 0.1
"""The part of what was offered that companies work on."""


def main(arguments: Sequence[str]) -> int:
    """Play the seeds; 0 when every offer was made once, and all came back as the companies have it."""
    chosen = _parse(arguments)
    console = Console(highlight=False)
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    verdicts: list[Verdict] = []
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with progress:
        shown = progress.add_task("storms", total=len(seeds))
        for verdict in _played(seeds, chosen):
            verdicts.append(verdict)
            if verdict.wrong:
                console.print(_told(verdict, chosen), markup=False, soft_wrap=True)
            broken = sum(bool(each.wrong) for each in verdicts)
            progress.update(shown, advance=1, description=f"storms, {broken} broken")
            if not console.is_terminal:
                console.print(_summed_up(verdicts), markup=False, soft_wrap=True)
    console.print(_summed_up(verdicts), markup=False, soft_wrap=True)
    return 1 if any(each.wrong for each in verdicts) else 0


def _played(seeds: Sequence[int], chosen: argparse.Namespace) -> Iterator[Verdict]:
    one = partial(play_one, entered=chosen.entered, companies=chosen.companies)
    if chosen.jobs == 1:
        yield from map(one, seeds)
        return
    with ProcessPoolExecutor(chosen.jobs) as pool:
        waiting = [pool.submit(one, seed) for seed in seeds]
        for done in as_completed(waiting):
            yield done.result()


def play_one(seed: int, entered: int, companies: int) -> Verdict:
    """Play one storm in a folder that is gone afterwards."""
    name, options = VIRTUAL_BACKEND
    storm = partial(play, entered=entered, companies=companies, worked=_WORKED)
    with tempfile.TemporaryDirectory(prefix="syncline-jobs-storm-") as folder:
        return anyio.run(storm, seed, Path(folder), backend=name, backend_options=dict(options))


def _told(verdict: Verdict, chosen: argparse.Namespace) -> str:
    repeat = f"make jobs-storm FIRST={verdict.seed} SEEDS=1"
    if (chosen.entered, chosen.companies) != (ENTERED, COMPANIES):
        repeat += f" ENTERED={chosen.entered} COMPANIES={chosen.companies}"
    lines = [f"the storm of seed {verdict.seed} breaks the promise; repeat it with", f"  {repeat}"]
    return "\n".join([*lines, *(f"  {wrong}" for wrong in verdict.wrong[:20])])


def _summed_up(verdicts: Sequence[Verdict]) -> str:
    statuses: Counter[str] = Counter()
    for verdict in verdicts:
        statuses += verdict.statuses

    def total(name: str) -> int:
        return sum(getattr(each, name) for each in verdicts)

    stand = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
    wrong = sum(len(each.wrong) for each in verdicts)
    return (
        f"{len(verdicts)} storms ({total('crashes'):,} crashes): {total('routings'):,} offers,"
        f" {total('made'):,} leads and bookings made by {total('calls'):,} calls,"
        f" {total('doubled')} offers made twice, {total('by_hand')} tried again by hand,"
        f" {total('reconnected')} companies connected again;"
        f" {stand}; {total('violations')} calls above a limit; {wrong} wrong"
    )


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make jobs-storm", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many to play")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--entered", type=int, default=ENTERED, help="jobs entered in each of them")
    parser.add_argument("--companies", type=int, default=COMPANIES, help="whom they are offered to")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
