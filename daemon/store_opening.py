"""Opening the store that the configuration names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from daemon.config import StoreConfig
from store.crash_points import CrashPoint
from store.errors import StoreOpenError
from store.relational.store import RelationalStore
from store.sqlite import open_store as open_sqlite

if TYPE_CHECKING:
    from store.postgresql.opening import Look


async def open_configured_store(
    config: StoreConfig,
    crash_point: CrashPoint | None = None,
    *,
    alone: bool = True,
    name: str = "",
) -> RelationalStore:
    """Open it; it is created, or brought up to date, where that is needed.

    Args:
        config: names it.
        crash_point: where the process is to kill itself; for tests only.
        alone: whether no daemon may have it open at the same time; a file never has two users.
        name: what this process calls itself; others are told it when it is in their way.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    if config.is_file:
        return await open_sqlite(config.path, crash_point=crash_point)
    with postgresql_driver():
        from store.postgresql import open_store as open_postgresql  # noqa: PLC0415
        from store.postgresql.migrate import Migrator, bundled_migrations  # noqa: PLC0415
    return await open_postgresql(
        config.url,
        _password(config),
        alone=alone,
        crash_point=crash_point,
        migrator=Migrator(bundled_migrations(), name),
    )


def upgrade_store(config: StoreConfig, *, over_older: bool) -> tuple[int, int]:
    """Bring a PostgreSQL database up to date beside the nodes that are at work (`upgrade`).

    Raises:
        StoreOpenError: it cannot be used, or nodes are in the way; the message says which.
    """
    with postgresql_driver():
        from store.postgresql.opening import upgrade  # noqa: PLC0415
    return upgrade(config.url, _password(config), over_older=over_older)


def reach_store(config: StoreConfig) -> str:
    """Connect to the PostgreSQL database, change nothing, and say what is there.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with postgresql_driver():
        from store.postgresql.opening import reach  # noqa: PLC0415
    return reach(config.url, _password(config))


def move_source(config: StoreConfig) -> str | None:
    """Return which file was moved into the PostgreSQL database, or is half moved; None when none was.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with postgresql_driver():
        from store.postgresql.opening import move_source  # noqa: PLC0415
    return move_source(config.url, _password(config))


@contextmanager
def look_into_postgresql(config: StoreConfig) -> "Iterator[Look]":
    """Connect to the PostgreSQL database for reading, beside the daemon.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with postgresql_driver():
        from store.postgresql.opening import look  # noqa: PLC0415
    with look(config.url, _password(config)) as database:
        yield database


@contextmanager
def postgresql_driver() -> Iterator[None]:
    """Import what only PostgreSQL needs: who keeps the replica in a file need not have it.

    Raises:
        StoreOpenError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise StoreOpenError(
            f"store.url names a PostgreSQL database, and what that takes is not there ({error}):"
            " install syncline[postgresql]"
        ) from error


def _password(config: StoreConfig) -> str | None:
    return None if config.password is None else config.password.reveal()
