"""An upgrade in a process of its own, to be killed at one of its steps.

The steps are the real ones and three more, as later versions may bring: a column, a rewriting of
every row, an index.
"""

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from store.crash_points import CrashPoint
from store.sqlite.migrate import Migration, bundled_migrations, migrate

_LATER = (
    "ALTER TABLE objects ADD COLUMN checked_at TEXT;",
    "UPDATE objects SET checked_at = synced_at;",
    "CREATE INDEX objects_checked ON objects (checked_at);",
)


def later_migrations() -> Sequence[Migration]:
    """Return the steps of a later version."""
    known = bundled_migrations()
    first = len(known) + 1
    return [
        *known,
        *(
            Migration(number, f"{number:04}_later.sql", sql)
            for number, sql in enumerate(_LATER, first)
        ),
    ]


def main(path: Path, arming: str) -> None:
    """Bring the file to the later version; die on the way where that is asked for."""
    crash_point = CrashPoint.parse(arming) if arming else None
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, later_migrations(), crash_point)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
