"""Is the PostgreSQL database fit for the daemon? Checks of `doctor`; nothing is changed in it."""

from collections.abc import Iterator
from pathlib import Path

from daemon.config import Config, StoreConfig
from daemon.finding import Finding, Level
from daemon.generated_secret import keys_path
from daemon.store_opening import look_into_postgresql, move_source, reach_store
from store.errors import StoreOpenError


def check_postgresql(config: Config) -> Iterator[Finding]:
    """See that the database can be reached, and that it is what the configuration takes it for."""
    try:
        found = reach_store(config.store)
    except StoreOpenError as error:
        problem, _, advice = str(error).rpartition(": ")
        yield Finding("database", Level.FAIL, problem, advice)
        return
    yield Finding("database", Level.OK, found)
    yield from _check_shards(config)


def check_moved_key(store: StoreConfig) -> Iterator[Finding]:
    """See of a database without a key beside it that no file was moved into it, whose key it needs."""
    try:
        source = None if store.is_file else move_source(store)
    except StoreOpenError:
        source = None  # another finding tells
    if source is not None:
        key = keys_path(store.path)
        yield Finding(
            "sealing key",
            Level.FAIL,
            f"no {key}, and {source} was moved, or is being moved, into the database",
            f"copy {keys_path(Path(source))} to {key}: what was moved is sealed with it",
        )


def _check_shards(config: Config) -> Iterator[Finding]:
    wanted = config.cluster.shards
    if wanted is None:
        return
    try:
        with look_into_postgresql(config.store) as database:
            shards = database.shard_count()
    except StoreOpenError as error:
        problem, _, advice = str(error).rpartition(": ")
        yield Finding("cluster", Level.FAIL, problem, advice)
        return
    if shards not in {None, wanted}:
        yield Finding(
            "cluster",
            Level.WARN,
            f"cluster.shards is {wanted}, and has no effect: the first node made {shards}",
            f"say {shards}, or leave it out",
        )
