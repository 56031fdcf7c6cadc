"""The command line: `python -m bench [ingest|idle|start|web|clients|webhooks|views|actions|pages|cluster] [--full]`.

`ingest --store postgresql` (or `ingest-postgresql`) holds PostgreSQL beside SQLite.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from rich.console import Console

from bench import (
    actions,
    clients,
    cluster,
    idle,
    ingest,
    ingest_postgresql,
    pages,
    start,
    views,
    web,
    webhooks,
)
from bench.cores import Cores, choose_cores
from bench.figures import Figure
from bench.machine import look_at_machine
from bench.report import Report, keep, show

_PLAIN_WIDTH = 160
RESULT = Path(__file__).parent / "results" / "latest.json"

INGEST = "ingest"
ON_POSTGRESQL = "ingest-postgresql"

Measure = Callable[[Path, Cores], list[Figure]]

QUICK: Mapping[str, Measure] = MappingProxyType(
    {
        INGEST: partial(ingest.measure, invoices=40_000, repetitions=3),
        ON_POSTGRESQL: partial(ingest_postgresql.measure, invoices=40_000, repetitions=3),
        "idle": partial(idle.measure, accounts=10_000, traced_accounts=1000),
        "start": partial(start.measure, accounts=10_000, repetitions=2),
        "web": partial(web.measure, invoices=80_000),
        "clients": partial(clients.measure, companies=20, invoices=1000, clients=200, for_s=30.0),
        "webhooks": partial(webhooks.measure, events=10_000),
        "views": partial(views.measure, invoices=100_000),
        "actions": partial(actions.measure, invoices=80_000, payments=100),
        "pages": partial(pages.measure, accounts=10_000, answers=100),
        "cluster": partial(cluster.measure, invoices=64_000, repetitions=2, payments=200),
    }
)
FULL: Mapping[str, Measure] = MappingProxyType(
    {
        INGEST: partial(ingest.measure, invoices=200_000, repetitions=5),
        ON_POSTGRESQL: partial(ingest_postgresql.measure, invoices=200_000, repetitions=5),
        "idle": partial(idle.measure, accounts=10_000, traced_accounts=10_000),
        "start": partial(start.measure, accounts=10_000, repetitions=5),
        "web": partial(web.measure, invoices=400_000),
        "clients": partial(clients.measure, companies=50, invoices=5000, clients=200, for_s=120.0),
        "webhooks": partial(webhooks.measure, events=10_000),
        "views": partial(views.measure, invoices=400_000),
        "actions": partial(actions.measure, invoices=200_000, payments=1000),
        "pages": partial(pages.measure, accounts=10_000, answers=500),
        "cluster": partial(cluster.measure, invoices=200_000, repetitions=5, payments=1000),
    }
)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="|".join(QUICK), help="default: all")
    parser.add_argument("--full", action="store_true", help="larger and more often")
    parser.add_argument(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what ingest writes to; it is the only one that can choose",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        help="where databases are put: a folder on the disk to be measured",
    )
    parser.add_argument("--result", type=Path, default=RESULT, help="where the JSON goes")
    options = parser.parse_args()
    if options.store == "postgresql":
        if options.what != [INGEST]:
            parser.error("--store postgresql goes with ingest only")
        options.what = [ON_POSTGRESQL]
    if unknown := set(options.what) - QUICK.keys():
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    measures = FULL if options.full else QUICK
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    machine = look_at_machine(options.folder)
    cores = choose_cores()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="syncline-bench-") as folder:
        for name in options.what or QUICK:
            with console.status(f"measuring {name}"):
                figures += measures[name](Path(folder), cores)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report(now, "full" if options.full else "quick", machine, figures)
    show(report, console)
    keep(report, options.result)
    console.print(f"kept in {options.result}", style="dim")


if __name__ == "__main__":
    main()
