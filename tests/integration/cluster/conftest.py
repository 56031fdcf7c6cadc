from collections.abc import AsyncIterator, Iterator

import pytest

from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.serving_nodes import ServingNodes, serving_nodes


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="module")
async def nodes(
    server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServingNodes]:
    """Nodes that all tests of a file use."""
    database = PostgresDatabase(server)
    async with serving_nodes(database, tmp_path_factory.mktemp("nodes")) as running:
        yield running
    database.close()
