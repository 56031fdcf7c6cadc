"""A connection, as the functions of this package see it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from store.relational.named_sql import Statement

T = TypeVar("T")

Parameters = Sequence[Any] | Mapping[str, Any]
"""By place, or by name; names that the statement does not know are left out."""


class Rows(Protocol):
    """What a statement came to."""

    @property
    def rowcount(self) -> int:
        """How many rows it wrote, or returns."""
        ...

    def fetchone(self) -> Any:  # noqa: ANN401 - columns are whatever was asked for
        """Return the next row; None behind the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...

    def close(self) -> object:
        """Let go of rows that are not wanted."""
        ...


class Session(Protocol):
    """Runs named statements, in the transaction that its owner has open, if any."""

    def execute(self, statement: Statement, parameters: Parameters = ..., /) -> Rows:
        """Run one."""
        ...

    def executemany(self, statement: Statement, parameters: Iterable[Parameters], /) -> object:
        """Run one for each of these."""
        ...

    def one_moment(self) -> AbstractContextManager[None]:
        """Let all that is read within see the same state; outside of transactions only."""
        ...

    @property
    def undecodable(self) -> type[Exception]:
        """What is raised when a text that is read is none."""
        ...

    def undecoded(self) -> AbstractContextManager[None]:
        """Have all texts read as the bytes that they are, where the database may hold others."""
        ...

    def reading_once(self) -> AbstractContextManager[None]:
        """Keep little of what is read within: a large read that does not come again soon."""
        ...


Work = Callable[[Session], T]
"""A piece of work. It may be undone and begun again, so it has no effect but in the database."""
