"""A PostgreSQL server of the benchmark's own: the one that the tests start, but one that waits for the disk."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg

from bench.cores import pin

_TESTS = Path(__file__).parent.parent / "tests"
_NAME = "syncline_bench"


class Server(msgspec.Struct, frozen=True):
    """Where a server is.

    Attributes:
        administration: the URL of a database that is always there.
        url: that of the one that is measured.
    """

    administration: str
    url: str

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a new database; yield its URL; have it gone afterwards."""
        self._administer(f"CREATE DATABASE {_NAME}")
        try:
            yield self.url
        finally:
            self._administer(f"DROP DATABASE {_NAME} WITH (FORCE)")

    def _administer(self, command: str) -> None:
        with psycopg.connect(self.administration, autocommit=True) as connection:
            connection.execute(command.encode())


@contextmanager
def running_server(folder: Path, core: int | None) -> Iterator[Server]:
    """Run a server with its data in this folder, on this core, for as long as the context lasts."""
    if str(_TESTS) not in sys.path:
        sys.path.append(str(_TESTS))
    from support.postgres_server import DURABLE, PostgresServer  # noqa: PLC0415 - found only now

    server = PostgresServer(DURABLE, folder)
    try:
        server.start()
        pin(core, server.process_id)
        yield Server(server.url(), server.url(_NAME))
    finally:
        server.remove()
