"""Watches who holds which shard, all through a run."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import anyio
import psycopg
from psycopg.rows import dict_row

from support.chaos.house import ChaosHouse

_EVERY_S = 0.3
_SHARDS = "SELECT shard, node, clock_timestamp() AS now FROM shards"
_NODES = "SELECT node, name FROM nodes"


@dataclass(frozen=True, slots=True)
class Orphaned:
    """A while in which nobody who moves held a shard.

    Attributes:
        is_over: whether somebody took it in the end.
    """

    shard: int
    from_at: datetime
    to_at: datetime
    is_over: bool

    @property
    def seconds(self) -> float:
        return (self.to_at - self.from_at).total_seconds()


@dataclass
class ShardWatch:
    """Asks the database, by whose clock it counts, and the house, which knows who moves.

    Attributes:
        orphaned: whiles without an owner that are over, the longest of each shard alone.
        nodes: the process of each node's id, by its name in the house.
        samples: how often it looked.
    """

    house: ChaosHouse
    orphaned: dict[int, Orphaned] = field(default_factory=dict)
    nodes: dict[str, str] = field(default_factory=dict)
    samples: int = 0
    _owned_at: dict[int, datetime] = field(default_factory=dict)
    _last: datetime | None = None

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            with suppress(psycopg.Error):
                await self._look_on()
            await anyio.sleep(_EVERY_S)

    async def _look_on(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self.house.database_url, autocommit=True, row_factory=dict_row, connect_timeout=2
        )
        try:
            while True:
                await self._note_nodes(connection)
                rows = await (await connection.execute(_SHARDS)).fetchall()
                self._judge(rows)
                await anyio.sleep(_EVERY_S)
        finally:
            with anyio.CancelScope(shield=True):
                await connection.close()

    async def _note_nodes(self, connection: psycopg.AsyncConnection[dict[str, object]]) -> None:
        for row in await (await connection.execute(_NODES)).fetchall():
            self.nodes[str(row["node"])] = str(row["name"])

    def _judge(self, rows: Sequence[Mapping[str, object]]) -> None:
        moving = {node.name for node in self.house.nodes if node.is_up}
        self.samples += 1
        for row in rows:
            shard, now = row["shard"], row["now"]
            assert isinstance(shard, int)
            assert isinstance(now, datetime)
            owned_at = self._owned_at.setdefault(shard, now)
            is_owned = self.nodes.get(str(row["node"])) in moving
            lasted = Orphaned(shard, owned_at, now, is_owned)
            worst = self.orphaned.get(shard)
            if worst is None or lasted.seconds > worst.seconds:
                self.orphaned[shard] = lasted
            if is_owned:
                self._owned_at[shard] = now

    def longest(self) -> Orphaned | None:
        """Return the longest while without an owner."""
        return max(self.orphaned.values(), key=lambda each: each.seconds, default=None)
