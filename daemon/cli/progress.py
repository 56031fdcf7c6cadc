"""How far long work of this process is: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from daemon.cli.output import Output

Show = Callable[[str, int, int], None]
"""Told what is being done, and how much of how much is."""

_QUARTERS = 4


@contextmanager
def progress_view(output: Output) -> Iterator[Show]:
    """Yield what shows progress; off a terminal it says a line a quarter."""
    if not output.messages.is_terminal:
        said: set[tuple[str, int]] = set()

        def say(doing: str, done: int, total: int) -> None:
            quarter = done * _QUARTERS // total if total else _QUARTERS
            if (doing, quarter) not in said:
                said.add((doing, quarter))
                output.message(f"{doing}: {quarter * 100 // _QUARTERS} %")

        yield say
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.messages) as bar:
        task = bar.add_task("", total=None)

        def show(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing, completed=done, total=total or None)

        yield show
