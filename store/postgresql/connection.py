"""How connections are opened and set up."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from store.errors import StoreOpenError
from store.postgresql.adaptation import adapters
from store.postgresql.session import PostgresqlSession

_OLDEST_SERVER = 140000
_CONNECT_TIMEOUT_S = 5
_PROBE_AFTER_S = 5
_PROBE_EVERY_S = 2
_PROBES = 3

Connection = psycopg.Connection[tuple[Any, ...]]

_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "default_transaction_isolation": r"read\ committed",
    # Compiling a plan takes longer than any of ours runs.
    "jit": "off",
}
_WRITER_SETTINGS = {
    **_SETTINGS,
    # Whoever is frozen in the middle of a transaction must not keep others waiting for its locks.
    "idle_in_transaction_session_timeout": "5s",
}
_READER_SETTINGS = {**_SETTINGS, "default_transaction_read_only": "on"}
# A word is as good as lost by the time that the disk has it.
_WIRE_SETTINGS = {
    **_SETTINGS,
    "synchronous_commit": "off",
    # The server keeps what nobody takes from it, for all nodes; who is frozen is cut off.
    "tcp_user_timeout": "10s",
}

# The changes of a transaction, until they are numbered at its end.
_PENDING_CHANGES = """
CREATE TEMP TABLE pending_changes (
  place       bigint           NOT NULL,
  account_id  text COLLATE "C" NOT NULL,
  object_type text COLLATE "C" NOT NULL,
  object_id   text COLLATE "C" NOT NULL,
  op          text             NOT NULL,
  via         text             NOT NULL,
  observed_at timestamptz      NOT NULL,
  updated_at  timestamptz      NOT NULL
) ON COMMIT DELETE ROWS
"""

_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'"
)
_NOT_DURABLE = "SET synchronous_commit = off"


def open_connection(url: str, settings: Mapping[str, str]) -> Connection:
    """Connect; transactions are begun and ended by hand.

    Raises:
        StoreOpenError: the server is too old, or the database keeps texts in another encoding.
        psycopg.Error: it cannot be reached.
    """
    options = [str(conninfo_to_dict(url).get("options") or "")]
    options += [f"-c {name}={value}" for name, value in settings.items()]
    connection = psycopg.connect(
        url,
        options=" ".join(options),
        client_encoding="UTF8",
        autocommit=True,
        context=_AdaptedBy(),
        application_name="syncline",
        connect_timeout=_CONNECT_TIMEOUT_S,
        keepalives_idle=_PROBE_AFTER_S,
        keepalives_interval=_PROBE_EVERY_S,
        keepalives_count=_PROBES,
    )
    try:
        _refuse(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_writer(
    url: str, *, durable: bool, prepare: Callable[[Connection], None]
) -> PostgresqlSession:
    """Connect for writing; `prepare` has the connection before it is used."""
    connection = open_connection(url, _WRITER_SETTINGS)
    try:
        prepare(connection)
        durability = _DURABLE if durable else _NOT_DURABLE
        connection.execute(f"{durability}; {_PENDING_CHANGES}".encode())
    except BaseException:
        connection.close()
        raise
    return PostgresqlSession(connection)


def open_reader(url: str) -> PostgresqlSession:
    """Connect to a database, which a writer has prepared, for reading only."""
    return PostgresqlSession(open_connection(url, _READER_SETTINGS))


def open_wire(url: str) -> Connection:
    """Connect for words that go to and fro."""
    return open_connection(url, _WIRE_SETTINGS)


class _AdaptedBy:
    """What psycopg asks for adapters."""

    connection = None

    def __init__(self) -> None:
        self.adapters = adapters()


def _refuse(connection: Connection) -> None:
    version = connection.info.server_version
    if version < _OLDEST_SERVER:
        raise StoreOpenError(
            f"the database's server is PostgreSQL {version // 10000}, and"
            f" {_OLDEST_SERVER // 10000} is needed: use a newer one"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreOpenError(
            f"the database keeps texts as {encoding}: create one with ENCODING 'UTF8', and name it in"
            " store.url"
        )
