"""The replica as any SQL reader sees it: `objects` and `changes`, read from the file itself."""

import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from support.simulation.checker import Row, Step
from support.simulation.history import Key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_ALL = (
    "SELECT object_type, object_id, updated_at, deleted, CAST(payload AS BLOB) FROM objects"
    " WHERE account_id = ?"
)
_SOME = (
    "SELECT object_type, object_id, updated_at, deleted, CAST(payload AS BLOB)"
    " FROM json_each(?) AS wanted CROSS JOIN objects"
    " ON account_id = ? AND object_type = wanted.value ->> 0 AND object_id = wanted.value ->> 1"
)


class ReplicaReader:
    """Reads a store's file while the store is open; sees every commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None
        )

    def close(self) -> None:
        self._connection.close()

    def changes(self, after: int) -> list[Step]:
        found = self._connection.execute(
            "SELECT seq, account_id, object_type, object_id, op FROM changes"
            " WHERE seq > ? ORDER BY seq",
            (after,),
        )
        return [
            Step(seq, account_id, (object_type, object_id), op == "delete")
            for seq, account_id, object_type, object_id, op in found
        ]

    def rows(self, account_id: str, keys: Collection[Key]) -> dict[Key, Row | None]:
        """Return the rows of these objects, None where there is none."""
        wanted: dict[Key, Row | None] = dict.fromkeys(keys)
        found = self._connection.execute(
            _SOME, (msgspec.json.encode(list(keys)).decode(), account_id)
        )
        wanted.update(_row(each) for each in found)
        return wanted

    def all_rows(self, account_id: str) -> dict[Key, Row]:
        found = self._connection.execute(_ALL, (account_id,))
        return dict(_row(each) for each in found)

    def account_ids(self) -> list[str]:
        return [found[0] for found in self._connection.execute("SELECT id FROM accounts")]

    def actions(self) -> list[tuple[str, str, str, bool]]:
        """Return id, type, state and whether it waits for a person, of every user's write."""
        found = self._connection.execute("SELECT id, type, state, parked FROM actions ORDER BY id")
        return [(*row, bool(parked)) for *row, parked in found]

    def open_actions(self) -> int:
        """Count the users' writes about which something is still to be done."""
        (count,) = self._connection.execute(
            "SELECT count(*) FROM actions"
            " WHERE state IN ('pending', 'sending', 'unknown') AND NOT parked"
        ).fetchone()
        return int(count)

    def mended(self) -> list[tuple[str, str, str, int | None]]:
        """Return what was put right past the vendor's news, and which certificate names it."""
        return self._connection.execute(
            "SELECT account_id, object_type, object_id, certificate FROM mended ORDER BY id"
        ).fetchall()

    def open_notices(self) -> int:
        """Count what webhooks told of and no look has answered."""
        statement = "SELECT count(*) FROM notices WHERE handled_at IS NULL"
        (count,) = self._connection.execute(statement).fetchone()
        return int(count)

    def exact_as_of_us(self, account_id: str) -> int | None:
        (text,) = self._connection.execute(
            "SELECT exact_as_of FROM accounts WHERE id = ?", (account_id,)
        ).fetchone()
        return None if text is None else instant_us(datetime.fromisoformat(text))


def instant_us(moment: datetime) -> int:
    """Return whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def _row(found: tuple[str, str, str, int, bytes]) -> tuple[Key, Row]:
    object_type, object_id, updated_at, deleted, body = found
    updated_us = instant_us(datetime.fromisoformat(updated_at))
    return (object_type, object_id), Row(body, updated_us, bool(deleted))
