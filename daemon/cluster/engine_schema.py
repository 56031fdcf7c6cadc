"""The engine's tables, in a schema of their own beside ours."""

import psycopg
from procrastinate.schema import SchemaManager

SCHEMA = "procrastinate"

_LOCK = b"SELECT pg_advisory_xact_lock(1398363715, 2)"
_TABLE = b"SELECT to_regclass('procrastinate.procrastinate_jobs')"
_SCHEMA_IS_THERE = b"SELECT to_regnamespace('procrastinate') IS NOT NULL"
_CREATE = b"CREATE SCHEMA procrastinate"
_INTO_IT = b"SET LOCAL search_path = procrastinate"


async def create_engine_schema(conninfo: str) -> None:
    """Create the tables unless they are there, one process at a time.

    Raises:
        psycopg.Error: the database cannot be reached, or does not let us.
    """
    async with (
        await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection,
        connection.transaction(),
    ):
        await connection.execute(_LOCK)
        if await (await connection.execute(_TABLE)).fetchone() in {None, (None,)}:
            if await (await connection.execute(_SCHEMA_IS_THERE)).fetchone() != (True,):
                await connection.execute(_CREATE)
            await connection.execute(_INTO_IT)
            await connection.execute(SchemaManager.get_schema().encode())
