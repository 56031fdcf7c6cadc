"""Plays many storms of users' writes, and prints those that break the promise with what repeats them.

Payments are counted apart: `make storm SEEDS=200 PAYMENTS=50` is 10,000 of them, and about as many
other writes between them. Needs tests/ on the path.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import anyio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from store.action_models import ActionState
from support.action_storm import Tally, Verdict, play
from support.virtual_time import VIRTUAL_BACKEND

PAYMENTS = 50
_LINE_EVERY = 20
"""Without a terminal there is no bar."""


def main(arguments: Sequence[str]) -> int:
    """Play the seeds; 0 when every write happened once, not at all, or is said to be unknown."""
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
        for verdict in _played(seeds, chosen.payments, chosen.jobs):
            verdicts.append(verdict)
            if verdict.wrong:
                console.print(_told(verdict, chosen.payments), markup=False, soft_wrap=True)
            broken = sum(bool(each.wrong) for each in verdicts)
            progress.update(shown, advance=1, description=f"storms, {broken} broken")
            if not console.is_terminal and len(verdicts) % _LINE_EVERY == 0:
                console.print(_summed_up(verdicts), markup=False, soft_wrap=True)
    console.print(_summed_up(verdicts), markup=False, soft_wrap=True)
    return 1 if any(each.wrong for each in verdicts) else 0


def _played(seeds: Sequence[int], payments: int, jobs: int) -> Iterator[Verdict]:
    if jobs == 1:
        yield from (play_one(seed, payments) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(play_one, seed, payments) for seed in seeds]
        for done in as_completed(waiting):
            yield done.result()


def play_one(seed: int, payments: int) -> Verdict:
    """Play one storm in a folder that is gone afterwards."""
    name, options = VIRTUAL_BACKEND
    with tempfile.TemporaryDirectory(prefix="syncline-storm-") as folder:
        return anyio.run(
            play, seed, Path(folder), payments, backend=name, backend_options=dict(options)
        )


def _told(verdict: Verdict, payments: int) -> str:
    repeat = f"make storm FIRST={verdict.seed} SEEDS=1"
    if payments != PAYMENTS:
        repeat += f" PAYMENTS={payments}"
    lines = [f"the storm of seed {verdict.seed} breaks the promise; repeat it with", f"  {repeat}"]
    return "\n".join([*lines, *(f"  {wrong}" for wrong in verdict.wrong)])


def _summed_up(verdicts: Sequence[Verdict]) -> str:
    payments, others = Tally(), Tally()
    for verdict in verdicts:
        payments.add(verdict.payments)
        others.add(verdict.others)
    ignoring = sum(each.ignored for each in verdicts)
    crashes = sum(each.crashes for each in verdicts)
    wrong = sum(len(each.wrong) for each in verdicts)
    return (
        f"{len(verdicts)} storms ({ignoring} with a vendor that ignores request ids, {crashes:,}"
        f" crashes at a commit), {wrong} things wrong in all\n"
        f"  {_counted('payments', payments)}\n  {_counted('other writes', others)}"
    )


def _counted(what: str, tally: Tally) -> str:
    states = ", ".join(f"{tally.states[state]:,} {state.value}" for state in ActionState)
    happened = f"{tally.effects:,} happened, {tally.doubled} more than once, {tally.wrong} wrong"
    lines = [f"{tally.states.total():,} {what}: {states}; {happened}"]
    lines += [f"    failed, {count:,}: {cause}" for cause, count in tally.causes.most_common()]
    return "\n".join(lines)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many to play")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--payments", type=int, default=PAYMENTS, help="payments in each of them")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
