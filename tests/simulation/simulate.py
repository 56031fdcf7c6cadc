"""Plays many seeds, and prints those that break the promise with the command that repeats them.

Run by `make simulate SEEDS=…`; needs tests/ on the path.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from support.simulation.long_scenarios import THIRTY_DAYS
from support.simulation.run import Outcome, failed, run
from support.simulation.scenarios import SCENARIOS

_LONGEST_S = 900
"""Of real time; a run that takes longer goes round in circles."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is for its owner alone
_ENOUGH_BYTES = 2 * 1024**3


def main(arguments: Sequence[str]) -> int:
    """Play the seeds; 0 when all of them keep the promise."""
    chosen = _parse(arguments)
    console = Console(highlight=False)
    names = [chosen.scenario] if chosen.scenario else list(SCENARIOS)
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    broken, days = 0, 0.0
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with progress:
        shown = progress.add_task("seeds", total=len(seeds))
        started_s = progress.get_time()
        for outcome in _played(names, seeds, chosen.jobs):
            days += outcome.simulated_days
            if outcome.violations:
                broken += 1
                console.print(str(outcome), markup=False, soft_wrap=True)
            progress.update(shown, advance=1, description=f"seeds, {broken} broken")
        took_s = max(progress.get_time() - started_s, 1e-9)
    console.print(
        f"{len(seeds)} seeds over {len(names)} scenarios: {broken} broken; {days:,.0f} simulated"
        f" days in {took_s:,.0f} s, {days / took_s:,.1f} a second"
    )
    return 1 if broken else 0


def _played(names: Sequence[str], seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    named = [(names[seed % len(names)], seed) for seed in seeds]
    if jobs == 1:
        yield from (play(name, seed) for name, seed in named)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(play, name, seed) for name, seed in named]
        for done in as_completed(waiting):
            yield done.result()


def play(name: str, seed: int) -> Outcome:
    """Play one scenario in a folder that is gone afterwards."""
    scenario = THIRTY_DAYS if name == THIRTY_DAYS.name else SCENARIOS[name]

    def too_long(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not over after {_LONGEST_S} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(_LONGEST_S)
    try:
        with tempfile.TemporaryDirectory(prefix="syncline-simulation-", dir=_room()) as folder:
            return run(scenario, seed, Path(folder))
    except Exception as error:  # noqa: BLE001 - a seed that ends so is a finding, too
        return failed(scenario, seed, error)
    finally:
        signal.alarm(0)


def _room() -> Path | None:
    """Return where a run's file costs no disk; None when that is not certain to be enough."""
    try:
        free_bytes = shutil.disk_usage(_MEMORY).free
    except OSError:
        return None
    return _MEMORY if free_bytes >= _ENOUGH_BYTES else None


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many to play")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument(
        "--scenario",
        default="",
        choices=["", THIRTY_DAYS.name, *SCENARIOS],
        metavar="NAME",
        help="one of " + ", ".join([*SCENARIOS, THIRTY_DAYS.name]) + "; all in turn when not given",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
