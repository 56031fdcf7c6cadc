"""What nodes see that concerns more than their own accounts."""

from collections.abc import Sequence
from functools import partial

from store.relational.named_sql import StatementNames
from store.relational.runners import ReadRunner, WriteRunner
from store.relational.session import Session

SQL = StatementNames("cluster_sights")


class SightStore:
    """`store.cluster_ports.Sights`. Its writes wait for no page."""

    _writer: WriteRunner
    _readers: ReadRunner

    async def publish_sight(self, node: str, document: bytes) -> None:
        """Store what a node sees now, instead of what it saw before."""
        await self._writer.submit(
            lambda session: session.execute(SQL["publish"], (node, document)).close(), urgent=True
        )

    async def sights(self, *, within_s: float) -> Sequence[tuple[str, bytes]]:
        """Return what each node said of late, by node."""
        return await self._readers.run(partial(read_sights, within_s=within_s))

    async def withdraw_sight(self, node: str) -> None:
        """Forget what a node saw, and what was said long ago."""
        await self._writer.submit(
            lambda session: session.execute(SQL["withdraw"], (node,)).close(), urgent=True
        )


def read_sights(session: Session, within_s: float) -> Sequence[tuple[str, bytes]]:
    """Return what was said within so many seconds."""
    return [(node, bytes(said)) for node, said in session.execute(SQL["lately"], (within_s,))]
