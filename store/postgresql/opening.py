"""Opening the store, or saying in one line why it cannot be."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from functools import partial
from threading import Event

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store.crash_points import CrashPoint
from store.errors import StoreOpenError, StoreUnavailableError
from store.postgresql.cluster.feed import SharedFeed
from store.postgresql.cluster.shards import SQL as SHARDS
from store.postgresql.cluster.wire import PostgresqlWire
from store.postgresql.connection import (
    Connection,
    open_connection,
    open_reader,
    open_wire,
    open_writer,
)
from store.postgresql.migrate import Migrator, bundled_migrations, schema_version
from store.postgresql.move_note import UNDONE, read_move_note, refuse_unfinished_move
from store.postgresql.readers import Reader, Readers
from store.postgresql.session import PostgresqlSession
from store.postgresql.store import PostgresqlStore
from store.postgresql.writer import Writer
from store.relational.change_signal import ChangeSignal
from store.relational.changes import last_seq
from store.relational.credentials import SQL as CREDENTIALS
from store.relational.metadata import read_metadata

_READERS = 2
_ALONE = b"SELECT pg_try_advisory_lock(1398363715, 1)"
_TOGETHER = b"SELECT pg_try_advisory_lock_shared(1398363715, 1)"
_TRY_AGAIN_S = 0.05


async def open_store(
    url: str,
    password: str | None = None,
    *,
    alone: bool = True,
    durable: bool = True,
    busy_timeout_s: float = 5.0,
    crash_point: CrashPoint | None = None,
    migrator: Migrator | None = None,
) -> PostgresqlStore:
    """Open the database; its tables are created, or brought up to date, where that is needed.

    Args:
        url: `postgresql://...`, as libpq has it.
        password: what the URL had better not say.
        alone: whether nobody else is to have it open; otherwise everybody may who does not want
            that either.
        durable: False does not wait for the disk; for tests only.
        busy_timeout_s: how long to wait for others to let go of it.
        crash_point: where the process is to kill itself; for tests only.
        migrator: what knows the schema, and our name; this version's when there is none.

    Returns:
        The store, to be closed by whoever asked for it.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """

    def prepare(connection: Connection) -> None:
        _lock(connection, busy_timeout_s, alone=alone)
        refuse_unfinished_move(connection)
        version.migrate(connection, crash_point)

    version = migrator or Migrator(bundled_migrations())
    place = _place(url, password)
    async with AsyncExitStack() as opened:
        signal, readers = ChangeSignal(0), Readers()
        wire = PostgresqlWire(partial(open_wire, place))
        feed = None if alone else SharedFeed(signal, wire, partial(readers.run, last_seq))
        opened.callback(signal.close)
        opened.push_async_callback(wire.close)
        if feed is not None:
            opened.callback(feed.close)
        writer = Writer(
            partial(open_writer, place, durable=durable, prepare=prepare),
            partial(open_writer, place, durable=durable, prepare=version.join),
            signal.move if feed is None else feed.move,
            crash_point,
        )
        opened.push_async_callback(readers.close)
        opened.push_async_callback(writer.close)
        with _explained(url):
            await writer.open()
            for number in range(_READERS):
                readers.add(Reader(f"store-reader-{number}", partial(open_reader, place)))
            if feed is not None:
                await wire.open()
            signal.move(await readers.run(last_seq))
        return PostgresqlStore(writer, readers, signal, opened.pop_all(), wire, feed)


def reach(url: str, password: str | None = None) -> str:
    """Connect, change nothing, and say what is there.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with _explained(url), closing(open_connection(_place(url, password), {})) as connection:
        refuse_unfinished_move(connection)
        version = connection.info.server_version
        return f"{named(url)}, PostgreSQL {version // 10000}.{version % 10000}"


def move_source(url: str, password: str | None = None) -> str | None:
    """Return which file was moved into the database, or is half moved; None when none is there.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with _explained(url), closing(open_connection(_place(url, password), {})) as connection:
        note = read_move_note(connection)
        return None if note is None or note.state == UNDONE else note.source


def upgrade(url: str, password: str | None = None, *, over_older: bool = False) -> tuple[int, int]:
    """Bring the database up to date, beside the nodes that are at work; return its schema before and now.

    `over_older` cuts those off that cannot use the new one, rather than to refuse because of them.

    Raises:
        StoreOpenError: it cannot be used, or nodes are in the way; the message names them.
    """
    with _explained(url), closing(open_connection(_place(url, password), {})) as connection:
        before = schema_version(connection)
        _lock(connection, 0.0, alone=False)
        refuse_unfinished_move(connection)
        Migrator(bundled_migrations(), "upgrade-store", over_older).migrate(connection)
        return before, schema_version(connection)


class Look:
    """A database that is only read, beside whoever uses it."""

    def __init__(self, session: PostgresqlSession) -> None:
        self._session = session

    def metadata(self, key: str) -> bytes | None:
        """Return a value that belongs to the store as a whole; None too when nothing was stored yet."""
        try:
            return read_metadata(self._session, key)
        except psycopg.errors.UndefinedTable:
            return None

    def shard_count(self) -> int | None:
        """Return how many shards there are; None as long as no node has fixed that."""
        try:
            row = self._session.execute(SHARDS["count"]).fetchone()
        except psycopg.errors.UndefinedTable:
            return None
        return None if row is None else int(row[0])

    def sealed_tokens(self) -> Sequence[bytes]:
        """Return all tokens, sealed as they are."""
        return [bytes(sealed) for (sealed,) in self._session.execute(CREDENTIALS["look"])]


@contextmanager
def look(url: str, password: str | None = None) -> Iterator[Look]:
    """Connect for reading.

    Raises:
        StoreOpenError: it cannot be used; the message says why and what to do.
    """
    with _explained(url), closing(open_reader(_place(url, password))) as session:
        yield Look(session)


def _place(url: str, password: str | None) -> str:
    return url if password is None else make_conninfo(url, password=password)


def _lock(connection: Connection, timeout_s: float, *, alone: bool) -> None:
    """Keep others off this database, or those who would be alone, for as long as the connection lasts.

    Raises:
        StoreUnavailableError: there are others.
    """
    for _ in range(1 + round(timeout_s / _TRY_AGAIN_S)):
        row = connection.execute(_ALONE if alone else _TOGETHER).fetchone()
        if row is not None and row[0]:
            return
        Event().wait(_TRY_AGAIN_S)
    raise StoreUnavailableError(
        "another daemon uses the database: stop all that do"
        if alone
        else "a process has it to itself, such as a daemon of an earlier version: stop that one"
    )


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what went wrong into words for an operator; passwords stay out of them."""
    try:
        yield
    except (psycopg.Error, StoreUnavailableError) as error:
        text = " ".join(str(error).split())
        raise StoreOpenError(f"the database {named(url)} cannot be used: {text}") from error


def named(url: str) -> str:
    """Say which database a URL names, without its secrets."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "of store.url"
    host, name = parts.get("host", "this machine"), parts.get("dbname") or parts.get("user", "")
    return f"{name} at {host}"
