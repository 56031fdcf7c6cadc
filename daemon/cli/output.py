"""What a command prints: data on one stream, messages on the other."""

from collections.abc import Iterable, Sequence
from typing import TextIO

import msgspec
from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from daemon.cli.wording import printable

_PLAIN_WIDTH = 10_000
"""Off a terminal nothing is wrapped or cut."""


class Output:
    """The two streams of a command. Colours and live views only where there is a terminal.

    Attributes:
        as_json: the command was asked for JSON.
    """

    def __init__(self, data: TextIO, messages: TextIO) -> None:
        self.data = _console(data)
        self.messages = _console(messages)
        self.as_json = False

    @property
    def width(self) -> int:
        """How many characters of data fit on a line."""
        return self.data.width

    def line(self, text: str, style: str = "") -> None:
        """Print one line of data."""
        self.data.print(Text(printable(text), style), soft_wrap=True)

    def block(self, text: str) -> None:
        """Print lines of data as they are."""
        for line in text.splitlines():
            self.line(line)

    def json(self, document: object) -> None:
        """Print one JSON document, indented; raw JSON inside it keeps its own spelling."""
        self._write(msgspec.json.format(msgspec.json.encode(document), indent=2))

    def json_line(self, document: object) -> None:
        """Print one JSON document on one line."""
        self._write(msgspec.json.format(msgspec.json.encode(document), indent=-1))

    def table(self, headings: Sequence[Column | str], rows: Iterable[Sequence[Text | str]]) -> None:
        """Print rows under headings; a heading that is a column says how its cells stand."""
        self.show(self.build_table(headings, rows))

    def show(self, view: RenderableType) -> None:
        """Print a table, or several parts; off a terminal without blanks at the ends of lines."""
        if self.data.is_terminal:
            self.data.print(view)
            return
        with self.data.capture() as printed:
            self.data.print(view)
        for line in printed.get().splitlines():
            self.line(line.rstrip())

    def build_table(
        self, headings: Sequence[Column | str], rows: Iterable[Sequence[Text | str]]
    ) -> Table:
        """Return rows under headings as something that a live view can show too."""
        table = Table(
            *headings, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold"
        )
        for column in table.columns:
            column.overflow = "fold"
        for row in rows:
            table.add_row(*(_cell(cell) for cell in row))
        return table

    def message(self, text: str, style: str = "") -> None:
        """Print one line that is no data."""
        self.messages.print(Text(printable(text), style), soft_wrap=True)

    def error(self, text: str) -> None:
        """Print what went wrong."""
        line = Text("error: ", "bold red")
        line.append(printable(text), "default")
        self.messages.print(line, soft_wrap=True)

    def _write(self, document: bytes) -> None:
        """Write without a character changed."""
        self.data.file.write(f"{document.decode()}\n")
        self.data.file.flush()


def _cell(content: Text | str) -> Text:
    return content if isinstance(content, Text) else Text(printable(content))


def _console(stream: TextIO) -> Console:
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(
            file=stream, highlight=False, markup=False, emoji=False, width=_PLAIN_WIDTH
        )
    return console
