"""The schema's numbered versions. A migration once released is never edited.

A migration may say `-- works beside: N`: programs that know the schema N, though not this one, go on
with it. Then nodes of two versions run side by side while they are replaced one by one. One that says
nothing works beside no earlier version.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from threading import Event

import psycopg

from store.crash_points import MIGRATION, CrashPoint, Place
from store.errors import NewerSchemaError, StoreOpenError
from store.postgresql.connection import Connection
from store.postgresql.presence import Present, cut_off, older_than, stay

_LOCK = b"SELECT pg_advisory_xact_lock(1398363715, 0)"
_CREATE = b"CREATE TABLE IF NOT EXISTS syncline_schema (version bigint NOT NULL)"
_WITH_OLDER = b"ALTER TABLE syncline_schema ADD COLUMN IF NOT EXISTS works_beside bigint"
_TABLE = b"SELECT to_regclass('syncline_schema')"
_VERSION = b"SELECT max(version) FROM syncline_schema"
# Also where the column is missing: its table was made by a version that did not know it.
_OLDEST = b"""
SELECT max(coalesce((to_jsonb(s) ->> 'works_beside')::bigint, version)) FROM syncline_schema AS s
"""
_NOTE = b"INSERT INTO syncline_schema (version, works_beside) VALUES (%s, %s)"
_IN_THE_WAY_AT_MOST = b"SET LOCAL lock_timeout = '2s'"
_TIMES = 10
"""How often a step is tried while others read or write the tables that it changes."""

_PAUSE_S = 0.5
_WORKS_BESIDE = re.compile(r"^-- works beside: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: brings version `number - 1` to `number`."""

    number: int
    name: str
    sql: str

    @property
    def works_beside(self) -> int:
        """The oldest schema whose programs go on once this step is made; its own when there is none."""
        declared = _WORKS_BESIDE.search(self.sql)
        return self.number if declared is None else int(declared[1])


@dataclass(frozen=True, slots=True)
class Migrator:
    """What a version of the program makes of a database.

    Attributes:
        migrations: those that it knows.
        name: what it calls itself, for others to read.
        over_older: whether nodes that can't use the new schema are cut off, rather than waited for.
    """

    migrations: Sequence[Migration]
    name: str = ""
    over_older: bool = False

    def migrate(self, connection: Connection, crash_point: CrashPoint | None = None) -> None:
        """Bring the database up to date, each step in a transaction of its own, one process at a time.

        From then on the connection shows to others which version is at work.

        Raises:
            StoreOpenError: a later version wrote it, beside which this one can't work; nodes that
                could not use the new schema are at work; or its tables are another program's. Nothing
                was changed.
        """
        with connection.transaction():
            connection.execute(_LOCK)
            stay(connection, len(self.migrations), self.name)
        while self._step(connection, crash_point):
            pass

    def join(self, connection: Connection) -> None:
        """Use a database that was brought up to date on another connection.

        Raises:
            StoreOpenError: meanwhile a later version changed it, beside which this one can't work.
        """
        with connection.transaction():
            connection.execute(_LOCK)
            stay(connection, len(self.migrations), self.name)
            _see_that_it_is_known(connection, schema_version(connection), len(self.migrations))

    def _step(self, connection: Connection, crash_point: CrashPoint | None) -> bool:
        migration = self._make_step(connection, crash_point)
        if migration is not None and crash_point is not None:
            crash_point.passed(MIGRATION, Place.AFTER_COMMIT)
        return migration is not None

    def _make_step(
        self, connection: Connection, crash_point: CrashPoint | None
    ) -> Migration | None:
        for _ in range(_TIMES):
            try:
                return self._try_step(connection, crash_point)
            except psycopg.errors.LockNotAvailable:
                Event().wait(_PAUSE_S)
        raise StoreOpenError(
            "what others do with the database leaves no moment to change its tables: try again"
        )

    def _try_step(self, connection: Connection, crash_point: CrashPoint | None) -> Migration | None:
        known = len(self.migrations)
        with connection.transaction():
            connection.execute(_LOCK)
            version = schema_version(connection)
            if version >= known:
                _see_that_it_is_known(connection, version, known)
                return None
            migration = self.migrations[version]
            self._see_that_none_is_in_the_way(connection, migration)
            connection.execute(_IN_THE_WAY_AT_MOST)
            try:
                connection.execute(_CREATE)
                connection.execute(_WITH_OLDER)
                connection.execute(migration.sql.encode())
            except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction) as error:
                raise StoreOpenError(
                    f"the database holds tables of another program ({error.diag.message_primary}):"
                    " name an empty one in store.url"
                ) from error
            connection.execute(_NOTE, (migration.number, migration.works_beside))
            if crash_point is not None:
                crash_point.passed(MIGRATION, Place.BEFORE_COMMIT)
        return migration

    def _see_that_none_is_in_the_way(self, connection: Connection, migration: Migration) -> None:
        older = older_than(connection, migration.works_beside)
        if not older:
            return
        if not self.over_older:
            raise StoreOpenError(_in_the_way(migration, older))
        cut_off(connection, older)


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


def _see_that_it_is_known(connection: Connection, version: int, known: int) -> None:
    if version <= known:
        return
    row = connection.execute(_OLDEST).fetchone()
    oldest = version if row is None or row[0] is None else int(row[0])
    if known < oldest:
        raise NewerSchemaError(
            f"the database was written by a newer version (its schema is {version}, this version"
            f" knows {known}, and only what knows {oldest} works with it): install that version or a"
            " later one"
        )


def _in_the_way(migration: Migration, older: Sequence[Present]) -> str:
    named = ", ".join(map(str, older))
    return (
        f"nodes of an older version are at work that cannot use the schema {migration.number}, which"
        f" this version brings: {named}. Stop them first, or cut them off with"
        " `syncline upgrade-store --over-older-nodes`. Nothing was changed"
    )
