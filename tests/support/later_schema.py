"""A later version's schema: every table has more columns than this version knows."""

from collections.abc import Sequence

from store.postgresql.migrate import Migration, Migrator, bundled_migrations

KNOWN = len(bundled_migrations())

_MORE_COLUMNS = """
DO $$
DECLARE
  each record;
BEGIN
  FOR each IN
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'syncline_schema'
  LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN later_note text', each.relname);
    EXECUTE format('ALTER TABLE %I ADD COLUMN later_count bigint NOT NULL DEFAULT 7', each.relname);
  END LOOP;
END $$;
"""


def later_migrations(*, works_beside: int | None) -> Sequence[Migration]:
    """Return this version's steps and one more, which earlier versions can live with or not."""
    declared = "" if works_beside is None else f"-- works beside: {works_beside}\n"
    number = KNOWN + 1
    return [
        *bundled_migrations(),
        Migration(number, f"{number:04}_later.sql", declared + _MORE_COLUMNS),
    ]


def later_version(*, works_beside: int | None, over_older: bool = False) -> Migrator:
    """Return what a later version makes of a database."""
    return Migrator(later_migrations(works_beside=works_beside), "later", over_older)


def this_version(name: str) -> Migrator:
    """Return what this version makes of one, under that name."""
    return Migrator(bundled_migrations(), name)
