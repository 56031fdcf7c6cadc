"""Commands that work on the database's file need one."""

from pathlib import Path

from daemon.cli.failure import CommandError
from daemon.config import Config


def database_file(config: Config, instead: str) -> Path:
    """Return the database's file; `instead` is what to do where there is none.

    Raises:
        CommandError: the replica is on a PostgreSQL server.
    """
    if not config.store.is_file:
        raise CommandError(
            "this works on SQLite's file, and store.url names a PostgreSQL database",
            f"{instead} (docs/operations.md#commands-on-postgresql)",
        )
    return config.store.path
