"""How hosted accounts do, told by their hosts to the other nodes."""

from collections.abc import Sequence
from functools import partial

from store.cluster_models import HostedStanding
from store.relational.json_rows import json_rows
from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_standings")

_AT_ONCE = 100
"""So many are published in a transaction: users' writes, which share the connection, wait for it."""


class StandingStore:
    """`store.cluster_ports.Standings`; a base of the PostgreSQL store."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def publish_standings(self, standings: Sequence[HostedStanding]) -> None:
        """Store these documents instead of those that were there."""
        # Not among pages: whoever publishes keeps the others from it until his commit.
        for start in range(0, len(standings), _AT_ONCE):
            some = standings[start : start + _AT_ONCE]
            await self._writer.submit(partial(_publish, standings=some), urgent=True)

    async def standings(self, after: int, *, limit: int) -> Sequence[HostedStanding]:
        """Return what was published after that number, in the order of publishing."""
        return await self._readers.run(partial(_after, after=after, limit=limit))

    async def standing_count(self, node: str) -> int:
        """Return of how many accounts the node's documents are there."""
        return await self._readers.run(partial(_count, node=node))

    async def withdraw_standings(self, node: str) -> None:
        """Forget what a node published."""
        await self._writer.submit(partial(_withdraw, node=node))

    async def forget_gone_standings(self, through: int) -> int:
        """Forget of whom it was told long ago that nobody hosts them; return the newest number."""
        return await self._writer.submit(partial(_forget_gone, through=through))


def _publish(connection: Session, standings: Sequence[HostedStanding]) -> None:
    for node in {each.node for each in standings}:
        rows = [
            (each.account_id, each.document.decode()) for each in standings if each.node == node
        ]
        count = len(rows)
        (last,) = connection.execute(SQL["number"], {"count": count}).fetchone()
        given = {"rows": json_rows(rows), "node": node, "last": last, "count": count}
        connection.execute(SQL["publish"], given).close()


def _withdraw(connection: Session, node: str) -> None:
    left_over = [row[0] for row in connection.execute(SQL["left_over"], (node,))]
    if left_over:
        count = len(left_over)
        (last,) = connection.execute(SQL["number"], {"count": count}).fetchone()
        given = {"ids": json_rows(left_over), "node": node, "last": last, "count": count}
        connection.execute(SQL["take_back"], given).close()
    connection.execute(SQL["withdraw"], (node,)).close()


def _forget_gone(connection: Session, through: int) -> int:
    connection.execute(SQL["forget_gone"], (through,)).close()
    (last,) = connection.execute(SQL["last"]).fetchone()
    return int(last)


def _after(connection: Session, after: int, limit: int) -> Sequence[HostedStanding]:
    rows = connection.execute(SQL["after"], {"after": after, "limit": limit})
    return [HostedStanding(*row) for row in rows]


def _count(connection: Session, node: str) -> int:
    (count,) = connection.execute(SQL["count"], (node,)).fetchone()
    return int(count)
