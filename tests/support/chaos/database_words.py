"""What the database says about a run, read past the daemons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from support.chaos.tokens import Move


@dataclass(frozen=True, slots=True)
class KnownAction:
    """An action as it is stored."""

    id: str
    realm_id: str
    type: str
    state: str
    parked: bool
    last_error: str | None
    key: str | None


_ACTIONS = """
SELECT actions.id, external_account_id AS realm_id, type, state, parked, last_error,
  idempotency_key AS key
FROM actions JOIN accounts ON accounts.id = actions.account_id
"""
_OPEN = "SELECT count(*) FROM actions WHERE state IN ('pending', 'sending')"
_UNKNOWN = "SELECT count(*) FROM actions WHERE state = 'unknown' AND NOT parked"
_BEHIND = "SELECT count(*) FROM accounts WHERE exact_as_of IS NULL OR exact_as_of <= %s"
_OWNER_NEEDED = (
    "SELECT external_account_id, reauth_cause FROM accounts WHERE reauth_cause IS NOT NULL"
)
_LATE = """
SELECT external_account_id, exact_as_of, paused, reauth_cause, accounts.shard, shards.node
FROM accounts LEFT JOIN shards USING (shard)
WHERE exact_as_of IS NULL OR exact_as_of <= %s ORDER BY 1
"""
_UNENDED = """
SELECT actions.id, external_account_id, state, created_at, last_error, accounts.shard, shards.node
FROM actions JOIN accounts ON accounts.id = actions.account_id LEFT JOIN shards USING (shard)
WHERE state IN ('pending', 'sending')
"""
_MOVES = "SELECT shard, at, node, was_let_go FROM shard_moves ORDER BY shard, epoch"
_OTHERS = (
    "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
_FEED = "SELECT seq, account_id, object_type, object_id, op FROM changes ORDER BY seq"
_OBJECTS = (
    "SELECT external_account_id, object_type, object_id, payload FROM objects"
    " JOIN accounts ON accounts.id = objects.account_id WHERE NOT deleted"
)


class DatabaseWords:
    """Asks the database.

    Every method raises `psycopg.Error` while it does not answer.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def actions(self) -> Sequence[KnownAction]:
        with psycopg.connect(self._url) as connection:
            cursor = connection.cursor(row_factory=class_row(KnownAction))
            return cursor.execute(_ACTIONS).fetchall()

    def open_actions(self) -> int:
        """Return how many are neither done nor said to be unknown."""
        return self._number(_OPEN)

    def unknown_actions(self) -> int:
        """Return how many are said to be unknown, and will be looked for again."""
        return self._number(_UNKNOWN)

    def behind(self, instant: datetime) -> int:
        """Return how many accounts are not known to be exact past an instant."""
        return self._number(_BEHIND, instant)

    def left(self, instant: datetime) -> Sequence[str]:
        """Describe the accounts that are behind, and the actions that are open."""
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            late = connection.execute(_LATE.encode(), (instant,)).fetchall()
            unended = connection.execute(_UNENDED.encode()).fetchall()
        return [*(f"account {row}" for row in late), *(f"action {row}" for row in unended)]

    def owners_needed(self) -> Mapping[str, str]:
        """Return why whose owner is needed, by company."""
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            return dict(connection.execute(_OWNER_NEEDED).fetchall())

    def shard_of(self) -> Mapping[str, int]:
        """Return each company's shard."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT external_account_id, shard FROM accounts")
            return dict(found.fetchall())

    def moves(self, nodes: Mapping[str, str]) -> Mapping[int, Sequence[Move]]:
        """Return the moves of each shard, with the nodes' names in the house."""
        found: dict[int, list[Move]] = {}
        with psycopg.connect(self._url) as connection:
            for shard, at, node, let_go in connection.execute(_MOVES):
                move = Move(shard, at, nodes.get(node, ""), by_force=not let_go)
                found.setdefault(shard, []).append(move)
        return found

    def feed(self) -> Sequence[tuple[int, str, str, str, str]]:
        """Return all changes in the order of their numbers."""
        with psycopg.connect(self._url) as connection:
            return connection.execute(_FEED).fetchall()

    def replicas(self) -> Mapping[str, Mapping[str, Mapping[str, bytes]]]:
        """Return what is stored of each company, by type and id."""
        found: dict[str, dict[str, dict[str, bytes]]] = {}
        with psycopg.connect(self._url) as connection:
            for realm_id, object_type, object_id, payload in connection.execute(_OBJECTS):
                types = found.setdefault(realm_id, {})
                types.setdefault(object_type, {})[object_id] = bytes(payload)
        return found

    def connected_others(self) -> Sequence[str]:
        """Return what all other connections did last."""
        with psycopg.connect(self._url) as connection:
            return [name for (name,) in connection.execute(_OTHERS)]

    def _number(self, query: str, *values: object) -> int:
        with psycopg.connect(self._url, connect_timeout=2) as connection:
            row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return int(row[0])
