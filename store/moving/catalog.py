"""What PostgreSQL's catalog tells of our tables."""

from collections.abc import Mapping, Sequence

from store.moving.tables import TargetTable
from store.postgresql.connection import Connection

_COLUMNS = """
SELECT relname, attname, typname, NOT attnotnull
FROM pg_class
JOIN pg_attribute ON attrelid = pg_class.oid
JOIN pg_type ON pg_type.oid = atttypid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
ORDER BY relname, attnum
"""
_KEYS = """
SELECT relname, attname
FROM pg_class
JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'p'
CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place)
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum = part.number
WHERE relnamespace = current_schema()::regnamespace
ORDER BY relname, place
"""
_CONSTRAINTS = """
SELECT
  format('ALTER TABLE %I DROP CONSTRAINT %I', relname, conname),
  format(
    'ALTER TABLE %I ADD CONSTRAINT %I %s', relname, conname, pg_get_constraintdef(pg_constraint.oid)
  )
FROM pg_class JOIN pg_constraint ON conrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND contype IN ('u', 'f')
ORDER BY contype, relname, conname
"""
_INDEXES = """
SELECT format('DROP INDEX %I', relname), pg_get_indexdef(indexrelid)
FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY relname
"""
_TRIGGERS = """
SELECT DISTINCT
  format('ALTER TABLE %I DISABLE TRIGGER USER', relname),
  format('ALTER TABLE %I ENABLE TRIGGER USER', relname)
FROM pg_class JOIN pg_trigger ON tgrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal
ORDER BY 1
"""
_NUMBERED = """
SELECT pg_get_serial_sequence(quote_ident(relname), attname), relname, attname
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attidentity <> ''
ORDER BY relname
"""
_SEQUENCES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
"""


def tables_in(connection: Connection) -> Mapping[str, TargetTable]:
    """Return the tables of the schema that ours are in, by name."""
    columns: dict[str, list[tuple[str, str, bool]]] = {}
    for table, name, kind, optional in connection.execute(_COLUMNS):
        columns.setdefault(table, []).append((name, kind, optional))
    keys: dict[str, list[str]] = {}
    for table, name in connection.execute(_KEYS):
        keys.setdefault(table, []).append(name)
    return {table: TargetTable(found, keys.get(table, [])) for table, found in columns.items()}


def take_apart_commands(connection: Connection) -> Sequence[str]:
    """Return what drops indexes, unique and foreign keys, and keeps triggers still."""
    foreign_first = [drop for drop, _ in connection.execute(_CONSTRAINTS)]
    indexes = [drop for drop, _ in connection.execute(_INDEXES)]
    return [*foreign_first, *indexes, *(off for off, _ in connection.execute(_TRIGGERS))]


def put_back_commands(connection: Connection) -> Sequence[str]:
    """Return what makes all that anew: foreign keys last but for the triggers."""
    constraints = [add for _, add in connection.execute(_CONSTRAINTS)]
    indexes = [create for _, create in connection.execute(_INDEXES)]
    triggers = [on for _, on in connection.execute(_TRIGGERS)]
    return [*indexes, *reversed(constraints), *triggers]


def numbered_columns(connection: Connection) -> Sequence[tuple[str, str, str]]:
    """Return the columns that are numbered by themselves: their sequence, table and name."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_NUMBERED)]


def sequences_in(connection: Connection) -> frozenset[str]:
    """Return the names of all sequences."""
    return frozenset(name for (name,) in connection.execute(_SEQUENCES))
