from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import connect
from typing import Any

import psycopg
import pytest

from store.ports import Store
from store.postgresql import PostgresqlStore
from store.sqlite import SqliteStore
from store.sqlite.opening import Mode
from support.postgres_database import PostgresDatabase
from support.postgres_server import PostgresServer
from support.store_fixtures import MODES, Owned, Read, open_quick, own

POSTGRESQL = "postgresql"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a `Store` on every one; what asks for a certain one, or for a file, there."""
    if "dialect" not in metafunc.fixturenames:
        return
    asked = metafunc.function.__annotations__.get("store", Store)
    on_file = asked is SqliteStore or {"path", "mode"} & set(metafunc.fixturenames)
    if asked is PostgresqlStore:
        metafunc.parametrize("dialect", [POSTGRESQL])
    else:
        metafunc.parametrize("dialect", MODES if on_file else [*MODES, POSTGRESQL])


@pytest.fixture
def anyio_backend() -> str:
    """Threads answer in real time."""
    return "asyncio"


@pytest.fixture
def mode(dialect: Mode) -> Mode:
    return dialect


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "syncline.db"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def postgres(postgres_server: PostgresServer) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(postgres_server)
    yield database
    database.close()


@pytest.fixture(scope="session")
def one_url(postgres_server: PostgresServer) -> str:
    return postgres_server.url(postgres_server.create_database())


@pytest.fixture
def empty_url(one_url: str) -> str:
    """Where a database without any tables is, which is made sooner than a new one."""
    with psycopg.connect(one_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return one_url


@pytest.fixture
async def store(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Store]:
    if dialect == POSTGRESQL:
        database: PostgresDatabase = request.getfixturevalue("postgres")
        async with await database.open_empty() as opened:
            yield opened
    else:
        chosen = MODES[MODES.index("inline" if dialect == "inline" else "threaded")]
        async with await open_quick(tmp_path / "syncline.db", chosen) as opened_file:
            yield opened_file


@pytest.fixture
async def company(store: Store) -> Owned:
    return await own(store)


@pytest.fixture
def read(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Read:
    """Return what asks the database as any reader could."""
    if dialect == POSTGRESQL:
        database: PostgresDatabase = request.getfixturevalue("postgres")
        return database.query

    def query(text: str) -> list[tuple[Any, ...]]:
        with closing(connect(tmp_path / "syncline.db")) as reader:
            return reader.execute(text).fetchall()

    return query
