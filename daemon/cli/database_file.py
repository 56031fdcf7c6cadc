"""Commands that work on the database's file need one."""

from pathlib import Path

from daemon.cli.failure import CommandError
from daemon.config import Config


def database_file(config: Config) -> Path:
    """Return the database's file.

    Raises:
        CommandError: the replica is on a PostgreSQL server.
    """
    if not config.store.is_file:
        raise CommandError(
            "this works on SQLite's file, and store.url names a PostgreSQL database",
            "Back it up and restore it by PostgreSQL's own means (docs/store.md).",
        )
    return config.store.path
