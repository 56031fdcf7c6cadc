from collections.abc import Iterator

import pytest

from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer


@pytest.fixture
def anyio_backend() -> str:
    """Databases answer in real time."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def database(server: PostgresServer) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(server)
    yield database
    database.close()
