"""The results as a table for people and as JSON for programs."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.figures import Figure
from bench.machine import Machine

_MANY = 100


class Report(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        at: when it ended, ISO 8601.
        scale: how thorough it was.
    """

    at: str
    scale: str
    machine: Machine
    figures: list[Figure]


def keep(report: Report, path: Path) -> None:
    """Write the run down, in the place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")


def show(report: Report, console: Console) -> None:
    """Print the machine and the figures; missed targets are marked."""
    machine = report.machine
    console.print(
        f"{machine.processor}, {machine.cores} cores, {machine.system}, Python {machine.python},"
        f" SQLite {machine.sqlite}, {machine.file_system}, fsync {machine.fsync_ms:.1f} ms,"
        f" load {machine.load:.1f} before",
        highlight=False,
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading, justify in (("measured", "left"), ("", "right"), ("", "left"), ("target", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    table.add_column("")
    for figure in report.figures:
        table.add_row(*_row(figure))
    console.print(table)
    missed = [figure.title for figure in report.figures if figure.missed]
    if missed:
        console.print(Text(f"missed: {'; '.join(missed)}", "yellow"))


def _row(figure: Figure) -> Sequence[Text]:
    style = "yellow" if figure.missed else ""
    return (
        Text(figure.title),
        Text(_number(figure.value), f"bold {style}"),
        Text(figure.unit),
        Text(_target(figure), style),
        Text(figure.note, "dim"),
    )


def _target(figure: Figure) -> str:
    if figure.at_least is not None:
        wanted = f"≥ {_number(figure.at_least)}"
    elif figure.at_most is not None:
        wanted = f"≤ {_number(figure.at_most)}"
    else:
        return ""
    return f"{wanted}  {'missed' if figure.missed else 'ok'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _MANY or value == int(value) else f"{value:.2f}"
