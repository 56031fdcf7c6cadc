"""PostgreSQL's connection as a session: names of statements become their texts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from store.relational.named_sql import Statement, load_dialect
from store.relational.session import Parameters, Rows

_PLACE = re.compile(r"\?(\d*)|(?<!:):([a-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as PostgreSQL takes it.

    Attributes:
        text: with `$1`, `$2`, ... for what is given.
        names: of what is given, in that order; None when it is given by place.
    """

    text: bytes
    names: Sequence[str] | None

    def values(self, parameters: Parameters) -> Sequence[Any]:
        """Put what is given in its order."""
        if isinstance(parameters, Mapping):
            return [parameters[name] for name in self.names or ()]
        return parameters


def compile_statement(text: str) -> Compiled:
    """Turn `?`, `?1` or `:name` into numbers; a name that comes again keeps its number."""
    names: list[str] = []
    counted = 0

    def numbered(found: re.Match[str]) -> str:
        nonlocal counted
        number, name = found.groups()
        if name is not None:
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"
        counted += 1
        return f"${number or counted}"

    compiled = _PLACE.sub(numbered, text)
    return Compiled(compiled.encode(), names if names or not counted else None)


STATEMENTS: Mapping[str, Compiled] = {
    name: compile_statement(text) for name, text in load_dialect("store.postgresql").items()
}


class PostgresqlSession:
    """Runs named statements on one connection, each of them prepared once."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self._connection = connection

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone."""
        return self._connection.closed

    @property
    def is_at_rest(self) -> bool:
        """Whether it is there, with neither a transaction nor an answer under way."""
        return self._connection.info.transaction_status is TransactionStatus.IDLE

    @property
    def server_version(self) -> int:
        """The server's version, as 180004 for 18.4."""
        return self._connection.info.server_version

    def execute(self, statement: Statement, parameters: Parameters = (), /) -> Rows:
        """Run a named statement."""
        compiled = STATEMENTS[statement]
        cursor = psycopg.RawCursor(self._connection)
        return cursor.execute(compiled.text, compiled.values(parameters), prepare=True, binary=True)

    def executemany(self, statement: Statement, parameters: Iterable[Parameters], /) -> None:
        """Run one for each of these."""
        compiled = STATEMENTS[statement]
        cursor = psycopg.RawCursor(self._connection)
        cursor.executemany(compiled.text, [compiled.values(each) for each in parameters])

    def command(self, text: str) -> None:
        """Run a text as it is: what begins, ends or sets something."""
        self._connection.execute(text.encode())

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all that is read within see the same state."""
        self.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):
                self.command("ROLLBACK")
            raise
        self.command("COMMIT")

    @property
    def undecodable(self) -> type[Exception]:
        """What is raised when a text that is read is none; the server keeps no such ones."""
        return UnicodeDecodeError

    @contextmanager
    def undecoded(self) -> Iterator[None]:
        """There are only texts."""
        yield

    @contextmanager
    def reading_once(self) -> Iterator[None]:
        """The server keeps what it likes."""
        yield

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()
