"""The schema's numbered versions. A migration once released is never edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from store.crash_points import MIGRATION, CrashPoint, Place
from store.errors import StoreOpenError
from store.postgresql.connection import Connection

_LOCK = b"SELECT pg_advisory_xact_lock(1398363715, 0)"
_CREATE = b"CREATE TABLE IF NOT EXISTS syncline_schema (version bigint NOT NULL)"
_TABLE = b"SELECT to_regclass('syncline_schema')"
_VERSION = b"SELECT max(version) FROM syncline_schema"
_NOTE = b"INSERT INTO syncline_schema (version) VALUES (%s)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: brings version `number - 1` to `number`."""

    number: int
    name: str
    sql: str


def bundled_migrations() -> Sequence[Migration]:
    """Return the migrations that come with this version, in order.

    Raises:
        ValueError: their numbers are not 1, 2, 3, ...
    """
    found = [
        Migration(int(file.name[:4]), file.name, file.read_text(encoding="utf-8"))
        for file in files("store.postgresql").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not numbered 1, 2, 3, ...: {found}")
    return found


def schema_version(connection: Connection) -> int:
    """Return the number of the last migration that the database went through; 0 before the first."""
    if connection.execute(_TABLE).fetchone() in {None, (None,)}:
        return 0
    row = connection.execute(_VERSION).fetchone()
    return 0 if row is None or row[0] is None else int(row[0])


def migrate(
    connection: Connection,
    migrations: Sequence[Migration],
    crash_point: CrashPoint | None = None,
) -> None:
    """Bring the database up to date, each step in a transaction of its own, one process at a time.

    Raises:
        StoreOpenError: a later version wrote it, or its tables are another program's. Nothing was
            changed.
    """
    while _step(connection, migrations, crash_point):
        pass


def _step(
    connection: Connection, migrations: Sequence[Migration], crash_point: CrashPoint | None
) -> bool:
    with connection.transaction():
        connection.execute(_LOCK)
        version = schema_version(connection)
        if version > len(migrations):
            raise StoreOpenError(
                f"the database was written by a newer version (its schema is {version}, this version"
                f" knows {len(migrations)}): install that version or a later one"
            )
        if version == len(migrations):
            return False
        migration = migrations[version]
        try:
            connection.execute(_CREATE)
            connection.execute(migration.sql.encode())
        except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction) as error:
            raise StoreOpenError(
                f"the database holds tables of another program ({error.diag.message_primary}): name"
                " an empty one in store.url"
            ) from error
        connection.execute(_NOTE, (migration.number,))
        if crash_point is not None:
            crash_point.passed(MIGRATION, Place.BEFORE_COMMIT)
    if crash_point is not None:
        crash_point.passed(MIGRATION, Place.AFTER_COMMIT)
    return True
