"""Which versions of the program are on the database just now.

Each of them holds a shared lock of its schema's number for as long as it is connected to write, so
that what is seen is never out of date. It is taken under the lock under which schemas are changed:
nobody comes in unseen while one is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from store.postgresql.connection import Connection

_NAME = b"SELECT set_config('application_name', %s::text, false)"
_STAY = b"SELECT pg_advisory_lock_shared(1398363716, %s::int)"
# One of a kind for each process: it writes on more than one connection.
_OLDER = b"""
SELECT coalesce(a.application_name, ''), l.objid::bigint,
       coalesce(host(a.client_addr), 'this machine'), min(a.backend_start)::timestamp(0)::text,
       array_agg(l.pid)
FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid = 1398363716 AND l.objsubid = 2 AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.objid::bigint < %s
GROUP BY 1, 2, 3
ORDER BY 4, 1
"""
_CUT_OFF = b"SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS given (pid)"


@dataclass(frozen=True, slots=True)
class Present:
    """A node that is connected.

    Attributes:
        name: what it calls itself.
        schema: the last schema that its version knows.
        pids: its connections, as the server counts them.
    """

    name: str
    schema: int
    address: str
    since: str
    pids: Sequence[int]

    def __str__(self) -> str:
        return f"{self.name} at {self.address} (schema {self.schema}, since {self.since} UTC)"


def stay(connection: Connection, schema: int, name: str) -> None:
    """Be present with a version that knows this schema, until the connection ends."""
    connection.execute(_NAME, (f"syncline {name}".strip(),))
    connection.execute(_STAY, (schema,))


def older_than(connection: Connection, schema: int) -> Sequence[Present]:
    """Return who is present and does not know this schema, nor a later one."""
    return [Present(*row) for row in connection.execute(_OLDER, (schema,)).fetchall()]


def cut_off(connection: Connection, nodes: Sequence[Present]) -> None:
    """End their connections; when they come again, they are refused if the schema is none for them."""
    connection.execute(_CUT_OFF, ([pid for node in nodes for pid in node.pids],))
