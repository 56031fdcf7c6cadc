"""What the audience sees: a live table on a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.live import Live
from rich.text import Text

from daemon.cli.account_table import state_text
from daemon.cli.output import Output
from daemon.cli.wording import duration

_HEADINGS = ("COMPANY", "STATE", "HERE", "VENDOR", "EXACT AS OF", "CHANGES", "DELAY")


@dataclass(frozen=True, slots=True)
class CompanyView:
    """One company as it is now.

    Attributes:
        lag_s: how long ago the instant is up to which the replica is exact; None before there is.
        arrived: how many changes came since the first filling.
        last_delay_s: how long the last of them took.
    """

    name: str
    state: str
    objects_here: int
    objects_at_vendor: int
    lag_s: float | None
    arrived: int
    last_delay_s: float | None


class View(Protocol):
    """Where the demo tells what happens."""

    def say(self, text: str, style: str = "") -> None:
        """Tell one event."""
        ...

    def show(self, companies: Sequence[CompanyView]) -> None:
        """Show how the companies are."""
        ...


@contextmanager
def open_view(output: Output) -> Iterator[View]:
    """Return the view that fits where the output goes."""
    if not output.data.is_terminal:
        yield PlainView(output)
        return
    with Live(console=output.data, auto_refresh=False, transient=True) as live:
        yield LiveView(output, live)


class PlainView:
    """One line for each event; no control codes."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._states: dict[str, str] = {}

    def say(self, text: str, style: str = "") -> None:
        """Tell one event."""
        del style
        self._output.line(text)

    def show(self, companies: Sequence[CompanyView]) -> None:
        """Tell which companies changed their state."""
        for company in companies:
            if self._states.get(company.name) != company.state:
                self._states[company.name] = company.state
                here, there = company.objects_here, company.objects_at_vendor
                self.say(f"{company.name}: {company.state}, {here:,} of {there:,} objects here")


class LiveView:
    """A table that is always at the bottom; events scroll by above it."""

    def __init__(self, output: Output, live: Live) -> None:
        self._output = output
        self._live = live

    def say(self, text: str, style: str = "") -> None:
        """Tell one event."""
        self._output.line(text, style)

    def show(self, companies: Sequence[CompanyView]) -> None:
        """Show how the companies are."""
        table = self._output.build_table(_HEADINGS, (_row(company) for company in companies))
        for column in table.columns[2:]:
            column.justify = "right"
        self._live.update(table, refresh=True)


def _row(company: CompanyView) -> Sequence[Text | str]:
    lag = "-" if company.lag_s is None else f"{duration(company.lag_s)} ago"
    delay = "-" if company.last_delay_s is None else duration(company.last_delay_s)
    return (
        company.name,
        state_text(company.state),
        f"{company.objects_here:,}",
        f"{company.objects_at_vendor:,}",
        lag,
        f"{company.arrived:,}",
        delay,
    )
